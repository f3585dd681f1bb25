import { join } from "node:path"
import * as Supervisor from "@influscope/stack/Supervisor"
import { kafka } from "@influscope/stack/servers/Kafka"
import * as Effect from "effect/Effect"
import { conformance } from "./conformance.ts"
import { kafkaComponent } from "./support.ts"

conformance(
  "dapr, kafka",
  (directory) =>
    Effect.map(Supervisor.scoped(kafka, { directory: join(directory, "kafka") }), ({ where }) =>
      kafkaComponent(`127.0.0.1:${where.ports["broker"]}`)
    ),
  { ordered: true, patience: "60 seconds" }
)
