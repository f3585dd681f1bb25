import { assert, describe, it } from "@effect/vitest"
import { RemoteAlertsLive } from "@influscope/api/RemoteAlerts"
import { RemoteTrackingLive } from "@influscope/api/RemoteTracking"
import * as RemoteNotices from "@influscope/collector/RemoteNotices"
import type { NewAlertRule } from "@influscope/domain/api/AlertsApi"
import type { DataPoint } from "@influscope/domain/tracking/DataPoint"
import { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import { Alerts } from "@influscope/ports/Alerts"
import { CollectionNotices } from "@influscope/ports/CollectionNotices"
import { TrackerClient } from "@influscope/ports/TrackerApi"
import { Tracking } from "@influscope/ports/Tracking"
import { TrackerHttp, TrackerHttpLive } from "@influscope/tracker/TrackerHttp"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { clientAt, embedded, listening, nowhere } from "./RemoteService.ts"

/** A tracker behind HTTP on a port, and what the API and collectors reach it there by. */
const remote = Effect.gen(function* () {
  const context = yield* embedded(TrackerHttpLive, { TRACKER_MAX_INFLUENCERS: "10" })
  const url = yield* listening(Context.get(context, TrackerHttp).handle)
  const portsAt = (address: string) =>
    Layer.build(
      Layer.provide(Layer.merge(RemoteAlertsLive, RemoteTrackingLive), clientAt(TrackerClient, address))
    )
  const notices = yield* Layer.build(Layer.provide(RemoteNotices.layer, clientAt(TrackerClient, url)))
  return {
    ports: yield* portsAt(url),
    nobody: yield* portsAt(nowhere),
    notices: Context.get(notices, CollectionNotices)
  }
})

const nasa = InfluencerId.make("instagram:nasa")
const rule: NewAlertRule = {
  name: "Losing many",
  condition: { kind: "fall", metric: "followers", days: 3, percent: 10 },
  scope: { kind: "influencers", ids: [nasa] },
  // Nobody will ever answer there.
  webhook: "https://webhook.invalid/hook"
}
const everything = { influencer: undefined, rule: undefined, cursor: undefined, limit: 10 }

describe("a tracker in another process", () => {
  it.scopedLive(
    "keeps rules and raises alerts as if it were in this one",
    () =>
      Effect.gen(function* () {
        const { ports } = yield* remote
        const alerts = Context.get(ports, Alerts)
        const tracking = Context.get(ports, Tracking)
        const { secret, ...added } = yield* alerts.addRule(rule)
        assert.match(secret, /^whsec_/)
        assert.deepStrictEqual(yield* alerts.rules, [added])
        assert.deepStrictEqual(yield* alerts.list(everything), Option.some({ alerts: [], nextCursor: null }))
        assert.isTrue(Option.isNone(yield* alerts.list({ ...everything, cursor: "no number" })))

        const now = Math.floor((yield* Clock.currentTimeMillis) / 1_000)
        const point = (days: number, followers: number): DataPoint => {
          const time = now - days * 86_400
          return { id: nasa, time, observedAt: time, followers }
        }
        yield* tracking.collect([point(3, 10_007), point(0, 8_011)])
        const page = yield* alerts
          .list({ ...everything, influencer: nasa, rule: added.id })
          .pipe(
            Effect.flatten,
            Effect.delay("50 millis"),
            Effect.repeat({ until: (found) => found.alerts.length > 0 })
          )
        assert.deepInclude(page.alerts[0], { rule: added.id, name: "Losing many", influencer: nasa })
        assert.isTrue(page.alerts[0]?.raisedAt instanceof Date)

        assert.isTrue(yield* alerts.removeRule(added.id))
        assert.isFalse(yield* alerts.removeRule(added.id))
      }),
    120_000
  )

  it.scopedLive(
    "takes what collectors tell it",
    () =>
      Effect.gen(function* () {
        const { notices, ports } = yield* remote
        const tracking = Context.get(ports, Tracking)
        const id = InfluencerId.make("mockstagram:1000001")
        yield* tracking.add([id], 86_400)
        yield* notices.missed(7)
        yield* notices.note({ changed: [nasa], given: [nasa], moreGiven: true, asked: [id], unknown: [id] })
        const page = yield* tracking
          .list(undefined, 10)
          .pipe(
            Effect.flatten,
            Effect.delay("50 millis"),
            Effect.repeat({ until: ({ influencers }) => influencers.some(({ unknown }) => unknown) })
          )
        assert.deepInclude(page.influencers[0], { id, unknown: true })
        assert.deepInclude(yield* tracking.status, { influencers: 1, missed: 7 })
      }),
    120_000
  )

  it.scopedLive(
    "fails with the same errors",
    () =>
      Effect.gen(function* () {
        const { nobody, ports } = yield* remote
        const refused = Context.get(ports, Alerts).addRule({ ...rule, webhook: "https://10.0.0.1/" })
        assert.deepInclude(yield* Effect.flip(refused), { _tag: "RuleRefused", path: "webhook" })
        const tracking = Context.get(ports, Tracking)
        assert.deepInclude(yield* Effect.flip(tracking.add([nasa], undefined)), {
          _tag: "NoProvider",
          id: nasa
        })
        const crowd = Array.from({ length: 11 }, (_, at) =>
          InfluencerId.make(`mockstagram:${1_000_001 + at}`)
        )
        assert.deepInclude(yield* Effect.flip(tracking.add(crowd, undefined)), {
          _tag: "TooMuchTracking",
          influencers: 11,
          mostInfluencers: 10
        })
        for (const asked of [
          Effect.asVoid(Context.get(nobody, Alerts).rules),
          Effect.asVoid(Context.get(nobody, Alerts).list(everything)),
          Effect.asVoid(Context.get(nobody, Alerts).addRule(rule))
        ])
          assert.deepInclude(yield* Effect.flip(asked), { _tag: "StorageError", reason: "unavailable" })
      }),
    120_000
  )
})
