import { kafka } from "@influscope/stack/servers/Kafka"
import * as TestServer from "@influscope/testing/TestServer"
import * as Effect from "effect/Effect"
import { conformance } from "./conformance.ts"
import { kafkaComponent } from "./support.ts"

conformance(
  "dapr, kafka",
  () =>
    Effect.map(TestServer.shared(kafka), ({ environment }) =>
      kafkaComponent(environment["KAFKA_BROKERS"] ?? "")
    ),
  { ordered: true, patience: "60 seconds" }
)
