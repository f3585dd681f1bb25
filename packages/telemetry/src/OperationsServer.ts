import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Runtime from "effect/Runtime"
import { Health } from "./Health.ts"
import * as Process from "./Process.ts"
import * as Prometheus from "./Prometheus.ts"

const config = Config.all({
  host: Config.string("OPERATIONS_HOST").pipe(Config.withDefault("127.0.0.1")),
  port: Config.option(Config.port("OPERATIONS_PORT"))
})

const json = (value: unknown, status: number): Response =>
  Response.json(value, { status, headers: { "cache-control": "no-store" } })

const serve = (refresh: Effect.Effect<void>) =>
  Effect.gen(function* () {
    const { host, port } = yield* config
    if (Option.isNone(port)) return
    const health = yield* Health
    const run = Runtime.runPromise(yield* Effect.runtime<never>())
    const metrics = Effect.zipRight(refresh, Prometheus.render)
    const answer = (request: Request): Response | Promise<Response> => {
      switch (new URL(request.url).pathname) {
        case "/livez":
          return json({ status: "alive" }, 200)
        case "/readyz":
          return run(health.readiness).then((state) => json(state, state.ready ? 200 : 503))
        case "/metrics":
          return run(metrics).then(
            (text) => new Response(text, { headers: { "content-type": Prometheus.contentType } })
          )
        default:
          return json({ title: "There are /livez, /readyz and /metrics here." }, 404)
      }
    }
    yield* Effect.acquireRelease(
      Effect.sync(() => Bun.serve({ hostname: host, port: port.value, fetch: answer })),
      (server) => Effect.promise(() => server.stop(true))
    )
  })

/** As `layer`, for a service that has gauges to read before its metrics are written. */
export const layerWith = (refresh: Effect.Effect<void>) => Layer.scopedDiscard(serve(refresh))

/**
 * /livez, /readyz and /metrics of a service on a port of its own, OPERATIONS_PORT: probes and Prometheus have no part in
 * what the service's own port is for, and need no tokens. None when the port is not set. Closes last, so that draining
 * can be seen.
 */
export const layer = layerWith(Process.measure)
