import { assert, describe, it } from "@effect/vitest"
import type { Delivery } from "@influscope/ports/PubSub"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import type * as Tracer from "effect/Tracer"
import { consume } from "../src/Consumer.ts"
import { Publisher } from "../src/Publisher.ts"
import { relayOnce } from "../src/Relay.ts"
import {
  allCreated,
  batch,
  drained,
  embedded,
  Faults,
  process,
  publish,
  publishRaw,
  subscription,
  topic
} from "./Embedded.ts"

describe("a trace across the queue", () => {
  const handled = Effect.gen(function* () {
    const spans: Array<{ readonly span: Tracer.Span; readonly delivery: Delivery }> = []
    yield* Effect.withSpan(
      consume(topic, subscription, (event, delivery) =>
        Effect.gen(function* () {
          spans.push({ span: yield* Effect.orDie(Effect.currentSpan), delivery })
          return allCreated(event)
        })
      ),
      "somebody subscribes"
    )
    yield* drained
    return spans
  })

  it.scoped("goes from the producer through a restart to the consumer", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const faults = new Faults()
      const life = Publisher.Default.pipe(Layer.provideMerge(faults.before(embedded(directory))))
      const producer = yield* publish("a").pipe(
        Effect.zipRight(Effect.orDie(Effect.currentSpan)),
        Effect.withSpan("request"),
        Effect.provide(life)
      )
      const [first] = yield* handled.pipe(Effect.scoped, Effect.provide(life))
      assert.strictEqual(first?.span.name, "Consumer.handle")
      assert.strictEqual(first?.span.traceId, producer.traceId)
      const parent = Option.getOrThrow(first?.span.parent ?? Option.none())
      assert.strictEqual(faults.published[0]?.traceparent, `00-${parent.traceId}-${parent.spanId}-01`)
      assert.notStrictEqual(parent.spanId, producer.spanId, "the parent is the span of the publishing itself")
    })
  )

  it.scoped("is the same trace when the relay sends the event again", () => {
    const faults = new Faults()
    return Effect.gen(function* () {
      faults.broker = "lossy"
      const producer = yield* publish("a").pipe(
        Effect.zipRight(Effect.orDie(Effect.currentSpan)),
        Effect.withSpan("request")
      )
      faults.broker = "up"
      yield* TestClock.adjust("31 seconds")
      yield* Effect.withSpan(relayOnce(Duration.seconds(30)), "another trace")
      const [first] = yield* handled
      assert.strictEqual(first?.span.traceId, producer.traceId)
    }).pipe(Effect.provide(process(faults)))
  })

  it.scoped("begins anew where the producer's is missing or not one", () =>
    Effect.gen(function* () {
      const traceparents = [
        undefined,
        "",
        "00",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\n"
      ]
      for (const [place, traceparent] of traceparents.entries())
        yield* publishRaw(`a${place}`, JSON.stringify(batch("a")), traceparent)
      const spans = yield* handled
      assert.strictEqual(spans.length, traceparents.length)
      for (const { delivery, span } of spans)
        assert.isTrue(Option.isNone(span.parent), `traceparent ${delivery.traceparent}`)
      assert.strictEqual(new Set(spans.map(({ span }) => span.traceId)).size, traceparents.length)
    }).pipe(Effect.provide(process()))
  )

  it.scoped("keeps the producer's decision to sample", () =>
    Effect.gen(function* () {
      const flags = { "00": false, "01": true, "02": false, "03": true, ff: true }
      for (const flag of Object.keys(flags))
        yield* publishRaw(
          flag,
          JSON.stringify(batch(flag)),
          `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-${flag}`
        )
      const sampled = (yield* handled).map(({ delivery, span }) => [
        delivery.id,
        Option.exists(span.parent, (parent) => parent.sampled)
      ])
      assert.deepStrictEqual(Object.fromEntries(sampled), flags)
    }).pipe(Effect.provide(process()))
  )
})
