import * as HttpApiClient from "@effect/platform/HttpApiClient"
import { callService } from "@influscope/http/CallService"
import { Alerts } from "@influscope/ports/Alerts"
import { TrackerApi, TrackerClient } from "@influscope/ports/TrackerApi"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const call = callService("tracker")

/** The alerts of the tracker in its own process, behind the same port as in ours. */
export const RemoteAlertsLive = Layer.effect(
  Alerts,
  Effect.gen(function* () {
    const { tracker } = yield* HttpApiClient.makeWith(TrackerApi, { httpClient: yield* TrackerClient })
    return Alerts.of({
      addRule: (given) => call("add an alert rule", tracker.addRule({ payload: given })),
      rules: call("list the alert rules", tracker.rules()),
      removeRule: (id) => call("remove an alert rule", tracker.removeRule({ path: { id } })),
      list: ({ cursor, influencer, limit, rule }) =>
        call(
          "list the alerts",
          tracker.alerts({
            urlParams: {
              limit,
              ...(cursor === undefined ? {} : { cursor }),
              ...(influencer === undefined ? {} : { influencer }),
              ...(rule === undefined ? {} : { rule })
            }
          })
        )
    })
  })
)
