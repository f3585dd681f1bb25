import { postStoreConformance } from "@influscope/ports/conformance/PostStoreConformance"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as PostStore from "../../src/postgres/posts/PostStore.ts"
import { emptyDatabase } from "./Server.ts"

const restartable = emptyDatabase.pipe(
  Effect.map(({ database }) => Layer.provide(PostStore.layer, database())),
  Effect.orDie
)

postStoreConformance("postgres", Layer.unwrapEffect(restartable), { restartable })
