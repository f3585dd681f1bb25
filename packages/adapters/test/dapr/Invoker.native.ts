import { assert, describe, it } from "@effect/vitest"
import { invokerConformance } from "@influscope/ports/conformance/InvokerConformance"
import { Invoker } from "@influscope/ports/Invoker"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import { afterAll } from "vitest"
import * as DaprInvoker from "../../src/dapr/Invoker.ts"
import { echoApp } from "./EchoApp.ts"
import { startSidecar } from "./Sidecars.ts"

const scope = Effect.runSync(Scope.make())
afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))
const { pending, port } = Effect.runSync(Scope.extend(echoApp, scope))

/** A caller's sidecar and the echo app's. */
const invoker = Layer.unwrapScoped(
  Effect.gen(function* () {
    const directory = yield* temporaryDirectory
    yield* startSidecar(directory, { appId: "echo", appPort: port, maxBodySize: "64Mi" })
    const caller = yield* startSidecar(directory, { appId: "caller", apiToken: "shown", maxBodySize: "64Mi" })
    return DaprInvoker.layer.pipe(Layer.provide(caller.layer))
  })
)

invokerConformance("two sidecars", invoker, { pending, answersEarly: false })

describe("an app behind its sidecar", () => {
  it.scopedLive("is unreachable when it has gone, and when this sidecar has", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const unreachable = (services: Layer.Layer<Invoker>) =>
        Effect.flatMap(Invoker, (service) =>
          service.http("echo", "GET", "/echo", { deadline: "20 seconds" })
        ).pipe(
          Effect.flip,
          Effect.map((error) => assert.strictEqual(error._tag, "AppUnreachable", error.message)),
          Effect.provide(services)
        )
      const layer = yield* Effect.scoped(
        Effect.gen(function* () {
          const caller = yield* startSidecar(directory, { appId: "caller" })
          const services = DaprInvoker.layer.pipe(Layer.provide(caller.layer))
          yield* Effect.scoped(
            Effect.gen(function* () {
              const app = yield* echoApp
              yield* startSidecar(directory, { appId: "echo", appPort: app.port })
              const { status } = yield* Effect.flatMap(Invoker, (service) =>
                service.http("echo", "GET", "/echo", { deadline: "20 seconds" })
              ).pipe(Effect.provide(services))
              assert.strictEqual(status, 200)
            })
          )
          yield* unreachable(services)
          return services
        })
      )
      yield* unreachable(layer)
    })
  )
})
