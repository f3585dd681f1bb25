import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import type { Profile } from "@influscope/domain/Profile"
import type { SearchQuery } from "@influscope/domain/Search"
import { unique } from "@influscope/ports/conformance/Conformance"
import { queryOf } from "@influscope/ports/conformance/ProfileFixture"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Schema from "effect/Schema"
import { makeProfiles, makeQueries } from "../../../../bench/search/Corpus.ts"
import * as ElasticsearchIndex from "../../src/elasticsearch/ElasticsearchIndex.ts"
import { MemoryIndex } from "../../src/search/MemoryIndex.ts"
import { relevanceCases } from "../SearchRelevanceCases.ts"
import { relevanceCorpus } from "../SearchRelevanceCorpus.ts"
import { settingsFor, sharedServer } from "./ElasticsearchServer.ts"

const server = sharedServer()

const KnownAnswers = Schema.Struct({
  _all: Schema.Struct({
    total: Schema.Struct({ request_cache: Schema.Struct({ hit_count: Schema.Number }) })
  })
})

/** Both indices over the same profiles. */
const filled = (profiles: ReadonlyArray<Profile>) => {
  const alias = unique("profiles")
  const runtime = ManagedRuntime.make(
    ElasticsearchIndex.layerWithEffect(Effect.sync(() => settingsFor(server.url(), alias)))
  )
  const embedded = new MemoryIndex()
  beforeAll(async () => {
    embedded.upsert(profiles.map((profile, at) => ({ row: at + 1, profile })))
    await runtime.runPromise(
      Effect.gen(function* () {
        const index = yield* SearchIndex
        for (let at = 0; at < profiles.length; at += 500)
          yield* index.bulk(profiles.slice(at, at + 500).map((profile) => ({ profile, revision: undefined })))
        yield* index.refresh
      })
    )
  }, 120_000)
  afterAll(() => runtime.dispose())
  return {
    find: (query: SearchQuery) =>
      Effect.flatMap(runtime.runtimeEffect, (services) =>
        Effect.provide(
          Effect.flatMap(SearchIndex, (index) => index.search(query)),
          services
        )
      ),
    /** How often Elasticsearch had an answer already. */
    known: Effect.promise(async () =>
      (await fetch(`${server.url()}/${alias}/_stats/request_cache`)).json()
    ).pipe(
      Effect.flatMap(Schema.decodeUnknown(KnownAnswers)),
      Effect.map((stats) => stats._all.total.request_cache.hit_count)
    ),
    expect: (query: SearchQuery) => {
      const { facets, hits, total } = embedded.search(query, undefined)
      return {
        facets,
        total,
        hits: hits.map(({ row, score }) => ({ id: profiles[row - 1]?.id, score }))
      }
    }
  }
}

const judged = filled(relevanceCorpus)
relevanceCases("Elasticsearch", (q) =>
  Effect.map(judged.find(queryOf(q, { limit: 10 })), ({ hits }) => hits.map((hit) => hit.id))
)

describe("Elasticsearch and the embedded index", () => {
  const profiles = makeProfiles(5_000, 11)
  const both = filled(profiles)

  /** Scores are on the same scale, from another zero. */
  const fromFirst = (hits: ReadonlyArray<{ readonly id: string | undefined; readonly score: number }>) =>
    hits.map(({ id, score }) => [id, score - (hits[0]?.score ?? 0)] as const)

  it.live("find the same profiles in the same order, with the same counts and distances of scores", () =>
    Effect.gen(function* () {
      for (const { kind, query } of makeQueries(profiles, 300, 5)) {
        const found = yield* both.find(query)
        const expected = both.expect(query)
        const label = `${kind} ${JSON.stringify(query)}`
        assert.strictEqual(found.total, expected.total, label)
        assert.deepStrictEqual(fromFirst(found.hits), fromFirst(expected.hits), label)
        assert.deepStrictEqual(found.facets, expected.facets, label)
      }
    })
  )

  it.live("count once for all pages and orders of a query", () =>
    Effect.gen(function* () {
      const first = yield* both.find(queryOf("fashion", { limit: 10 }))
      assert.isAbove(first.total, 20)
      const before = yield* both.known
      const second = yield* both.find(queryOf("fashion", { limit: 10, cursor: first.nextCursor ?? "" }))
      const ordered = yield* both.find(queryOf("fashion", { limit: 5, sort: "engagement" }))
      assert.strictEqual((yield* both.known) - before, 2)
      for (const { facets, total } of [second, ordered])
        assert.deepStrictEqual({ facets, total }, { facets: first.facets, total: first.total })
    })
  )
})
