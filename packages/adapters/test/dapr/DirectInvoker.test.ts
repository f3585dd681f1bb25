import { afterAll } from "@effect/vitest"
import { invokerConformance } from "@influscope/ports/conformance/InvokerConformance"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as DaprInvoker from "../../src/dapr/Invoker.ts"
import { echoApp } from "./EchoApp.ts"

const scope = Effect.runSync(Scope.make())
afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))
const { pending, port } = Effect.runSync(Scope.extend(echoApp, scope))

invokerConformance("direct", DaprInvoker.layerDirect({ echo: { url: `http://127.0.0.1:${port}` } }), {
  pending
})
