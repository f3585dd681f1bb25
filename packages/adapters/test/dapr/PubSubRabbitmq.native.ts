import { join } from "node:path"
import * as Supervisor from "@influscope/stack/Supervisor"
import { rabbitmq } from "@influscope/stack/servers/Rabbitmq"
import * as Effect from "effect/Effect"
import { conformance } from "./conformance.ts"
import { rabbitComponent } from "./support.ts"

conformance("dapr, rabbitmq", (directory) =>
  Effect.map(Supervisor.scoped(rabbitmq, { directory: join(directory, "rabbitmq") }), ({ where }) =>
    rabbitComponent(rabbitmq.environment(where)["RABBITMQ_URL"] ?? "")
  )
)
