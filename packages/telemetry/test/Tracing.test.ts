import { assert, describe, it } from "@effect/vitest"
import * as MainDatabase from "@influscope/adapters/sqlite/MainDatabase"
import * as SqliteOutbox from "@influscope/adapters/sqlite/Outbox"
import * as Queue from "@influscope/adapters/sqlite/Queue"
import type { Topic } from "@influscope/domain/Events"
import { consume } from "@influscope/pipeline/Consumer"
import { Publisher } from "@influscope/pipeline/Publisher"
import { Reject } from "@influscope/ports/PubSub"
import { settings } from "@influscope/testing/Settings"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import * as Tracing from "../src/Tracing.ts"
import { otlpReceiver, type Span } from "./OtlpReceiver.ts"

const Ping = Schema.Struct({ id: Schema.NonEmptyString })
const pings: Topic<typeof Ping.Type, typeof Ping.Encoded> = { name: "pings", schema: Ping }

const embedded = Layer.unwrapScoped(
  Effect.map(temporaryDirectory, (directory) =>
    Publisher.Default.pipe(
      Layer.provideMerge(Layer.merge(Queue.layer, SqliteOutbox.layer)),
      Layer.provide(MainDatabase.layer(directory))
    )
  )
)

/** Publishes one event within a span of its own, and ends when it was handled. */
const publishAndConsume = Effect.gen(function* () {
  const publisher = yield* Publisher
  const handled = yield* Deferred.make<void>()
  yield* consume(pings, { concurrency: 1, maxAttempts: 1, timeout: "5 seconds" }, () =>
    Deferred.succeed(handled, undefined).pipe(
      Effect.as({ created: 1, updated: 0, unchanged: 0 }),
      Effect.withSpan("the effect")
    )
  )
  yield* Effect.withSpan(publisher.publish(pings, { id: "a" }, { items: 1, job: undefined }), "request")
  yield* Deferred.await(handled)
}).pipe(Effect.scoped)

/** Runs a program as `main.ts` does: telemetry is built first and closed last. */
const runWith = <E, R>(
  values: Readonly<Record<string, string>>,
  program: Effect.Effect<void, E, R>,
  services: Layer.Layer<R, E>
) =>
  Layer.scopedDiscard(program).pipe(
    Layer.provide(services),
    Layer.provide(Tracing.layer("influscope-test")),
    Layer.provide(settings(values)),
    Layer.build,
    Effect.scoped
  )

const attribute = (span: Span | undefined, name: string): unknown =>
  Object.values(span?.attributes.find(({ key }) => key === name)?.value ?? {})[0]

describe("tracing", () => {
  it.scopedLive("exports one trace from the request over the queue to the effect", () =>
    Effect.gen(function* () {
      const receiver = yield* otlpReceiver
      yield* runWith({ OTEL_EXPORTER_OTLP_ENDPOINT: `${receiver.url}/` }, publishAndConsume, embedded)
      const named = (name: string) => {
        const found = receiver.spans.filter((span) => span.name === name)
        assert.strictEqual(found.length, 1, name)
        return found[0]
      }
      const chain = ["request", "Publisher.publish", "Consumer.handle", "the effect"].map(named)
      assert.isUndefined(chain[0]?.parentSpanId)
      for (const [place, span] of chain.entries()) {
        assert.strictEqual(span?.traceId, chain[0]?.traceId)
        if (place > 0) assert.strictEqual(span?.parentSpanId, chain[place - 1]?.spanId, span?.name)
      }
      assert.strictEqual(attribute(chain[1], "topic"), "pings")
      assert.strictEqual(attribute(chain[2], "id"), "a")
      assert.deepStrictEqual([...receiver.services], ["influscope-test"])
      assert.includeMembers(receiver.paths, ["POST /v1/traces", "POST /v1/metrics"])
    })
  )

  it.scopedLive("does not trace its own exports", () =>
    Effect.gen(function* () {
      const receiver = yield* otlpReceiver
      yield* runWith({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url }, publishAndConsume, embedded)
      assert.deepStrictEqual(
        receiver.spans.filter(({ name }) => name.startsWith("http")),
        []
      )
    })
  )

  it.scopedLive("exports what went wrong too", () =>
    Effect.gen(function* () {
      const receiver = yield* otlpReceiver
      const program = Effect.ignore(Effect.withSpan(new Reject({ reason: "of no use" }), "failing"))
      yield* runWith({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url }, program, Layer.empty)
      assert.deepStrictEqual(
        receiver.spans.map(({ name }) => name),
        ["failing"]
      )
    })
  )

  for (const [what, settings] of [
    ["is not set", {}],
    ["is empty", { OTEL_EXPORTER_OTLP_ENDPOINT: "" }],
    ["is blank", { OTEL_EXPORTER_OTLP_ENDPOINT: "  " }]
  ] as const)
    it.scopedLive(`sends nothing anywhere when the endpoint ${what}`, () =>
      Effect.gen(function* () {
        const requests: Array<string> = []
        const original = globalThis.fetch
        yield* Effect.acquireRelease(
          Effect.sync(() => {
            globalThis.fetch = Object.assign(
              (...given: Parameters<typeof fetch>) => {
                requests.push(String(given[0]))
                return original(...given)
              },
              { preconnect: original.preconnect }
            )
          }),
          () =>
            Effect.sync(() => {
              globalThis.fetch = original
            })
        )
        const receiver = yield* otlpReceiver
        yield* runWith(settings, publishAndConsume, embedded)
        assert.deepStrictEqual(requests, [])
        // The same listening post does hear an exporter.
        yield* runWith({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url }, publishAndConsume, embedded)
        assert.include(requests, `${receiver.url}/v1/traces`)
      })
    )

  it.scopedLive("does not disturb a program whose collector is gone", () =>
    Effect.gen(function* () {
      const { url } = yield* Effect.scoped(otlpReceiver)
      yield* runWith({ OTEL_EXPORTER_OTLP_ENDPOINT: url }, publishAndConsume, embedded)
    })
  )

  it.scopedLive("does not start with an endpoint that is not an http address", () =>
    Effect.gen(function* () {
      for (const endpoint of ["localhost:4318", "ftp://localhost", "http://", "collector"]) {
        const error = yield* Effect.flip(
          runWith({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }, Effect.void, Layer.empty)
        )
        assert.include(String(error), "OTEL_EXPORTER_OTLP_ENDPOINT")
      }
    })
  )
})
