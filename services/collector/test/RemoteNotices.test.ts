import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import type { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import { CollectionNotes, CollectionNotices } from "@influscope/ports/CollectionNotices"
import { TrackerClient } from "@influscope/ports/TrackerApi"
import { account, accounts } from "@influscope/testing/TrackedAccounts"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { layerWith, type RemoteNoticesOptions } from "../src/RemoteNotices.ts"

const decode = Schema.decodeUnknownPromise(CollectionNotes)
const path = "/tracker/v1/collection"

/** Takes what the tracker is told, over HTTP, and can be away. */
class FakeTracker {
  readonly notes: Array<CollectionNotes> = []
  readonly missed: Array<unknown> = []
  status = 204
  /** Requests, those that were refused included. */
  requests = 0
  /** Before it answers. */
  hold: Promise<void> = Promise.resolve()

  readonly #answer = async (request: Request): Promise<Response> => {
    this.requests += 1
    const body: unknown = await request.json()
    await this.hold
    if (this.status === 204) {
      const { pathname } = new URL(request.url)
      if (pathname === `${path}/missed`) this.missed.push(body)
      else if (pathname === `${path}/notes`) this.notes.push(await decode(body))
      else return new Response(null, { status: 404 })
    }
    return new Response(null, { status: this.status })
  }

  readonly listening = Effect.acquireRelease(
    Effect.sync(() => Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: this.#answer })),
    (server) => Effect.promise(() => server.stop(true))
  )

  /** Everybody of one kind, in the order told. */
  of(kind: "changed" | "given" | "asked" | "unknown"): ReadonlyArray<InfluencerId> {
    return this.notes.flatMap((notes) => notes[kind] ?? [])
  }
}

/** Tells a tracker behind a port; `end` ends the process that tells. */
const telling = (tracker: FakeTracker, options: Partial<RemoteNoticesOptions> = {}) =>
  Effect.gen(function* () {
    const { port } = yield* tracker.listening
    const said: Array<string> = []
    const client = Effect.map(
      HttpClient.HttpClient,
      HttpClient.mapRequest(HttpClientRequest.prependUrl(`http://127.0.0.1:${port}`))
    )
    const scope = yield* Scope.make()
    yield* Effect.addFinalizer(() => Scope.close(scope, Exit.void))
    const context = yield* layerWith({ every: "20 millis", lastWithin: "1 second", ...options }).pipe(
      Layer.provide(Layer.effect(TrackerClient, client)),
      Layer.provide(FetchHttpClient.layer),
      Layer.provide(
        Logger.replace(
          Logger.defaultLogger,
          Logger.make(({ message }) => said.push(String(message)))
        )
      ),
      Layer.buildWithScope(scope)
    )
    return { ...Context.get(context, CollectionNotices), said, end: Scope.close(scope, Exit.void) }
  })

const until = (check: () => boolean) =>
  Effect.sync(check).pipe(
    Effect.repeat({ until: (holds) => holds, schedule: Schedule.spaced("5 millis") }),
    Effect.timeout("10 seconds")
  )

describe("telling a tracker in another process", () => {
  it.scopedLive("tells each influencer once, however often it was noted in between", () =>
    Effect.gen(function* () {
      const tracker = new FakeTracker()
      const { end, note } = yield* telling(tracker, { every: "1 hour" })
      // The first look was at nothing.
      yield* Effect.sleep("50 millis")
      for (let times = 0; times < 50; times++) {
        yield* note({ changed: accounts(3) })
        yield* note({ changed: accounts(1), given: accounts(1) })
        yield* note({ asked: accounts(3), unknown: accounts(2) })
      }
      yield* note({ asked: accounts(1) })
      yield* end
      assert.deepStrictEqual(tracker.notes, [
        {
          changed: accounts(3),
          given: accounts(1),
          moreGiven: false,
          asked: accounts(3),
          unknown: [account(2)]
        }
      ])
    })
  )

  it.scopedLive(
    "goes on, and says once that the tracker is away; then tells it everything, and what was said last",
    () =>
      Effect.gen(function* () {
        const tracker = new FakeTracker()
        tracker.status = 503
        const { note, said } = yield* telling(tracker)
        yield* note({ changed: accounts(2), asked: accounts(2), unknown: accounts(2) })
        yield* until(() => tracker.requests >= 3)
        yield* note({ changed: accounts(2, 2), given: accounts(1), asked: accounts(1) })
        yield* until(() => tracker.requests >= 6)
        assert.strictEqual(said.length, 1)
        assert.match(said[0] ?? "", /waits for the tracker/)
        tracker.status = 204
        yield* until(() => tracker.notes.length > 0)
        yield* until(() => said.length > 1)
        assert.deepStrictEqual(new Set(tracker.of("changed")), new Set(accounts(3)))
        assert.strictEqual(tracker.of("changed").length, 3)
        assert.deepStrictEqual(tracker.of("given"), accounts(1))
        assert.deepStrictEqual(tracker.of("unknown"), [account(2)])
        assert.strictEqual(said.length, 2)
      })
  )

  it.scopedLive("what is noted while a page is on its way counts, though the page comes back", () =>
    Effect.gen(function* () {
      const tracker = new FakeTracker()
      let release: () => void = () => undefined
      tracker.hold = new Promise((resolve) => {
        release = resolve
      })
      tracker.status = 503
      const { note } = yield* telling(tracker)
      yield* note({ asked: accounts(2), unknown: accounts(1), changed: accounts(1) })
      yield* until(() => tracker.requests === 1)
      yield* note({ asked: accounts(2), unknown: [account(2)], changed: accounts(1) })
      release()
      yield* until(() => tracker.requests > 1)
      tracker.status = 204
      yield* until(() => tracker.notes.length > 0)
      assert.deepStrictEqual(tracker.of("unknown"), [account(2)])
      assert.deepStrictEqual(tracker.of("changed"), accounts(1))
    })
  )

  it.scopedLive("tells in pages", () =>
    Effect.gen(function* () {
      const tracker = new FakeTracker()
      const { note } = yield* telling(tracker, { page: 10 })
      yield* note({ given: accounts(4), changed: accounts(18), asked: accounts(3), unknown: accounts(1) })
      yield* until(() => tracker.notes.length === 3)
      for (const { asked = [], changed = [], given = [] } of tracker.notes)
        assert.isAtMost(asked.length + changed.length + given.length, 10)
      assert.deepStrictEqual(tracker.of("changed"), accounts(18))
      assert.deepStrictEqual(tracker.of("given"), accounts(4))
      assert.deepStrictEqual(tracker.of("asked"), accounts(3))
      assert.deepStrictEqual(tracker.of("unknown"), accounts(1))
    })
  )

  it.scopedLive("remembers so many and no more, and says that more were given history", () =>
    Effect.gen(function* () {
      const tracker = new FakeTracker()
      tracker.status = 503
      const { note } = yield* telling(tracker, { most: 5, mostGiven: 2 })
      yield* note({ changed: accounts(9), given: accounts(3), asked: accounts(9) })
      yield* until(() => tracker.requests >= 3)
      yield* note({ changed: accounts(9), asked: accounts(9), unknown: accounts(9) })
      yield* until(() => tracker.requests >= 5)
      tracker.status = 204
      yield* until(() => tracker.notes.length > 0)
      assert.strictEqual(new Set(tracker.of("changed")).size, 5)
      assert.deepStrictEqual(tracker.of("given"), accounts(2))
      assert.isTrue(tracker.notes.some(({ moreGiven }) => moreGiven === true))
      assert.strictEqual(tracker.of("asked").length, 5)
      assert.strictEqual(tracker.of("unknown").length, 5)
    })
  )

  it.scopedLive("tells what is left when it ends", () =>
    Effect.gen(function* () {
      const tracker = new FakeTracker()
      const { end, note } = yield* telling(tracker, { every: "1 hour", page: 10 })
      // The first look was at nothing.
      yield* Effect.sleep("50 millis")
      yield* note({ changed: accounts(25) })
      yield* end
      assert.deepStrictEqual(tracker.of("changed"), accounts(25))
    })
  )

  it.scopedLive("ends in time though the tracker never answers, and says how many notes are lost", () =>
    Effect.gen(function* () {
      const tracker = new FakeTracker()
      tracker.hold = new Promise(() => undefined)
      const { end, note, said } = yield* telling(tracker, { lastWithin: "200 millis" })
      yield* note({ changed: accounts(25) })
      yield* until(() => tracker.requests === 1)
      yield* Effect.timeout(end, "10 seconds")
      assert.match(said.at(-1) ?? "", /^25 notes/)
    })
  )

  it.scopedLive("counts missed slots at once, and fails when the tracker does not", () =>
    Effect.gen(function* () {
      const tracker = new FakeTracker()
      const { missed } = yield* telling(tracker)
      yield* missed(500)
      assert.deepStrictEqual(tracker.missed, [{ slots: 500 }])
      tracker.status = 503
      assert.deepInclude(yield* Effect.flip(missed(500)), { _tag: "StorageError", reason: "unavailable" })
      assert.strictEqual(tracker.missed.length, 1)
    })
  )
})
