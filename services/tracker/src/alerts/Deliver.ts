import { callWebhook } from "@influscope/adapters/webhook/Webhook"
import { type AlertRaised, alertsRaised } from "@influscope/domain/Events"
import type { AlertRule } from "@influscope/domain/tracking/AlertRule"
import { RaisedAlert } from "@influscope/domain/tracking/RaisedAlert"
import { delayAfter } from "@influscope/pipeline/Backoff"
import { consume } from "@influscope/pipeline/Consumer"
import { outage } from "@influscope/pipeline/Outage"
import { Publisher } from "@influscope/pipeline/Publisher"
import type { AppliedCounts } from "@influscope/ports/Outbox"
import { Reject } from "@influscope/ports/PubSub"
import { webhookCalls } from "@influscope/telemetry/Metrics"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Metric from "effect/Metric"
import * as Schema from "effect/Schema"
import { AlertLog } from "./AlertLog.ts"
import { AlertRules, type KeptRule } from "./AlertRules.ts"
import { alertsConfig } from "./Config.ts"

/** Webhooks called at once, and of one rule: a receiver that hangs holds up its own alerts only. */
const concurrency = 32
const concurrencyPerRule = 4

/** Of mistakes of ours: what a receiver does wrong is counted with the alert. */
const maxAttempts = 25

const longestDelay = Duration.minutes(15)
/** Longest reason kept, in UTF-16 code units. */
const maxReason = 300

const succeeded = Metric.tagged(webhookCalls, "outcome", "delivered").register()
const failed = Metric.tagged(webhookCalls, "outcome", "failed").register()

const { evidence, id, influencer, name, rule, time } = RaisedAlert.fields

/** What a receiver gets; `timestamp` is when the alert was raised. */
const Body = Schema.parseJson(
  Schema.Struct({
    type: Schema.Literal("alert.raised"),
    timestamp: Schema.Date,
    data: Schema.Struct({ id, rule: Schema.Struct({ id: rule, name }), influencer, time, evidence })
  })
)

const bodyOf = ({ raisedAt, rule, name, ...alert }: RaisedAlert): Effect.Effect<string> =>
  Effect.orDie(
    Schema.encode(Body)({
      type: "alert.raised",
      timestamp: raisedAt,
      data: { ...alert, rule: { id: rule, name } }
    })
  )

/** Whether the call that a message asks for was made. One that is replayed from the dead letters is made again. */
const isMade = ({ delivery }: RaisedAlert, attempt: number): boolean =>
  delivery.state === "delivered" || (delivery.state === "waiting" && attempt !== delivery.attempts + 1)

/**
 * Calls the webhooks of alerts, each call by a message of its own: a call that failed is noted with the alert, which waits
 * for its next one there, so that alerts whose receiver is down neither fill the queue nor hold up others. The message of the
 * last call goes to the dead letters when it fails.
 */
export class Deliver extends Effect.Service<Deliver>()("@influscope/tracker/Deliver", {
  dependencies: [AlertRules.Default, AlertLog.Default],
  scoped: Effect.gen(function* () {
    const options = yield* alertsConfig
    const log = yield* AlertLog
    const rules = yield* AlertRules
    const publisher = yield* Publisher
    /** Alerts with a message on its way, and their rules. */
    const underway = new Map<RaisedAlert["id"], AlertRule["id"]>()

    const isFree = (rule: AlertRule["id"]): boolean =>
      [...underway.values()].filter((other) => other === rule).length < concurrencyPerRule

    const send = ({ delivery, id, rule }: RaisedAlert) =>
      Effect.gen(function* () {
        const attempt = delivery.attempts + 1
        // The id is the same after a restart: a message that waits in the queue is not sent twice.
        const event: AlertRaised = { version: 1, id: `alerts/${id}/${attempt}`, alert: id, attempt }
        // It may be handled before the publisher is back.
        underway.set(id, rule)
        yield* publisher
          .publish(alertsRaised, event, { items: 1, job: undefined })
          .pipe(Effect.tapError(() => Effect.sync(() => underway.delete(id))))
      })

    const round = Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      for (const alert of log.waiting()) {
        const { nextAt } = alert.delivery
        const isDue = nextAt === null || nextAt.getTime() <= now
        if (isDue && !underway.has(alert.id) && isFree(alert.rule)) yield* send(alert)
      }
    })

    const call = Effect.fn("Deliver.call")(function* (alert: RaisedAlert, kept: KeptRule, attempts: number) {
      const lastAt = new Date(yield* Clock.currentTimeMillis)
      const over = { attempts, nextAt: null, lastAt }
      const { secret } = kept
      const body = yield* bodyOf(alert)
      const outcome = yield* Effect.either(
        callWebhook({ url: new URL(kept.rule.webhook), secret, id: alert.id, body }, options)
      )
      yield* Metric.increment(Either.isRight(outcome) ? succeeded : failed)
      if (Either.isRight(outcome))
        return yield* log.note(alert.id, { ...over, state: "delivered", failure: null })
      const failure = outcome.left.reason.slice(0, maxReason)
      if (attempts < options.attempts) {
        const nextAt = new Date(
          lastAt.getTime() + (yield* delayAfter(attempts, options.firstDelay, longestDelay))
        )
        return yield* log.note(alert.id, { ...over, state: "waiting", nextAt, failure })
      }
      yield* log.note(alert.id, { ...over, state: "failed", failure })
      return yield* new Reject({ reason: `Gave up after ${attempts} calls: ${failure}` })
    })

    const handle = ({ alert: id, attempt }: AlertRaised) =>
      Effect.gen(function* () {
        const done: AppliedCounts = { created: 1, updated: 0, unchanged: 0 }
        const alert = log.get(id)
        if (alert === undefined || isMade(alert, attempt)) return { ...done, created: 0, unchanged: 1 }
        const kept = rules.get(alert.rule)
        const removed = {
          ...alert.delivery,
          state: "failed",
          nextAt: null,
          failure: "the rule was removed"
        } as const
        yield* kept === undefined ? log.note(id, removed) : call(alert, kept, attempt)
        return done
      }).pipe(
        Effect.catchTag("StorageError", ({ message }) => outage(message)),
        Effect.ensuring(Effect.sync(() => underway.delete(id)))
      )

    const timeout = Duration.sum(options.timeout, Duration.seconds(20))
    yield* consume(alertsRaised, { concurrency, maxAttempts, timeout }, handle)

    return { round }
  })
}) {}
