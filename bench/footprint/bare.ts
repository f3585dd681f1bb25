/**
 * What any program of this kind takes to start: Effect and its platform as a whole, and a server that answers. Says the
 * port it listens on.
 */
import * as Platform from "@effect/platform"
import * as EffectModules from "effect"

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  fetch: () =>
    EffectModules.Effect.runPromise(
      EffectModules.Effect.map(
        Platform.HttpServerResponse.json({ hits: [] }),
        Platform.HttpServerResponse.toWeb
      )
    )
})
process.stdout.write(`${server.port}\n`)
