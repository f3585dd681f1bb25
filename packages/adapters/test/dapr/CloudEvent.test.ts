import { zstdCompressSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import { awkwardText } from "@influscope/ports/conformance/Conformance"
import type { Message } from "@influscope/ports/PubSub"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { decode, decodeRevivable, encode, unreadable } from "../../src/dapr/CloudEvent.ts"

const event = (changes: Readonly<Record<string, unknown>>) =>
  JSON.stringify({ specversion: "1.0", id: "1", source: "/other", type: "other.thing", ...changes })

const base64 = (text: string) => Buffer.from(text, "utf8").toString("base64")

/** daprd's wrapper of a message that was sent without an envelope. */
const raw = (text: string) =>
  event({
    id: crypto.randomUUID(),
    source: "Dapr",
    type: "com.dapr.event.sent",
    datacontenttype: "application/octet-stream",
    data_base64: base64(text)
  })

const message: Message = {
  id: "batch-1",
  payload: `{"b":1.0, "a": [12345678901234567890, ${JSON.stringify(awkwardText)}]}`,
  items: 17,
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
}

describe("CloudEvent", () => {
  it.effect("gives back any message unchanged", () =>
    Effect.promise(() =>
      fc.assert(
        fc.asyncProperty(
          fc.record({
            id: fc.string({ minLength: 1 }),
            payload: fc.json(),
            items: fc.nat(),
            traceparent: fc.constantFrom(undefined, message.traceparent)
          }),
          async (any) => {
            const again = await Effect.runPromise(decode(encode("/app", "topic", any)))
            assert.deepStrictEqual(again, any)
          }
        )
      )
    )
  )

  it.effect("gives back a message whose envelope was parsed and written anew on its way", () =>
    Effect.gen(function* () {
      const travelled = JSON.stringify({
        ...JSON.parse(encode("/app", "topic", message)),
        pubsubname: "pubsub",
        topic: "topic",
        time: "2026-11-21T00:00:00Z"
      })
      assert.deepStrictEqual(yield* decode(travelled), message)
    })
  )

  it.effect("gives back a large payload unchanged, and carries it in less than its own size", () =>
    Effect.gen(function* () {
      const payload = JSON.stringify(Array.from({ length: 500 }, (_, n) => ({ n, text: awkwardText })))
      const encoded = encode("/app", "topic", { ...message, payload })
      assert.isBelow(encoded.length, payload.length / 3)
      assert.strictEqual((yield* decode(encoded)).payload, payload)
      // What has no UTF-8 is quoted instead.
      const unpaired = `"${"x".repeat(10_000)}\ud800"`
      assert.strictEqual(
        (yield* decode(encode("/app", "topic", { ...message, payload: unpaired }))).payload,
        unpaired
      )
    })
  )

  it.effect("says so when a compressed payload is damaged, or would fill the memory", () =>
    Effect.gen(function* () {
      const compressed = (bytes: Uint8Array) =>
        event({ datacontenttype: "application/zstd", data_base64: Buffer.from(bytes).toString("base64") })
      for (const bytes of [Buffer.from("no zstd"), zstdCompressSync(Buffer.alloc(100_000_000))]) {
        const error = yield* Effect.flip(decode(compressed(bytes)))
        assert.strictEqual(error._tag, "NotAnEvent")
      }
      // Of another producer, and not JSON.
      const foreign = yield* decode(compressed(zstdCompressSync(Buffer.from("plain"))))
      assert.strictEqual(foreign.payload, '"plain"')
    })
  )

  it("is an event of version 1.0 that keeps the producer's trace", () => {
    const written: unknown = JSON.parse(encode("/influscope/scraper", "profiles.discovered", message))
    assert.deepInclude(written, {
      specversion: "1.0",
      id: "batch-1",
      source: "/influscope/scraper",
      type: "influscope.profiles.discovered",
      items: 17,
      traceparent: message.traceparent
    })
  })

  it.effect("understands events of other producers", () =>
    Effect.gen(function* () {
      const payload = (changes: Readonly<Record<string, unknown>>) =>
        Effect.map(decode(event(changes)), (found) => found.payload)
      assert.strictEqual(yield* payload({ data: { a: [1] } }), '{"a":[1]}')
      assert.strictEqual(
        yield* payload({ datacontenttype: "application/vnd.x+json; charset=utf-8", data: "text" }),
        '"text"'
      )
      assert.strictEqual(yield* payload({ datacontenttype: "text/plain", data: '{"a": 1}' }), '{"a": 1}')
      assert.strictEqual(yield* payload({ datacontenttype: "text/plain", data: "no JSON" }), '"no JSON"')
      assert.strictEqual(yield* payload({ data_base64: base64('{"a": 1}') }), '{"a": 1}')
      assert.strictEqual(yield* payload({}), "null")
      const other = yield* decode(event({ data: 1, traceparent: "" }))
      assert.deepStrictEqual(other, { id: "1", payload: "1", items: 1, traceparent: undefined })
    })
  )

  it.effect("unwraps an event from daprd's wrapper of something raw", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* decode(raw(encode("/app", "topic", message))), message)
    })
  )

  it.effect("carries how often a message went back from the dead-letter topic", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* decodeRevivable(raw(encode("/app", "topic", message, 3))), {
        message,
        revivals: 3
      })
      assert.strictEqual((yield* decodeRevivable(encode("/app", "topic", message))).revivals, 0)
      assert.strictEqual((yield* decodeRevivable(raw("raw"))).revivals, 0)
    })
  )

  it.effect("names a raw message by its content, so that each delivery has the same id", () =>
    Effect.gen(function* () {
      const [first, again, other] = [raw("{}"), raw("{}"), raw("[]")].map(decode)
      if (first === undefined || again === undefined || other === undefined) return assert.fail()
      assert.deepStrictEqual(yield* first, yield* again)
      assert.notStrictEqual((yield* first).id, (yield* other).id)
      assert.strictEqual((yield* first).payload, "{}")
    })
  )

  it.effect("refuses what is no event, and can keep it all the same", () =>
    Effect.gen(function* () {
      for (const body of ["", "no JSON", "[]", "null", event({ id: "" }), event({ specversion: "0.3" })]) {
        const error = yield* Effect.flip(decode(body))
        assert.strictEqual(error._tag, "NotAnEvent")
        const kept = unreadable(body)
        assert.match(kept.id, /^raw-[0-9a-f]{64}$/)
        assert.doesNotThrow(() => JSON.parse(kept.payload))
      }
    })
  )
})
