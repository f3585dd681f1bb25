import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpRouter from "@effect/platform/HttpRouter"
import type * as HttpServer from "@effect/platform/HttpServer"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import { countAnswer } from "./Edge.ts"
import { type RouteOf, routing } from "./Routes.ts"

/**
 * The API of the context as a function from request to response, for other services: only the sidecar reaches it, so
 * there is nothing to guard. Answers are counted by route.
 */
export const serviceHandler = (routeOf: RouteOf) =>
  Effect.gen(function* () {
    const app = yield* HttpRouter.withRouterConfig(HttpApiBuilder.httpApp, routing)
    const runtime = yield* Effect.runtime<Layer.Layer.Success<typeof HttpServer.layerContext>>()
    const answer = HttpApp.toWebHandlerRuntime(runtime)(app)
    return async (request: Request): Promise<Response> => {
      const started = performance.now()
      const response = await answer(request)
      const route = routeOf(new URL(request.url).pathname)?.name ?? "other"
      countAnswer(route, request.method, response.status, (performance.now() - started) / 1_000)
      return response
    }
  })
