import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServer from "@effect/platform/HttpServer"
import { Api } from "@influscope/domain/api/Api"
import * as Access from "@influscope/http/Access"
import { routesOf } from "@influscope/http/Routes"
import { ProblemsLive, tracing, type WebHandler, webHandler } from "@influscope/http/WebHandler"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { AlertsHttp } from "./AlertsHttp.ts"
import { CampaignsHttp } from "./CampaignsHttp.ts"
import { ChecksLive } from "./Checks.ts"
import { Gauges } from "./Gauges.ts"
import { ImportsHttp } from "./ImportsHttp.ts"
import { MessagesHttp } from "./MessagesHttp.ts"
import { OperationsHttp } from "./OperationsHttp.ts"
import { OptOutsHttp } from "./OptOutsHttp.ts"
import { Pages, pages } from "./Pages.ts"
import { PostsHttp } from "./PostsHttp.ts"
import { ProfilesHttp } from "./ProfilesHttp.ts"
import { quickSearch } from "./QuickSearch.ts"
import { SearchHttp } from "./SearchHttp.ts"
import { TemplatesHttp } from "./TemplatesHttp.ts"
import { TrackingHttp } from "./TrackingHttp.ts"
import { UnsubscribePage, unsubscribePath } from "./UnsubscribePage.ts"
import { UsersHttp } from "./UsersHttp.ts"

/** The whole HTTP surface as a function from request to response: served on a port, or called in process. */
export class WebApp extends Context.Tag("@influscope/api/WebApp")<
  WebApp,
  { readonly handle: WebHandler }
>() {}

export const WebAppLive = Layer.effect(
  WebApp,
  Effect.gen(function* () {
    const handle = yield* webHandler(routesOf(Api, pages, [unsubscribePath]))
    const { isOpen } = yield* Access.Access
    // The short way asks for no tokens and makes no spans.
    const isShort = isOpen && !(yield* tracing)
    return { handle: isShort ? yield* quickSearch(handle) : handle }
  })
).pipe(
  Layer.provide([ProblemsLive, Pages, UnsubscribePage, ChecksLive]),
  Layer.provide(
    HttpApiBuilder.api(Api).pipe(
      Layer.provide([
        SearchHttp,
        ProfilesHttp,
        TrackingHttp,
        AlertsHttp,
        PostsHttp,
        ImportsHttp,
        OperationsHttp,
        UsersHttp,
        MessagesHttp,
        TemplatesHttp,
        CampaignsHttp,
        OptOutsHttp
      ]),
      Layer.provide(Access.guard(Api))
    )
  ),
  Layer.provide([HttpApiBuilder.Router.Live, HttpApiBuilder.Middleware.layer, Gauges.Default]),
  Layer.provide(HttpServer.layerContext)
)
