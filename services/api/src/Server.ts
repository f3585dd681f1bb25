import { asPort, type Listening, listen } from "@influscope/http/Listener"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { WebApp } from "./WebApp.ts"

/** HOST and PORT. */
const serverConfig = Config.all({
  host: Config.nonEmptyString("HOST").pipe(Config.withDefault("127.0.0.1")),
  port: asPort(Config.integer("PORT"), 8080)
})

/** Where the server listens. */
export class ServerAddress extends Context.Tag("@influscope/api/ServerAddress")<ServerAddress, Listening>() {}

/** Serves the web app for as long as the layer lives. */
export const ServerLive = Layer.scoped(
  ServerAddress,
  Effect.gen(function* () {
    const { host, port } = yield* serverConfig
    const { handle } = yield* WebApp
    return yield* listen({ host, port, variables: { host: "HOST", port: "PORT" }, handle })
  })
)
