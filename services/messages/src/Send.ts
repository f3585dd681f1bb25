import { messagesSendRequested } from "@influscope/domain/Events"
import type { OutreachId } from "@influscope/domain/messages/Campaign"
import { contactsOf } from "@influscope/domain/messages/Contact"
import { render } from "@influscope/domain/messages/Template"
import { delayAfter } from "@influscope/pipeline/Backoff"
import { consume } from "@influscope/pipeline/Consumer"
import { outage } from "@influscope/pipeline/Outage"
import { Delivery, guarantees, type NotDelivered } from "@influscope/ports/Delivery"
import type { AppliedCounts } from "@influscope/ports/Outbox"
import { type BatchToSend, type Outcome, OutreachStore } from "@influscope/ports/OutreachStore"
import { Reject, type Retry } from "@influscope/ports/PubSub"
import { outreachMessages } from "@influscope/telemetry/Metrics"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { sendingConfig } from "./Config.ts"
import { UnsubscribeLinks } from "./UnsubscribeLinks.ts"

type ToSend = BatchToSend["recipients"][number]

/** Of mistakes of ours: what a channel does wrong is counted with the recipient. */
const maxAttempts = 25
const longestDelay = Duration.hours(1)
/** For a batch: its messages may each take as long as an attempt may. */
const timeout = Duration.minutes(30)

const whileStoreIsDown = Schedule.intersect(Schedule.spaced("1 second"), Schedule.recurs(60))

const ended = "the process ended while it was being sent: nobody knows whether it left"

/**
 * Sends the batches that were handed out. What is about to be sent is noted first, and what became of it after, some messages
 * at a time: so when the process ends in between, the next one knows which may have left already, and does what the guarantee
 * of the channel says.
 */
