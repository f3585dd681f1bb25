import { assert, describe, it } from "@effect/vitest"
import { unique } from "@influscope/ports/conformance/Conformance"
import { profileOf, queryOf } from "@influscope/ports/conformance/ProfileFixture"
import { type InvalidCursor, SearchIndex } from "@influscope/ports/SearchIndex"
import type { StorageError } from "@influscope/ports/StorageError"
import { elasticsearch } from "@influscope/stack/servers/Elasticsearch"
import * as TestServer from "@influscope/testing/TestServer"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as ElasticsearchIndex from "../../src/elasticsearch/ElasticsearchIndex.ts"
import { passOn, removedAtEnd, settingsFor, sharedServer, urlOf } from "./ElasticsearchServer.ts"

const server = sharedServer()

const fresh = Effect.gen(function* () {
  const alias = unique("profiles")
  yield* removedAtEnd(server.url(), alias)
  return alias
})

const someProfiles = (count: number) =>
  Array.from({ length: count }, (_, at) => ({
    profile: profileOf(`user_${at}`, { name: `User ${at}`, followers: at }),
    revision: undefined
  }))

interface BulkAnswer {
  readonly items: Array<Record<string, unknown>>
}

/** What a proxy before the server does to the n-th bulk request: which of its items it refuses with 429. */
type Refusal = (request: number, item: number) => boolean

const busyItem = {
  status: 429,
  error: { type: "es_rejected_execution_exception", reason: "rejected execution of primary operation" }
}

/** Passes everything on; items of a bulk that are refused do not reach the server. */
const proxy = (refuses: Refusal) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      let requests = 0
      const listener = Bun.serve({
        port: 0,
        hostname: "127.0.0.1",
        fetch: async (request) => {
          const body = await request.text()
          if (new URL(request.url).pathname !== "/_bulk") return passOn(server.url(), request, body)
          const number = requests++
          const lines = body.trimEnd().split("\n")
          const items = Array.from({ length: lines.length / 2 }, (_, at) => at)
          const accepted = items.filter((at) => !refuses(number, at))
          const answered: ReadonlyArray<Record<string, unknown>> =
            accepted.length === 0
              ? []
              : await passOn(
                  server.url(),
                  request,
                  `${accepted.map((at) => `${lines[2 * at]}\n${lines[2 * at + 1]}`).join("\n")}\n`
                ).then(async (answer) => {
                  const { items: done }: BulkAnswer = await answer.json()
                  return done
                })
          const byItem = new Map(accepted.map((at, place) => [at, answered[place]]))
          return Response.json(
            { took: 1, errors: true, items: items.map((at) => byItem.get(at) ?? { create: busyItem }) },
            { headers: { "x-elastic-product": "Elasticsearch" } }
          )
        }
      })
      return { url: `http://127.0.0.1:${listener.port}`, requests: () => requests, listener }
    }),
    ({ listener }) => Effect.promise(() => listener.stop(true))
  )

