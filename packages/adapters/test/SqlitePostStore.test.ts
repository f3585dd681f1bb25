import { join } from "node:path"
import { postStoreConformance } from "@influscope/ports/conformance/PostStoreConformance"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SqlitePostStore from "../src/sqlite/posts/PostStore.ts"

const restartable = Effect.map(temporaryDirectory, (path) => SqlitePostStore.layer(join(path, "posts.db")))

postStoreConformance("sqlite", Layer.unwrapScoped(restartable), { restartable })
