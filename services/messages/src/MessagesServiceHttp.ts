import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServer from "@effect/platform/HttpServer"
import { routesOf } from "@influscope/http/Routes"
import { serviceHandler } from "@influscope/http/ServiceHandler"
import { MessagesServiceApi } from "@influscope/ports/MessagesServiceApi"
import { Outreach } from "@influscope/ports/Outreach"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const Handlers = HttpApiBuilder.group(
  MessagesServiceApi,
  "outreach",
  Effect.fnUntraced(function* (handlers) {
    const outreach = yield* Outreach
    return handlers
      .handle("addCampaign", ({ payload: { given, key, tenant } }) =>
        outreach.addCampaign(tenant, given, key)
      )
      .handle("preview", ({ payload: { given, tenant } }) => outreach.preview(tenant, given))
      .handle("unsubscribe", ({ payload: { source, token } }) => outreach.unsubscribe(token, source))
  })
)

/** The messages service's own routes, which the API calls through the sidecars, as a function from request to response. */
export class MessagesServiceHttp extends Context.Tag("@influscope/messages/MessagesServiceHttp")<
  MessagesServiceHttp,
  { readonly handle: (request: Request) => Promise<Response> }
>() {}

export const MessagesServiceHttpLive = Layer.effect(
  MessagesServiceHttp,
  Effect.map(serviceHandler(routesOf(MessagesServiceApi, [])), (handle) => ({ handle }))
).pipe(
  Layer.provide(HttpApiBuilder.api(MessagesServiceApi).pipe(Layer.provide(Handlers))),
  Layer.provide([HttpApiBuilder.Router.Live, HttpApiBuilder.Middleware.layer]),
  Layer.provide(HttpServer.layerContext)
)
