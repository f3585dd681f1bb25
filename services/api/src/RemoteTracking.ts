import * as HttpApiClient from "@effect/platform/HttpApiClient"
import { callService } from "@influscope/http/CallService"
import { TrackerApi, TrackerClient } from "@influscope/ports/TrackerApi"
import { Tracking } from "@influscope/ports/Tracking"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

const call = callService("tracker")

/** The tracker in its own process, behind the same port as in ours. */
export const RemoteTrackingLive = Layer.effect(
  Tracking,
  Effect.gen(function* () {
    const { tracker } = yield* HttpApiClient.makeWith(TrackerApi, { httpClient: yield* TrackerClient })
    return Tracking.of({
      add: (ids, interval) =>
        call(
          "track influencers",
          tracker.add({ payload: { ids, ...(interval === undefined ? {} : { interval }) } })
        ),
      remove: (ids) => call("untrack influencers", tracker.remove({ payload: { ids } })),
      list: (cursor, limit) =>
        call(
          "list who is tracked",
          tracker.list({ urlParams: { limit, ...(cursor === undefined ? {} : { cursor }) } })
        ),
      intervalOf: (id) => call("read an interval", tracker.interval({ path: { id } })),
      collect: (points) => call("hand in points", tracker.collect({ payload: { points } })),
      status: call("read how tracking stands", tracker.status())
    })
  })
)