export const SendLive = Layer.scopedDiscard(
  Effect.gen(function* () {
    const config = yield* sendingConfig
    const store = yield* OutreachStore
    const delivery = yield* Delivery
    const { linkOf } = yield* UnsubscribeLinks
    let isClosing = false

    const outcome = (to: ToSend, result: Outcome["result"], reason: string | null): Outcome => ({
      message: to.message,
      attempts: result._tag === "skipped" || result._tag === "unknown" ? to.attempts : to.attempts + 1,
      reason,
      result
    })

    const afterFailure = (to: ToSend, { again, reason }: NotDelivered, now: number) =>
      Effect.gen(function* () {
        if (again === "never") return outcome(to, { _tag: "failed" }, reason)
        if (again === "perhaps" && config.unknownOutcome === "report")
          return outcome(to, { _tag: "unknown" }, `nobody knows whether it left: ${reason}`)
        const attempts = to.attempts + 1
        if (attempts >= config.attempts) return outcome(to, { _tag: "givenUp" }, reason)
        const nextAt = now + (yield* delayAfter(attempts, config.firstDelay, longestDelay))
        return outcome(to, { _tag: "queued", nextAt }, reason)
      })

    const send = ({ campaign, content, secret }: BatchToSend["plan"], to: ToSend) =>
      Effect.gen(function* () {
        const unsubscribeUrl = linkOf(to.message)
        const rendered = render(content, { ...to.values, unsubscribeUrl })
        if (Either.isLeft(rendered))
          return outcome(to, { _tag: "failed" }, `nothing is known for ${rendered.left.join(", ")}`)
        const { channel, sender, webhook } = campaign
        const tried = yield* Effect.either(
          delivery.send({
            id: to.message,
            channel,
            sender,
            to: { id: to.id, address: to.address },
            content: rendered.right,
            unsubscribeUrl,
            webhook:
              webhook === null || secret === null ? null : { url: webhook, secret: Redacted.make(secret) }
          })
        )
        const made = yield* Either.match(tried, {
          onLeft: (error) => Effect.flatMap(Clock.currentTimeMillis, (now) => afterFailure(to, error, now)),
          onRight: (_tag) => Effect.succeed(outcome(to, { _tag }, null))
        })
        yield* Metric.increment(
          Metric.tagged(Metric.tagged(outreachMessages, "channel", channel), "outcome", made.result._tag)
        )
        return made
      })

    const settle = (outcomes: ReadonlyArray<Outcome>) =>
      outcomes.length === 0
        ? Effect.void
        : Effect.flatMap(Clock.currentTimeMillis, (now) => store.settle(outcomes, now)).pipe(
            // What has left cannot be taken back: a store that is down for a moment must not make it unknown.
            Effect.retry({ while: ({ reason }) => reason !== "corrupt", schedule: whileStoreIsDown })
          )

    /** Messages of whoever has opted out since they were made are not sent. */
    const withoutOptedOut = (plan: BatchToSend["plan"], recipients: ReadonlyArray<ToSend>) =>
      Effect.gen(function* () {
        const optedOut = yield* store.optedOut(
          plan.tenant,
          recipients.flatMap(({ address, id }) => contactsOf(id, address))
        )
        const [wanted, unwanted] = Arr.partition(recipients, ({ address, id }) =>
          contactsOf(id, address).some((contact) => optedOut.has(contact))
        )
        yield* settle(unwanted.map((to) => outcome(to, { _tag: "skipped" }, "opted out")))
        return wanted
      })

    /** Whether a message is sent again of which nobody knows whether it left: where that does no harm, or was asked for. */
    const mayRepeat = ({ campaign }: BatchToSend["plan"]): boolean =>
      guarantees[campaign.channel] !== "at-most-once" || config.unknownOutcome === "resend"

    /** Sends some messages; answers how many, and for whom it was the last attempt in vain. */
    const sendSome = (batch: string, plan: BatchToSend["plan"], some: ReadonlyArray<ToSend>) =>
      Effect.gen(function* () {
        const wanted = yield* withoutOptedOut(plan, some)
        const now = yield* Clock.currentTimeMillis
        const claimed = new Set<OutreachId>(
          yield* store.claim(
            batch,
            wanted.map(({ message }) => message),
            mayRepeat(plan),
            now
          )
        )
        const outcomes = yield* Effect.forEach(
          wanted.filter(({ message }) => claimed.has(message)),
          (to) => send(plan, to),
          { concurrency: config.concurrency }
        )
        yield* settle(outcomes)
        return { count: claimed.size, dead: outcomes.filter(({ result }) => result._tag === "givenUp") }
      })

    /** Those that somebody began to send and never told the end of are reported where they are not sent again. */
    const withoutUncertain = ({ plan, recipients }: BatchToSend) =>
      Effect.gen(function* () {
        if (mayRepeat(plan)) return recipients
        const [rest, uncertain] = Arr.partition(recipients, ({ state }) => state === "sending")
        yield* settle(uncertain.map((to) => outcome(to, { _tag: "unknown" }, ended)))
        return rest
      })

    const sendBatch = Effect.fn("Send.batch")(function* (id: string, batch: BatchToSend) {
      const recipients = yield* withoutUncertain(batch)
      const sent: Array<{ readonly count: number; readonly dead: ReadonlyArray<Outcome> }> = []
      for (const some of Arr.chunksOf(recipients, config.concurrency))
        if (some.length > 0 && !isClosing) sent.push(yield* sendSome(id, batch.plan, some))
      // Of a campaign that was paused, and when this process ends, some are left.
      yield* store.release(id, mayRepeat(batch.plan))
      const dead = sent.flatMap((each) => each.dead)
      const [first] = dead
      if (first !== undefined)
        return yield* new Reject({ reason: `Gave up after ${first.attempts} attempts: ${first.reason}` })
      return sent.reduce((sum, { count }) => sum + count, 0)
    })

    yield* consume(
      messagesSendRequested,
      { concurrency: config.batches, maxAttempts, timeout },
      ({ id, messages }) =>
        store.batch(id).pipe(
          Effect.flatMap(
            Option.match({ onNone: () => Effect.succeed(0), onSome: (batch) => sendBatch(id, batch) })
          ),
          Effect.map(
            (count): AppliedCounts => ({ created: count, updated: 0, unchanged: messages.length - count })
          ),
          Effect.catchTag(
            "StorageError",
            ({ message, reason }): Effect.Effect<never, Retry | Reject> =>
              reason === "corrupt" ? new Reject({ reason: message }) : outage(message)
          )
        )
    )
    // Closed before the subscription, which waits for its handlers.
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => {
        isClosing = true
      })
    )
  })
)
