import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServer from "@effect/platform/HttpServer"
import { routesOf } from "@influscope/http/Routes"
import { serviceHandler } from "@influscope/http/ServiceHandler"
import { Alerts } from "@influscope/ports/Alerts"
import { CollectionNotices } from "@influscope/ports/CollectionNotices"
import { TrackerApi } from "@influscope/ports/TrackerApi"
import { Tracking } from "@influscope/ports/Tracking"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const Handlers = HttpApiBuilder.group(
  TrackerApi,
  "tracker",
  Effect.fnUntraced(function* (handlers) {
    const tracking = yield* Tracking
    const alerts = yield* Alerts
    const notices = yield* CollectionNotices
    return handlers
      .handle("add", ({ payload }) => tracking.add(payload.ids, payload.interval))
      .handle("remove", ({ payload }) => tracking.remove(payload.ids))
      .handle("list", ({ urlParams }) => tracking.list(urlParams.cursor, urlParams.limit))
      .handle("interval", ({ path }) => tracking.intervalOf(path.id))
      .handle("status", () => tracking.status)
      .handle("collect", ({ payload }) => tracking.collect(payload.points))
      .handle("addRule", ({ payload }) => alerts.addRule(payload))
      .handle("rules", () => alerts.rules)
      .handle("removeRule", ({ path }) => alerts.removeRule(path.id))
      .handle("alerts", ({ urlParams: { cursor, influencer, limit, rule } }) =>
        alerts.list({ cursor, influencer, limit, rule })
      )
      .handle("missed", ({ payload }) => notices.missed(payload.slots))
      .handle("note", ({ payload }) => notices.note(payload))
  })
)

/** The tracker's own routes, which the API and the collectors call through the sidecars, as a function from request to response. */
export class TrackerHttp extends Context.Tag("@influscope/tracker/TrackerHttp")<
  TrackerHttp,
  { readonly handle: (request: Request) => Promise<Response> }
>() {}

export const TrackerHttpLive = Layer.effect(
  TrackerHttp,
  Effect.map(serviceHandler(routesOf(TrackerApi, [])), (handle) => ({ handle }))
).pipe(
  Layer.provide(HttpApiBuilder.api(TrackerApi).pipe(Layer.provide(Handlers))),
  Layer.provide([HttpApiBuilder.Router.Live, HttpApiBuilder.Middleware.layer]),
  Layer.provide(HttpServer.layerContext)
)
