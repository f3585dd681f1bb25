import type { DeadLetter } from "@influscope/ports/DeadLetters"
import {
  type Delivery,
  type Message,
  PubSub,
  type QueueStats,
  type Reject,
  type Retry,
  type SubscribeOptions
} from "@influscope/ports/PubSub"
import { StorageError } from "@influscope/ports/StorageError"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { type Outcome, runHandler, within } from "../Handling.ts"
import { type Answer, Callbacks } from "./Callbacks.ts"
import * as CloudEvent from "./CloudEvent.ts"
import { type DeliveryCount, Ledger } from "./Ledger.ts"
import { refused, Sidecar, type SidecarAnswer } from "./Sidecar.ts"
import { type Slots, TopicSlots } from "./TopicSlots.ts"

export interface DaprPubSubOptions {
  /** The name of the pub/sub component. */
  readonly component: string
  /** Topics to tell the sidecar of beside those subscribed to before the callback server opens. */
  readonly topics: ReadonlyArray<string>
  /** Metadata of the subscriptions, for the component. */
  readonly metadata: Readonly<Record<string, string>>
  /** Longest wait for the sidecar to take a message. */
  readonly publishTimeout: Duration.DurationInput
  /** How long a delivery waits for a handler that is free before it is given back. */
  readonly patience: Duration.DurationInput
  /** How often a message that the broker gave up goes back to its topic before it is buried. */
  readonly revivals: number
  /** How long the closing of a subscription waits for its running handlers before it interrupts them. */
  readonly drainTimeout: Duration.DurationInput
}

export const defaults: DaprPubSubOptions = {
  component: "pubsub",
  topics: [],
  // RabbitMQ's replicated queue; other brokers do not know the key and ignore it.
  metadata: { queueType: "quorum" },
  publishTimeout: "30 seconds",
  patience: "1 minute",
  revivals: 20,
  drainTimeout: "20 seconds"
}

/** Where the sidecar and the broker send what they give up on. */
export const deadTopic = (topic: string): string => `${topic}.dead`

/** Longest reason kept, in UTF-16 code units: a stack trace fits, a payload quoted in full does not. */
const maxReasonLength = 2_000

/** Longest wait for interrupted handlers to end. */
const interruptTimeout = Duration.seconds(5)

type Handler = (delivery: Delivery) => Effect.Effect<void, Retry | Reject>

/** Counted before it is handled, a delivery can end without a word from the handler: the process died under it. */
const abandonedReason = ({ attempt, lastReason }: DeliveryCount): string => {
  const before = Option.match(lastReason, {
    onNone: () => "",
    onSome: (reason) => `; the failure before: ${reason}`
  })
  return `the process ended during delivery ${attempt - 1}${before}`
}

/** What a topic and a ledger know together about a message. */
interface Known {
  readonly topic: string
  readonly ledger: Ledger["Type"]
}

const bury = Effect.fnUntraced(function* (
  { ledger, topic }: Known,
  message: Message,
  attempts: number,
  reason: string
) {
  const deadAt = yield* Clock.currentTimeMillis
  const letter: DeadLetter = {
    id: message.id,
    topic,
    payload: message.payload,
    items: message.items,
    reason: reason.slice(0, maxReasonLength),
    attempts,
    deadAt
  }
  yield* ledger.bury(letter)
})

/** The count that stays is forgotten with the next delivery of the message that is handled, or by the ledger's own age. */
const settled = ({ ledger, topic }: Known, id: string): Effect.Effect<void> =>
  Effect.catchTag(ledger.settled(topic, id), "StorageError", (error) =>
    Effect.logWarning("A message was handled, but its deliveries stay counted", {
      topic,
      id,
      error: error.message
    })
  )

/** Back-off is the sidecar's; without the reason the message only dies with an older one. */
const failed = ({ ledger, topic }: Known, id: string, reason: string): Effect.Effect<void> =>
  Effect.catchTag(ledger.failed(topic, id, reason.slice(0, maxReasonLength)), "StorageError", (error) =>
    Effect.logWarning("The reason of a failed delivery is lost", { topic, id, reason, error: error.message })
  )

const handle = (
  known: Known,
  options: SubscribeOptions,
  handler: Handler,
  message: Message
): Effect.Effect<Answer> =>
  Effect.gen(function* () {
    const count = yield* known.ledger.begin(known.topic, message.id)
    const { attempt } = count
    const outcome: Outcome =
      attempt > options.maxAttempts
        ? { _tag: "Dead", reason: abandonedReason(count) }
        : yield* runHandler(handler, { ...message, attempt }, options.timeout)
    if (outcome._tag === "Done" || outcome._tag === "Outage") {
      yield* settled(known, message.id)
      return outcome._tag === "Done" ? ("SUCCESS" as const) : ("RETRY" as const)
    }
    if (outcome._tag === "Again" && attempt < options.maxAttempts) {
      yield* failed(known, message.id, outcome.reason)
      return "RETRY" as const
    }
    yield* bury(known, message, Math.min(attempt, options.maxAttempts), outcome.reason)
    return "SUCCESS" as const
  }).pipe(
    Effect.catchTag("StorageError", (error) =>
      Effect.as(
        Effect.logWarning("The ledger cannot be written; the message will come again", {
          topic: known.topic,
          id: message.id,
          error: error.message
        }),
        "RETRY" as const
      )
    )
  )

