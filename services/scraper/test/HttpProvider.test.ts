import { gzipSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { entryAt, page, serve } from "./ProviderServer.ts"
import { byCursor, byPlace, discover, makeSource, upTo } from "./ProviderSource.ts"

describe("paging", () => {
  it.scopedLive("yields exactly the places asked for, in order, and asks for no more than that", () =>
    Effect.gen(function* () {
      const server = yield* serve(({ url }) => Response.json(page(url, 1_000)))
      const source = yield* makeSource(byPlace(server.url))
      for (const [offset, count, until] of [
        [0, 1_000, 1_000],
        [0, 1, 1],
        [7, 20, 27],
        [250, 100, 350],
        [990, 50, 1_000],
        [1_000, 5, 1_000],
        [0, 5_000, 1_000]
      ] as const) {
        const run = yield* discover(source, count, offset)
        assert.isUndefined(run.failure)
        assert.deepStrictEqual(run.places, upTo(until, offset), `${offset}, ${count}`)
        for (const { handle, place, fields } of run.found) {
          assert.strictEqual(handle, `creator_${place}`)
          assert.strictEqual(fields.followers, 1_000 + place)
        }
      }
      const asked = server.seen.map(({ url }) => url.search)
      assert.include(asked, "?offset=7&limit=20")
      assert.isTrue(server.seen.every(({ url }) => Number(url.searchParams.get("limit")) <= 100))
    })
  )

  it.scopedLive("goes on at any place as if it had never stopped", () =>
    Effect.gen(function* () {
      const server = yield* serve(({ url }) =>
        Response.json(page(url, 500, (entry, place) => (place % 7 === 0 ? {} : entry)))
      )
      const source = yield* makeSource(byPlace(server.url))
      const whole = yield* discover(source, 300, 50)
      const first = yield* discover(source, 123, 50)
      const second = yield* discover(source, 177, 173)
      assert.deepStrictEqual([...first.found, ...second.found], whole.found)
    })
  )

  it.scopedLive("takes pages that are shorter or longer than asked for, and ends at an empty one", () =>
    Effect.gen(function* () {
      const server = yield* serve(({ url }) => {
        const offset = Number(url.searchParams.get("offset"))
        const size = offset === 0 ? 3 : offset === 3 ? 250 : 0
        return Response.json({ profiles: Array.from({ length: size }, (_, at) => entryAt(offset + at)) })
      })
      const source = yield* makeSource(byPlace(server.url))
      const run = yield* discover(source, 10_000)
      assert.deepStrictEqual([run.failure, run.places], [undefined, upTo(253)])
      assert.lengthOf(server.seen, 3)
    })
  )

  it.scopedLive("follows cursors, passing over what stands before the offset", () =>
    Effect.gen(function* () {
      const server = yield* serve(({ url }) => {
        const at = Number(url.searchParams.get("after") ?? "0")
        const next = at + 10 < 95 ? { next: `?after=${at + 10}` } : {}
        return Response.json({ profiles: upTo(Math.min(at + 10, 95), at).map(entryAt), ...next })
      })
      const source = yield* makeSource(byCursor(server.url))
      assert.deepStrictEqual((yield* discover(source, 1_000)).places, upTo(95))
      const asked = server.seen.length
      assert.deepStrictEqual((yield* discover(source, 30, 25)).places, upTo(55, 25))
      assert.strictEqual(server.seen.length - asked, 6)
    })
  )

  it.scopedLive("does not go round for ever", () =>
    Effect.gen(function* () {
      const same = yield* serve(() => Response.json({ profiles: upTo(5).map(entryAt) }))
      const heedless = yield* discover(yield* makeSource(byPlace(same.url)), 1_000)
      assert.deepStrictEqual(heedless.places, upTo(5))
      assert.match(heedless.failure ?? "", /same entries again .* from 5/)

      const circle = yield* serve(() => Response.json({ profiles: [entryAt(0)], next: "?after=1" }))
      const circling = yield* discover(yield* makeSource(byCursor(circle.url)), 1_000)
      assert.match(circling.failure ?? "", /this one again/)

      const empty = yield* serve((_, number) => Response.json({ profiles: [], next: `?after=${number}` }))
      const searching = yield* discover(yield* makeSource(byCursor(empty.url)), 1_000)
      assert.match(searching.failure ?? "", /without entries/)

      const endless = yield* serve((_, number) =>
        Response.json({ profiles: [entryAt(number)], next: `?after=${number}` })
      )
      const bounded = yield* discover(yield* makeSource(byCursor(endless.url), { maxPages: 30 }), 10_000)
      assert.match(bounded.failure ?? "", /within 30 pages/)
      assert.lengthOf(endless.seen, 30)
    })
  )

  it.scopedLive("asks no other host, whatever the page before says", () =>
    Effect.gen(function* () {
      const other = yield* serve(() => Response.json({ profiles: [] }))
      const server = yield* serve(() => Response.json({ profiles: [entryAt(0)], next: other.url.href }))
      const run = yield* discover(yield* makeSource(byCursor(server.url)), 10)
      assert.match(run.failure ?? "", /is not asked for/)
      assert.deepStrictEqual(run.places, [0])
      assert.lengthOf(other.seen, 0)
    })
  )

  it.scopedLive("spaces its requests", () =>
    Effect.gen(function* () {
      const server = yield* serve(({ url }) => Response.json(page(url, 10_000)))
      const source = yield* makeSource(byPlace(server.url), { requestsPerSecond: 20 })
      yield* Effect.all([discover(source, 300), discover(source, 300, 5_000)], { concurrency: 2 })
      assert.lengthOf(server.seen, 6)
      const took = (server.seen.at(-1)?.at ?? 0) - (server.seen[0]?.at ?? 0)
      assert.isAbove(took, 200, "six requests at 20 per second")
    })
  )
})

describe("answers that are none", () => {
  /** A server that gives a good page, then `bad` for the second. */
  const goodThen = (bad: () => Response) =>
    serve(({ url }) => (url.searchParams.get("offset") === "0" ? Response.json(page(url, 300)) : bad()))

  const json = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
    new Response(body, { headers: { "content-type": "application/json", ...headers } })

  const endless = () =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new TextEncoder().encode(" ".repeat(64 * 1024)))
      })
    )

  const cases: ReadonlyArray<readonly [string, () => Response, RegExp]> = [
    ["broken off", () => json('{"profiles":[{"platform":"tiktok","han'), /not JSON/],
    ["a web page", () => new Response("<html>Please log in</html>"), /not JSON/],
    ["empty", () => new Response(""), /answered nothing|not JSON/],
    ["no content", () => new Response(null, { status: 204 }), /answered nothing|not JSON/],
    ["of another shape", () => Response.json({ profiles: { a: 1 } }), /another shape: profiles: /],
    ["a list", () => Response.json([entryAt(1)]), /another shape/],
    ["not UTF-8", () => json(new Uint8Array([0x7b, 0xff, 0xfe, 0x7d])), /not UTF-8/],
    ["nested without end", () => json("[".repeat(1_000_000)), /not JSON/],
    [
      "nested deeply",
      () => json(`{"profiles":[${"[".repeat(2_000)}${"]".repeat(2_000)}],"total":3e400}`),
      /shape|JSON/
    ],
    [
      "nested deeper than the stack",
      () => json(`{"profiles":${"[".repeat(200_000)}${"]".repeat(200_000)},"total":"x"}`),
      /shape/
    ],
    ["endless", endless, /more than 1048576 bytes/],
    [
      "a small one that unpacks to a huge one",
      () =>
        json(new Uint8Array(gzipSync(Buffer.alloc(200 * 1024 * 1024, " "))), { "content-encoding": "gzip" }),
      /more than 1048576 bytes/
    ],
    ["not found", () => new Response("no", { status: 404 }), /answered 404/],
    ["refused", () => new Response("no", { status: 401 }), /refuses access \(401\)/],
    [
      "a wait of an hour",
      () => new Response("", { status: 429, headers: { "retry-after": "3600" } }),
      /come back in 1h/
    ]
  ]
  it.scopedLive.each(cases)(
    "%s: stops with a sentence, at once, after what stood before",
    ([, bad, sentence]) =>
      Effect.gen(function* () {
        const server = yield* goodThen(bad)
        const source = yield* makeSource(byPlace(server.url), { maxAnswerBytes: 1024 * 1024 })
        const run = yield* discover(source, 300)
        assert.deepStrictEqual(run.places, upTo(100))
        assert.match(run.failure ?? "", sentence)
        assert.match(run.failure ?? "", /^\S.*\.$/s)
        assert.lengthOf(server.seen, 2)
        assert.notInclude(`${run.failure}${run.log}`, "secret")
      })
  )

  it.scopedLive("skips entries of another shape, says which, and keeps the places of the others", () =>
    Effect.gen(function* () {
      const bad = new Map<number, unknown>([
        [0, null],
        [3, 17],
        [4, { platform: "myspace", handle: "tom" }],
        [5, { platform: "tiktok", handle: "has blanks" }],
        [6, { platform: "tiktok", handle: "x", followers: -1 }],
        [7, { platform: "tiktok", handle: "x", followers: "12" }],
        [8, { ...entryAt(8), extra: "y".repeat(100_000) }],
        [
          150,
          JSON.parse(`{"platform":"tiktok","handle":"x","name":${"[".repeat(9_000)}${"]".repeat(9_000)}}`)
        ],
        [199, []]
      ])
      const server = yield* serve(({ url }) =>
        Response.json(page(url, 200, (entry, place) => (bad.has(place) ? bad.get(place) : entry)))
      )
      const run = yield* discover(yield* makeSource(byPlace(server.url)), 1_000)
      assert.isUndefined(run.failure)
      assert.deepStrictEqual(
        run.places,
        upTo(200).filter((place) => !bad.has(place))
      )
      assert.match(run.log, /entry 0: .*entry 3: .*entry 4: platform: /)
      assert.match(run.log, /"skipped":9/)
    })
  )

  it.scopedLive("skips an entry nested deeper than the stack, wherever in it that is", () =>
    Effect.gen(function* () {
      const deep = `${'{"a":['.repeat(90_000)}1${"]}".repeat(90_000)}`
      const entries = ["name", "unknown", "handle"].map(
        (key) => `{"platform":"x","handle":"h","${key}":${deep}}`
      )
      const body = `{"profiles":[${entries.join(",")},${JSON.stringify(entryAt(3))}],"total":4}`
      const server = yield* serve(() => new Response(body))
      const run = yield* discover(yield* makeSource(byPlace(server.url)), 4)
      assert.deepStrictEqual([run.failure, run.places], [undefined, [3]])
    })
  )

  it.scopedLive("never asks for an avatar", () =>
    Effect.gen(function* () {
      const server = yield* serve(({ url }) =>
        Response.json(
          page(url, 3, (_, place) => ({ ...entryAt(place), avatarUrl: new URL("/avatar.png", url).href }))
        )
      )
      const run = yield* discover(yield* makeSource(byPlace(server.url)), 3)
      assert.isTrue(run.found.every(({ avatar }) => avatar === undefined))
      assert.isTrue(server.seen.every(({ url }) => url.pathname === "/profiles"))
    })
  )
})
