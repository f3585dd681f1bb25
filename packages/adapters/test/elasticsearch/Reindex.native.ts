import { assert, describe, it } from "@effect/vitest"
import { unique } from "@influscope/ports/conformance/Conformance"
import { profileOf, queryOf } from "@influscope/ports/conformance/ProfileFixture"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Stream from "effect/Stream"
import * as ElasticsearchIndex from "../../src/elasticsearch/ElasticsearchIndex.ts"
import { documentOf } from "../../src/elasticsearch/IndexedDocument.ts"
import { documentVersion, mappings } from "../../src/elasticsearch/Mapping.ts"
import { type ReindexProgress, reindexWith } from "../../src/elasticsearch/Reindex.ts"
import { encodeProfile } from "../../src/search/StoredDocument.ts"
import { madeIndex, removedAtEnd, settingsFor, sharedServer } from "./ElasticsearchServer.ts"

const server = sharedServer()

const fresh = Effect.gen(function* () {
  const alias = unique("profiles")
  yield* removedAtEnd(server.url(), alias)
  return settingsFor(server.url(), alias)
})

/** Every profile's handle with its followers: what is compared. */
const contents = Effect.gen(function* () {
  const index = yield* SearchIndex
  const all = yield* Stream.runCollect(index.all)
  return new Map(Chunk.toReadonlyArray(all).map(({ profile }) => [profile.handle, profile.fields.followers]))
})

const write = Effect.fnUntraced(function* (handle: string, followers: number) {
  const index = yield* SearchIndex
  const profile = profileOf(handle, { name: `Name of ${handle}`, followers })
  for (;;) {
    const [known = Option.none()] = yield* index.getMany([profile.id])
    const revision = Option.getOrUndefined(known)?.revision
    const [outcome] = yield* index.bulk([{ profile, revision }])
    if (outcome === "written") return
  }
})

const aliasesOf = (alias: string) =>
  Effect.promise(async () => {
    const answer = await fetch(`${server.url()}/_alias/${alias}`)
    return Object.keys(await answer.json())
  })