/** A sidecar that stops may do so for a minute, and uses up the broker's limit in moments: all revivals take two minutes. */
const pauseBefore = (revivals: number): Duration.Duration =>
  Duration.min(Duration.millis(100 * 2 ** revivals), Duration.seconds(10))

/** daprd says of a body beyond --max-body-size: 500 "stream too large", 413, or gRPC's "larger than max". */
const isTooLarge = ({ status, text }: SidecarAnswer): boolean =>
  status === 413 || /too large|larger than max|exceeds/i.test(text)

const make = Effect.fnUntraced(function* (options: DaprPubSubOptions) {
  const sidecar = yield* Sidecar
  const callbacks = yield* Callbacks
  const ledger = yield* Ledger
  const appId = yield* Config.string("APP_ID").pipe(Config.withDefault("app"))
  const source = `/influscope/${appId}`
  const drainTimeout = Duration.decode(options.drainTimeout)
  const topics = new Map<string, TopicSlots>()

  // In the end nobody will come to handle what waits.
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      for (const slots of topics.values()) slots.close()
    })
  )

  const send = Effect.fnUntraced(function* (topic: string, id: string, body: string) {
    const operation = `publish to ${topic}`
    const answer = yield* sidecar.request({
      method: "POST",
      path: `/v1.0/publish/${encodeURIComponent(options.component)}/${encodeURIComponent(topic)}`,
      headers: { "content-type": CloudEvent.contentType },
      body,
      timeout: options.publishTimeout
    })
    if (answer.status >= 200 && answer.status < 300) return
    if (isTooLarge(answer))
      return yield* new StorageError({
        reason: "corrupt",
        operation,
        cause: `message ${id} of ${Buffer.byteLength(body)} bytes is larger than the sidecar takes (--max-body-size)`
      })
    // Forbidden by the component's scopes: no waiting will help.
    return yield* refused(operation, answer, answer.status === 403 ? "corrupt" : "unavailable")
  })

  const publish = Effect.fn("DaprPubSub.publish")((topic: string, message: Message) =>
    send(topic, message.id, CloudEvent.encode(source, topic, message))
  )

  const deliverTo = (topic: string, slots: TopicSlots) =>
    Effect.fnUntraced(function* (body: string, hungUp: AbortSignal) {
      const message = yield* Effect.either(CloudEvent.decode(body))
      if (Either.isLeft(message)) {
        const { message: reason } = message.left
        yield* Effect.logError("What was delivered is no message; it goes to the dead letters", {
          topic,
          reason
        })
        yield* bury({ topic, ledger }, CloudEvent.unreadable(body), 1, reason)
        return "SUCCESS" as const
      }
      const run = yield* slots.acquire(options.patience, hungUp)
      return Option.isNone(run) ? "RETRY" : yield* run.value(message.right)
    })

  /**
   * What the sidecar or the broker gave up on. A sidecar that is stopping hands its messages back so often that the
   * broker's limit is reached within moments, though no handler has seen them: such a message goes back to its topic.
   */
  const takeGivenUp = (topic: string) =>
    Effect.fnUntraced(function* (body: string) {
      const { message, revivals } = yield* Effect.orElseSucceed(CloudEvent.decodeRevivable(body), () => ({
        message: CloudEvent.unreadable(body),
        revivals: 0
      }))
      if (!CloudEvent.isRaw(message) && revivals < options.revivals) {
        const details = { topic, id: message.id, revivals }
        yield* Effect.logWarning("A message that the broker gave up goes back to its topic", details)
        yield* Effect.sleep(pauseBefore(revivals))
        // Not counted as a delivery: no handler has a part in it.
        yield* send(topic, message.id, CloudEvent.encode(source, topic, message, revivals + 1))
        return "SUCCESS" as const
      }
      const { attempt, lastReason } = yield* ledger.begin(topic, message.id)
      const last = Option.match(lastReason, { onNone: () => "", onSome: (reason) => `: ${reason}` })
      const reason = `the broker or the sidecar gave it up after ${attempt - 1} handled deliveries${last}`
      yield* Effect.logError("A message comes from the dead-letter topic", { topic, id: message.id, reason })
      yield* bury({ topic, ledger }, message, attempt - 1, reason)
      return "SUCCESS" as const
    })

  const orRetry = (topic: string, effect: Effect.Effect<Answer, StorageError>): Effect.Effect<Answer> =>
    Effect.catchTag(effect, "StorageError", (error) =>
      Effect.as(
        Effect.logWarning("A message cannot be buried; it will come again", { topic, error: error.message }),
        "RETRY"
      )
    )

  const declare = Effect.fnUntraced(function* (topic: string) {
    const existing = topics.get(topic)
    if (existing !== undefined) return existing
    const slots = new TopicSlots()
    const deliver = deliverTo(topic, slots)
    const giveUp = takeGivenUp(topic)
    const { component: pubsubName, metadata } = options
    yield* callbacks.route({
      pubsubName,
      topic,
      deadLetterTopic: deadTopic(topic),
      metadata,
      deliver: (body, hungUp) => orRetry(topic, deliver(body, hungUp))
    })
    yield* callbacks.route({
      pubsubName,
      topic: deadTopic(topic),
      deadLetterTopic: undefined,
      // As it is: what ends here may be no event, and would otherwise never be delivered.
      metadata: { ...metadata, rawPayload: "true" },
      deliver: (body) => orRetry(topic, giveUp(body))
    })
    topics.set(topic, slots)
    return slots
  })

  const subscribe: PubSub["Type"]["subscribe"] = <R>(
    topic: string,
    subscription: SubscribeOptions,
    handler: (delivery: Delivery) => Effect.Effect<void, Retry | Reject, R>
  ) =>
    Effect.gen(function* () {
      const slots = yield* declare(topic)
      const context = yield* Effect.context<R>()
      const handlersScope = yield* Scope.make()
      const handlers = yield* FiberSet.make<Answer>().pipe(Scope.extend(handlersScope))
      const own: Handler = (delivery) => Effect.provide(handler(delivery), context)
      const known: Known = { topic, ledger }
      const inHand = new Map<string, Fiber.RuntimeFiber<Answer>>()

      // In a fiber of the subscription's, so that its closing and not the sidecar's hanging up ends it.
      const member: Slots = {
        concurrency: subscription.concurrency,
        run: (message, release) => {
          // Sent again while it is being handled: the copy is no further attempt, and ends as the first one does.
          const other = inHand.get(message.id)
          const handling =
            other === undefined
              ? handle(known, subscription, own, message).pipe(
                  Effect.ensuring(release),
                  Effect.interruptible,
                  (work) => FiberSet.run(handlers, work),
                  Effect.tap((fiber) =>
                    Effect.sync(() => {
                      inHand.set(message.id, fiber)
                      fiber.addObserver(() => inHand.delete(message.id))
                    })
                  )
                )
              : Effect.as(release, other)
          return Effect.flatMap(handling, Fiber.await).pipe(
            Effect.flatMap(
              Exit.match({
                onSuccess: Effect.succeed,
                onFailure: (cause) =>
                  Cause.isInterruptedOnly(cause)
                    ? Effect.succeed("RETRY" as const)
                    : Effect.as(Effect.logError("A message cannot be settled", cause), "RETRY" as const)
              })
            )
          )
        }
      }

      const drain = Effect.gen(function* () {
        slots.leave(member)
        const drained = yield* within(drainTimeout, FiberSet.awaitEmpty(handlers))
        if (!drained) yield* Effect.logWarning(`interrupting handlers of ${topic}; their messages come again`)
        const ended = yield* within(
          Duration.min(drainTimeout, interruptTimeout),
          Scope.close(handlersScope, Exit.void)
        )
        if (!ended) yield* Effect.logError(`handlers of ${topic} cannot be interrupted`)
      })
      yield* Effect.acquireRelease(
        Effect.sync(() => slots.join(member)),
        () => drain
      )
    })

  const stats = Effect.map(ledger.backlog, (known): ReadonlyArray<QueueStats> => {
    const missing = [...topics.keys()].filter((topic) => !known.some((entry) => entry.topic === topic))
    return [...known, ...missing.map((topic) => ({ topic, messages: 0, items: 0, oldestSeconds: 0 }))]
  })

  yield* Effect.forEach(options.topics, declare, { discard: true })
  return PubSub.of({ publish, subscribe, stats })
})

/**
 * Publish/subscribe through the sidecar. A 2xx of the sidecar is not proof that the broker has the message: producers
 * keep theirs in an outbox until the consumer's effect is confirmed. Attempts are counted and dead messages kept in the
 * ledger; back-off is the sidecar's inbound resiliency policy, which has to retry for ever.
 *
 * Subscribe before `Callbacks.open`: a sidecar asks for its topics once. To a topic that it was told of, handlers can
 * come and go; a delivery that finds none waits for one, and is given back in the end.
 */
export const layerWith = (options: Partial<DaprPubSubOptions> = {}) =>
  Layer.scoped(PubSub, make({ ...defaults, ...options }))

export const layer = layerWith()
