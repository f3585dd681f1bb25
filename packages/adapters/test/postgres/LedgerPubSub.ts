import { type Message, PubSub, type QueueStats } from "@influscope/ports/PubSub"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import { Ledger } from "../../src/dapr/Ledger.ts"

const noStats: ReadonlyArray<QueueStats> = []

/** A broker in memory, with the ledger as a subscriber behind a sidecar uses it. */
const make = Effect.gen(function* () {
  const ledger = yield* Ledger
  const topics = new Map<string, Queue.Queue<Message>>()
  const queueOf = (topic: string) =>
    Effect.gen(function* () {
      const known = topics.get(topic)
      if (known !== undefined) return known
      const made = yield* Queue.unbounded<Message>()
      topics.set(topic, made)
      return made
    })

  return PubSub.of({
    publish: (topic, message) => Effect.flatMap(queueOf(topic), (queue) => Queue.offer(queue, message)),
    subscribe: (topic, { concurrency }, handler) =>
      Effect.gen(function* () {
        const queue = yield* queueOf(topic)
        const deliver = (message: Message) =>
          Effect.gen(function* () {
            const { attempt } = yield* ledger.begin(topic, message.id)
            yield* handler({ ...message, attempt }).pipe(
              Effect.zipRight(ledger.settled(topic, message.id)),
              Effect.catchTags({
                Retry: ({ reason }) =>
                  Effect.zipRight(ledger.failed(topic, message.id, reason), Queue.offer(queue, message)),
                Reject: ({ reason }) =>
                  Effect.flatMap(Clock.currentTimeMillis, (deadAt) =>
                    ledger.bury({ ...message, topic, reason, attempts: attempt, deadAt })
                  )
              })
            )
          })
        yield* Queue.take(queue).pipe(
          Effect.flatMap((message) => Effect.uninterruptible(deliver(message))),
          Effect.forever,
          Effect.replicate(concurrency),
          (loops) => Effect.forEach(loops, Effect.forkScoped, { discard: true })
        )
      }),
    stats: Effect.succeed(noStats)
  })
})

export const layer: Layer.Layer<PubSub, never, Ledger> = Layer.effect(PubSub, make)