describe("reindex", () => {
  it.scopedLive("loses nothing that is written meanwhile, and nobody is refused", () =>
    Effect.gen(function* () {
      const settings = yield* fresh
      const body = Effect.gen(function* () {
        const index = yield* SearchIndex
        const initial = Array.from({ length: 3_000 }, (_, at) => profileOf(`base_${at}`, { followers: at }))
        yield* index.bulk(initial.map((profile) => ({ profile, revision: undefined })))
        const expected = new Map<string, number | undefined>(
          initial.map((profile) => [profile.handle, profile.fields.followers])
        )
        const removed = profileOf("base_7").id
        yield* index.delete(removed, 5_000)
        expected.delete("base_7")
        // What the reader misses later was found before.
        yield* index.refresh
        const [before = Option.none()] = yield* index.getMany([profileOf("base_1").id])

        const stop = yield* Ref.make(false)
        /** New profiles, changes of old ones and deletions, each recorded when it was acknowledged. */
        const writer = (name: number) =>
          Effect.gen(function* () {
            let at = 0
            while (!(yield* Ref.get(stop))) {
              const handle = at % 2 === 0 ? `new_${name}_${at}` : `base_${100 + name * 500 + (at % 400)}`
              yield* write(handle, 1_000_000 + at)
              expected.set(handle, 1_000_000 + at)
              if (at % 10 === 5) {
                const doomed = `base_${2_000 + name * 300 + (at % 300)}`
                yield* index.delete(profileOf(doomed).id, 6_000)
                expected.delete(doomed)
              }
              at++
            }
            return at
          })
        const writers = yield* Effect.forEach([0, 1, 2], (name) => Effect.fork(writer(name)))
        const misses = yield* Ref.make(0)
        const reader = yield* Effect.gen(function* () {
          let searches = 0
          while (!(yield* Ref.get(stop))) {
            const { total } = yield* index.search(queryOf("base", { limit: 1 }))
            if (total < 2_000) yield* Ref.update(misses, (many) => many + 1)
            searches++
          }
          return searches
        }).pipe(Effect.fork)

        yield* Effect.sleep("500 millis")
        const progress: Array<ReindexProgress> = []
        const report = yield* reindexWith(settings, {
          onProgress: (each) => Effect.sync(() => progress.push(each))
        })
        yield* Effect.sleep("500 millis")
        yield* Ref.set(stop, true)
        const written = yield* Effect.forEach(writers, Fiber.join)
        const searches = yield* Fiber.join(reader)

        assert.deepStrictEqual(
          [...(yield* contents)].sort(),
          [...expected].sort(),
          `writes ${written.join("+")}, searches ${searches}`
        )
        assert.strictEqual(yield* Ref.get(misses), 0)
        assert.isAbove(searches, 5)
        assert.strictEqual(report.from, madeIndex(settings.alias, 1))
        assert.strictEqual(report.to, madeIndex(settings.alias, 2))
        assert.isAtLeast(report.copied, 3_000)
        assert.includeMembers(
          progress.map((each) => each.phase),
          ["copy", "catch-up", "switch"]
        )
        assert.deepStrictEqual(yield* aliasesOf(settings.alias), [report.to])
        // The tombstone has come along, and what was read before the switch is no revision any more.
        const [tombstone = Option.none()] = yield* index.getMany([removed])
        assert.strictEqual(Option.getOrUndefined(tombstone)?._tag, "Deleted")
        const stale = { profile: profileOf("base_1"), revision: Option.getOrUndefined(before)?.revision }
        assert.deepStrictEqual(yield* index.bulk([stale]), ["conflict"])
      })
      yield* Effect.provide(body, ElasticsearchIndex.layerWith(settings))
    })
  )

  it.scopedLive("leaves everything as it was when it is cut off, and is restarted only on demand", () =>
    Effect.gen(function* () {
      const settings = yield* fresh
      const body = Effect.gen(function* () {
        yield* write("someone", 1)
        const failing = reindexWith(settings, { onProgress: () => Effect.interrupt })
        assert.isTrue((yield* Effect.exit(failing))._tag === "Failure")
        yield* write("someone", 2)
        assert.deepStrictEqual(yield* aliasesOf(settings.alias), [madeIndex(settings.alias, 1)])

        // What a killed reindex leaves: its target, and the block.
        yield* Effect.promise(async () => {
          await fetch(`${server.url()}/${madeIndex(settings.alias, 2)}`, { method: "PUT" })
          await fetch(`${server.url()}/${madeIndex(settings.alias, 1)}/_block/write`, { method: "PUT" })
        })
        const refused = yield* Effect.flip(reindexWith(settings))
        assert.strictEqual(refused.reason, "conflict")
        const waiting = yield* Effect.fork(write("someone", 3))
        yield* Effect.sleep("300 millis")
        const report = yield* reindexWith(settings, { restart: true, keepOld: true })
        yield* Fiber.join(waiting)
        assert.strictEqual(report.to, madeIndex(settings.alias, 2))
        assert.deepStrictEqual([...(yield* contents)], [["someone", 3]])
      })
      yield* Effect.provide(body, ElasticsearchIndex.layerWith(settings))
    })
  )

  it.scopedLive(
    "brings an index of the first version, which knew no growth and had profiles in one text, up to date",
    () =>
      Effect.gen(function* () {
        const settings = yield* fresh
        const { alias } = settings
        const send = (method: string, path: string, body?: unknown) =>
          Effect.promise(async () => {
            const response = await fetch(`${server.url()}/${path}`, {
              method,
              headers: { "content-type": "application/json" },
              ...(body === undefined ? {} : { body: JSON.stringify(body) })
            })
            assert.isTrue(response.ok, await response.text())
          })
        const old = `${alias}-v1-1`
        yield* Effect.addFinalizer(() =>
          Effect.promise(() => fetch(`${server.url()}/${old}?ignore_unavailable=true`, { method: "DELETE" }))
        )
        const { growth: _growth, origin: _origin, ...properties } = mappings.properties
        yield* send("PUT", old, {
          mappings: { ...mappings, properties },
          aliases: { [alias]: {}, [`${old}-current`]: {}, [`${alias}-v1-current`]: {} }
        })
        for (const followers of [10, 20]) {
          const profile = profileOf(`account_${followers}`, { followers })
          const { growth: _of, origin: _all, ...document } = documentOf(profile)
          const first = { ...document, document: encodeProfile(profile) }
          yield* send("PUT", `${old}/_doc/${encodeURIComponent(document.id)}`, first)
        }

        const layer = ElasticsearchIndex.layerWith(settings)
        const refused = yield* Effect.flip(Effect.provide(SearchIndex, layer))
        assert.include(refused.message, "influscope reindex")
        assert.strictEqual((yield* reindexWith(settings)).to, madeIndex(alias, 2))
        const body = Effect.gen(function* () {
          const index = yield* SearchIndex
          const { id } = profileOf("account_10")
          const [known = Option.none()] = yield* index.getMany([id])
          assert.deepStrictEqual(
            Option.map(known, (stored) => stored._tag === "Present" && stored.profile),
            Option.some(profileOf("account_10", { followers: 10 }))
          )
          const profile = profileOf("account_10", { followers: 10, growth30: -3 })
          yield* index.bulk([{ profile, revision: Option.getOrUndefined(known)?.revision }])
          yield* index.refresh
          const { hits } = yield* index.search(queryOf("", { sort: "growth" }))
          assert.deepStrictEqual(
            hits.map(({ followers, growth30 }) => [followers, growth30]),
            [
              [10, -3],
              [20, null]
            ]
          )
        })
        yield* Effect.provide(body, layer)
      })
  )

  it.scopedLive(
    "leaves a program of the version before searching, and lets it write nothing into the new index",
    () =>
      Effect.gen(function* () {
        const settings = yield* fresh
        const { alias } = settings
        const [old, next] = [madeIndex(alias, 1), `${alias}-v999-2`]
        const send = (method: string, path: string, body: unknown) =>
          Effect.promise(async () => {
            const response = await fetch(`${server.url()}/${path}`, {
              method,
              headers: { "content-type": "application/json" },
              body: JSON.stringify(body)
            })
            assert.isTrue(response.ok, await response.text())
          })
        yield* Effect.addFinalizer(() =>
          Effect.promise(() => fetch(`${server.url()}/${next}?ignore_unavailable=true`, { method: "DELETE" }))
        )
        const body = Effect.gen(function* () {
          const index = yield* SearchIndex
          yield* write("known", 1)
          const [known = Option.none()] = yield* index.getMany([profileOf("known").id])
          const revision = Option.getOrUndefined(known)?.revision

          // What a later release's reindex does in the end.
          yield* send("PUT", next, { mappings })
          const document = documentOf(profileOf("known", { followers: 1 }))
          yield* send("PUT", `${next}/_doc/${encodeURIComponent(document.id)}?refresh=true`, document)
          const namesOf = (name: string, version: number) => [
            alias,
            `${name}-current`,
            `${alias}-v${version}-current`
          ]
          yield* send("POST", "_aliases", {
            actions: [
              ...namesOf(old, documentVersion).map((each) => ({ remove: { index: old, alias: each } })),
              ...namesOf(next, 999).map((each) => ({ add: { index: next, alias: each } }))
            ]
          })

          const { hits } = yield* index.search(queryOf("known"))
          assert.deepStrictEqual(
            hits.map(({ followers }) => followers),
            [1]
          )
          const unreadable = yield* Effect.flip(index.getMany([profileOf("known").id]))
          assert.strictEqual(unreadable.reason, "unavailable")
          // A consumer takes both for a moment's trouble, and its messages wait.
          for (const each of [
            { profile: profileOf("known", { followers: 2 }), revision },
            { profile: profileOf("new"), revision: undefined }
          ]) {
            const outcome = yield* Effect.either(index.bulk([each]))
            assert.notDeepEqual(outcome, Either.right(["written"]))
          }
          const count = yield* Effect.promise(async () =>
            (await fetch(`${server.url()}/${next}/_count`)).json()
          )
          assert.strictEqual(count.count, 1)
        })
        yield* Effect.provide(body, ElasticsearchIndex.layerWith(settings))
      })
  )
})
