import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import { entryAt, page, serve, serveRaw } from "./ProviderServer.ts"
import { byPlace, discover, makeSource, upTo } from "./ProviderSource.ts"

describe("a provider in trouble", () => {
  const wait = (until: () => boolean) =>
    Effect.sync(until).pipe(
      Effect.repeat({ until: (is) => is, schedule: Schedule.spaced("5 millis") }),
      Effect.timeout("10 seconds"),
      Effect.orDie
    )

  it.scopedLive("is asked again when it is busy, not before it wants to", () =>
    Effect.gen(function* () {
      const inTwoSeconds = () => new Date(Date.now() + 2_500).toUTCString()
      for (const retryAfter of [() => "1", inTwoSeconds]) {
        const server = yield* serve(({ url }, number) =>
          number === 0
            ? new Response("", { status: 429, headers: { "retry-after": retryAfter() } })
            : Response.json(page(url, 5))
        )
        const run = yield* discover(yield* makeSource(byPlace(server.url)), 5)
        assert.deepStrictEqual(run.places, upTo(5))
        assert.isAbove((server.seen[1]?.at ?? 0) - (server.seen[0]?.at ?? 0), 990)
      }
    })
  )

  it.scopedLive("is asked again when it is broken, as often as allowed", () =>
    Effect.gen(function* () {
      const recovering = yield* serve(({ url }, number) =>
        number % 4 === 3
          ? Response.json(page(url, 250))
          : new Response("oops", { status: 500 + (number % 4) })
      )
      const run = yield* discover(yield* makeSource(byPlace(recovering.url)), 250)
      assert.deepStrictEqual([run.failure, run.places], [undefined, upTo(250)])
      assert.lengthOf(recovering.seen, 12)

      const broken = yield* serve(
        () => new Response("oops", { status: 503, headers: { "retry-after": "soon" } })
      )
      const failed = yield* discover(yield* makeSource(byPlace(broken.url)), 250)
      assert.match(failed.failure ?? "", /answered 503, the last of 4 times\.$/)
      assert.lengthOf(broken.seen, 4)
    })
  )

  it.scopedLive("is not waited for when it does not answer, or stops in the middle of an answer", () =>
    Effect.gen(function* () {
      const silent = () => new Promise<Response>(() => undefined)
      const stuck = () =>
        new Response(
          new ReadableStream({
            start: (controller) => controller.enqueue(new TextEncoder().encode('{"profiles":['))
          })
        )
      const server = yield* serve(({ url }, number) =>
        number === 0 ? silent() : number === 1 ? stuck() : Response.json(page(url, 5))
      )
      const run = yield* discover(yield* makeSource(byPlace(server.url), { timeout: "300 millis" }), 5)
      assert.deepStrictEqual([run.failure, run.places], [undefined, upTo(5)])
      yield* wait(() => server.seen[0]?.signal.aborted === true && server.seen[1]?.signal.aborted === true)

      const never = yield* serve(silent)
      const failed = yield* discover(yield* makeSource(byPlace(never.url), { timeout: "100 millis" }), 5)
      assert.match(failed.failure ?? "", /did not answer within 100ms, the last of 4 times\.$/)
    })
  )

  it.scopedLive("is asked again when the connection is cut, also in the middle of an answer", () =>
    Effect.gen(function* () {
      const body = JSON.stringify({ profiles: upTo(5).map(entryAt), total: 5 })
      const head = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n`
      const server = yield* serveRaw((socket, number) => {
        const length = `content-length: ${body.length}\r\n\r\n`
        if (number === 0) socket.destroy()
        else if (number === 1) socket.end(`${head}${length}${body.slice(0, 50)}`)
        else if (number === 2)
          socket.end(`${head}transfer-encoding: chunked\r\n\r\n32\r\n${body.slice(0, 50)}\r\n`)
        else socket.end(`${head}${length}${body}`)
      })
      const run = yield* discover(yield* makeSource(byPlace(server.url)), 5)
      assert.deepStrictEqual([run.failure, run.places], [undefined, upTo(5)])
      assert.strictEqual(server.asked(), 4)
    })
  )

  it.scopedLive("that is not there is said not to be there", () =>
    Effect.gen(function* () {
      const gone = yield* Effect.scoped(
        Effect.map(
          serve(() => new Response("")),
          ({ url }) => url
        )
      )
      const run = yield* discover(yield* makeSource(byPlace(gone)), 5)
      assert.match(run.failure ?? "", /cannot be reached .*, the last of 4 times\.$/)
    })
  )

  it.scopedLive("is followed to another path, with its token, but not to another host", () =>
    Effect.gen(function* () {
      const server = yield* serve(({ url }) =>
        url.pathname === "/profiles"
          ? new Response(null, { status: 307, headers: { location: `/moved${url.search}` } })
          : Response.json(page(url, 120))
      )
      const run = yield* discover(yield* makeSource(byPlace(server.url)), 120)
      assert.deepStrictEqual([run.failure, run.places], [undefined, upTo(120)])
      assert.isTrue(server.seen.every(({ authorization }) => authorization === "Bearer secret"))

      const other = yield* serve(() => Response.json({ profiles: [] }))
      for (const location of [
        other.url.href,
        "//example.invalid/x",
        "https://127.0.0.1/x",
        "file:///etc/passwd"
      ]) {
        const leaving = yield* serve(() => new Response(null, { status: 302, headers: { location } }))
        const refused = yield* discover(yield* makeSource(byPlace(leaving.url)), 5)
        assert.match(refused.failure ?? "", /redirects to .*, which is not followed/, location)
        assert.lengthOf(leaving.seen, 1)
      }
      assert.lengthOf(other.seen, 0)

      const circle = yield* serve(
        ({ url }) => new Response(null, { status: 301, headers: { location: url.href } })
      )
      const circling = yield* discover(yield* makeSource(byPlace(circle.url)), 5)
      assert.match(circling.failure ?? "", /in circles/)
    })
  )

  it.scopedLive("hears no more from a run that was stopped", () =>
    Effect.gen(function* () {
      const server = yield* serve(({ url }, number) =>
        number < 2 ? Response.json(page(url, 10_000)) : new Promise<Response>(() => undefined)
      )
      const source = yield* makeSource(byPlace(server.url))
      const fiber = yield* Effect.fork(discover(source, 10_000))
      yield* wait(() => server.seen.length === 3)
      yield* Fiber.interrupt(fiber)
      yield* wait(() => server.seen[2]?.signal.aborted === true)
      assert.lengthOf(server.seen, 3)
    })
  )
})
