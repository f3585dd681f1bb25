import { outboxConformance } from "@influscope/ports/conformance/OutboxConformance"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as MainDatabase from "../src/sqlite/MainDatabase.ts"
import * as Outbox from "../src/sqlite/Outbox.ts"

const restartable = Effect.map(temporaryDirectory, (path) =>
  Layer.provide(Outbox.layer, MainDatabase.layer(path))
)

outboxConformance("sqlite", Layer.unwrapScoped(restartable), { restartable })
