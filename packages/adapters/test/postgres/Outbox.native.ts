import { outboxConformance } from "@influscope/ports/conformance/OutboxConformance"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Outbox from "../../src/postgres/Outbox.ts"
import { emptyDatabase } from "./Server.ts"

const restartable = emptyDatabase.pipe(
  Effect.map(({ database }) => Layer.provide(Outbox.layer, database())),
  Effect.orDie
)

outboxConformance("postgres", Layer.unwrapEffect(restartable), { restartable })
