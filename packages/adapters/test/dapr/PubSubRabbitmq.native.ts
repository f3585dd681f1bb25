import { rabbitmq } from "@influscope/stack/servers/Rabbitmq"
import * as TestServer from "@influscope/testing/TestServer"
import * as Effect from "effect/Effect"
import { conformance } from "./conformance.ts"
import { rabbitComponent } from "./support.ts"

conformance("dapr, rabbitmq", () =>
  Effect.map(TestServer.shared(rabbitmq), ({ environment }) =>
    rabbitComponent(environment["RABBITMQ_URL"] ?? "")
  )
)
