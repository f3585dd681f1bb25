import * as BunRuntime from "@effect/platform-bun/BunRuntime"
import { Client, HttpConnection } from "@elastic/elasticsearch"
import { StorageError } from "@influscope/ports/StorageError"
import { scoped } from "@influscope/stack/Supervisor"
import { elasticsearch } from "@influscope/stack/servers/Elasticsearch"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { makeProfiles } from "../../../../bench/search/Corpus.ts"
import { documentOf } from "../../src/elasticsearch/IndexedDocument.ts"
import { indexSettings, mappings } from "../../src/elasticsearch/Mapping.ts"
import { makeRefresher } from "../../src/elasticsearch/Refresher.ts"

// bun packages/adapters/test/elasticsearch/measureRefresh.ts: how fast batches of 500 are written by four writers until
// they can be searched, by the way in which they are made visible, and what that costs the server. The ways take turns,
// each with its own index.

const batchSize = 500
const writers = 4
/** The first one warms up and does not count. */
const rounds = 4
const perRound = 10_000

const ways = [
  { name: "nobody waits (control)", refresh: false, interval: "1s", coalesced: false },
  { name: "refresh=true", refresh: true, interval: "1s", coalesced: false },
  { name: "wait_for, interval 1s", refresh: "wait_for", interval: "1s", coalesced: false },
  { name: "wait_for, interval 100ms", refresh: "wait_for", interval: "100ms", coalesced: false },
  { name: "one refresh for all who wait", refresh: false, interval: "1s", coalesced: true },
  { name: "nobody waits, interval 5s", refresh: false, interval: "5s", coalesced: false }
] as const

const percentile = (values: ReadonlyArray<number>, share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0

const attempt = <A>(use: () => Promise<A>): Effect.Effect<A, StorageError> =>
  Effect.tryPromise({
    try: use,
    catch: (cause) => new StorageError({ reason: "unavailable", operation: "measure", cause })
  })

const program = Effect.gen(function* () {
  const directory = yield* temporaryDirectory
  const { where } = yield* scoped(elasticsearch, { directory })
  const client = new Client({
    node: elasticsearch.environment(where)["ELASTICSEARCH_URL"] ?? "",
    Connection: HttpConnection,
    maxRetries: 0
  })
  const documents = makeProfiles(perRound * rounds, 3).map(documentOf)
  const rates = new Map<string, Array<number>>()
  const latencies = new Map<string, Array<number>>()
  /** Milliseconds the server has computed; not stretched by whatever else runs here. */
  const cpu = new Map<string, number>()
  const cpuNow = attempt(async () => {
    const { nodes } = await client.nodes.stats({ metric: "process" })
    return Object.values(nodes)[0]?.process?.cpu?.total_in_millis ?? 0
  })

  for (const [at, { interval }] of ways.entries())
    yield* attempt(() =>
      client.indices.create({
        index: `way-${at}`,
        mappings,
        settings: { ...indexSettings, refresh_interval: interval }
      })
    )
  for (let round = 0; round < rounds; round++)
    for (const [at, way] of ways.entries()) {
      const refresh = yield* makeRefresher(
        Effect.asVoid(attempt(() => client.indices.refresh({ index: `way-${at}` })))
      )
      const batches = Array.from({ length: perRound / batchSize }, (_, batch) =>
        documents.slice(round * perRound + batch * batchSize, round * perRound + (batch + 1) * batchSize)
      )
      const write = (batch: typeof documents) =>
        attempt(() =>
          client.bulk({
            refresh: way.refresh,
            operations: batch.flatMap((document) => [
              { create: { _index: `way-${at}`, _id: document.id } },
              document
            ])
          })
        ).pipe(Effect.zipRight(way.coalesced ? refresh : Effect.void))
      const before = yield* cpuNow
      const [took] = yield* Effect.timed(
        Effect.forEach(
          batches,
          (batch) =>
            Effect.map(Effect.timed(write(batch)), ([each]) => {
              latencies.set(way.name, [...(latencies.get(way.name) ?? []), Duration.toMillis(each)])
            }),
          { concurrency: writers }
        )
      )
      if (round === 0) {
        latencies.delete(way.name)
        continue
      }
      cpu.set(way.name, (cpu.get(way.name) ?? 0) + (yield* cpuNow) - before)
      rates.set(way.name, [...(rates.get(way.name) ?? []), perRound / Duration.toSeconds(took)])
    }
  for (const [at, { name }] of ways.entries()) {
    const stats = yield* attempt(() =>
      client.indices.stats({ index: `way-${at}`, metric: ["refresh", "store"] })
    )
    const refreshes = stats._all.primaries?.refresh?.external_total ?? 0
    const bytes = stats._all.primaries?.store?.size_in_bytes ?? 0
    const each = latencies.get(name) ?? []
    yield* Effect.log(
      `${name}: ${Math.round(percentile(rates.get(name) ?? [], 0.5))} profiles/s (rounds ${(rates.get(name) ?? []).map(Math.round).join(", ")}), a batch ${Math.round(percentile(each, 0.5))} ms, p95 ${Math.round(percentile(each, 0.95))} ms, ${Math.round((cpu.get(name) ?? 0) / ((perRound * (rounds - 1)) / 1_000))} ms of CPU for 1,000 profiles, ${refreshes} refreshes, ${Math.round(bytes / perRound / rounds)} bytes each`
    )
  }
  yield* attempt(() => client.close())
})

BunRuntime.runMain(Effect.scoped(program))