describe("Elasticsearch in trouble", () => {
  it.scopedLive("items refused with 429 are sent again, and only those", () =>
    Effect.gen(function* () {
      const alias = yield* fresh
      // Half of the first request; of those, half again.
      const between = yield* proxy((request, item) => request < 2 && item % 2 === 0)
      const body = Effect.gen(function* () {
        const index = yield* SearchIndex
        const outcomes = yield* index.bulk(someProfiles(100))
        assert.deepStrictEqual(new Set(outcomes), new Set(["written"]))
        assert.strictEqual(between.requests(), 3)
        yield* index.refresh
        assert.strictEqual(yield* index.count, 100)
      })
      yield* Effect.provide(body, ElasticsearchIndex.layerWith(settingsFor(between.url, alias)))
    })
  )

  it.scopedLive("a node that stays too busy is unavailable, with what was written kept", () =>
    Effect.gen(function* () {
      const alias = yield* fresh
      const between = yield* proxy((_, item) => item === 0)
      const body = Effect.gen(function* () {
        const index = yield* SearchIndex
        const error = yield* Effect.flip(index.bulk(someProfiles(10)))
        assert.strictEqual(error.reason, "unavailable")
        assert.include(error.message, "instagram:user_0: 429")
        const states = yield* index.getMany(someProfiles(10).map(({ profile }) => profile.id))
        assert.strictEqual(states.filter(Option.isSome).length, 9)
      })
      yield* Effect.provide(body, ElasticsearchIndex.layerWith(settingsFor(between.url, alias)))
    })
  )

  it.scopedLive("a document that the mapping refuses is corrupt, and the others are written", () =>
    Effect.gen(function* () {
      const alias = yield* fresh
      const body = Effect.gen(function* () {
        const index = yield* SearchIndex
        // Beyond what the field can hold: it stands for any refusal of the mapping.
        const refused = profileOf("refused", { name: "Refused", followers: 1 })
        const wrong = { ...refused, observedAt: 1e300 }
        const error = yield* Effect.flip(
          index.bulk([{ profile: wrong, revision: undefined }, ...someProfiles(3)])
        )
        assert.strictEqual(error.reason, "corrupt")
        assert.include(error.message, "instagram:refused: 400")
        const states = yield* index.getMany([wrong.id, ...someProfiles(3).map(({ profile }) => profile.id)])
        assert.deepStrictEqual(states.map(Option.isSome), [false, true, true, true])
      })
      yield* Effect.provide(body, ElasticsearchIndex.layerWith(settingsFor(server.url(), alias)))
    })
  )

  it.scopedLive("an index of another version, and one that was not made here, are refused", () =>
    Effect.gen(function* () {
      const alias = yield* fresh
      const other = `${alias}-v9-1`
      const open = (name: string) =>
        Effect.flip(
          Effect.provide(SearchIndex, ElasticsearchIndex.layerWith(settingsFor(server.url(), name)))
        )
      const put = (path: string, body: unknown) =>
        Effect.promise(() =>
          fetch(`${server.url()}/${path}`, {
            method: "PUT",
            headers: { "content-type": "application/json" },
            body: JSON.stringify(body)
          })
        )
      const removed = Effect.addFinalizer(() =>
        Effect.promise(() => fetch(`${server.url()}/${other},${alias}-foreign`, { method: "DELETE" }))
      )
      yield* removed
      yield* put(other, { aliases: { [alias]: {} } })
      const outdated = yield* open(alias)
      assert.strictEqual(outdated.reason, "corrupt")
      assert.include(outdated.message, "influscope reindex")
      yield* put(`${alias}-foreign`, { aliases: { [`${alias}-x`]: {} } })
      assert.include((yield* open(`${alias}-x`)).message, "was not made here")
    })
  )

  it.scopedLive("stopped or killed, it is unavailable in time, and is used again when it is back", () =>
    Effect.gen(function* () {
      const own = yield* TestServer.scoped(elasticsearch)
      const body = Effect.gen(function* () {
        const index = yield* SearchIndex
        yield* index.bulk(someProfiles(20))
        for (const [round, halt] of [own.stop, own.kill].entries()) {
          yield* halt
          const attempts: ReadonlyArray<Effect.Effect<unknown, InvalidCursor | StorageError>> = [
            index.search(queryOf("user")),
            index.bulk(someProfiles(1)),
            index.getMany([profileOf("user_1").id]),
            index.count
          ]
          for (const attempt of attempts) {
            // Its own timeout ends it: the one here would fail the test.
            const result = yield* Effect.either(attempt).pipe(Effect.timeout("15 seconds"))
            assert.strictEqual(Either.isLeft(result) ? result.left._tag : "success", "StorageError")
            if (Either.isLeft(result) && result.left._tag === "StorageError")
              assert.strictEqual(result.left.reason, "unavailable")
          }
          yield* own.start
          // Everything acknowledged is there, also after the kill.
          assert.strictEqual((yield* index.search(queryOf("user"))).total, 20 + round)
          const extra = profileOf(`extra_${round}`, { name: "User extra" })
          assert.deepStrictEqual(yield* index.bulk([{ profile: extra, revision: undefined }]), ["written"])
        }
      })
      yield* Effect.provide(
        body,
        ElasticsearchIndex.layerWith(settingsFor(urlOf(own), "profiles", "5 seconds"))
      )
    })
  )
})
