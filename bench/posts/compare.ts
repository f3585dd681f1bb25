/**
 * How fast posts are stored and read, store by store:
 *   bun bench/posts/compare.ts [--posts 20000] [--batch 500] [--rounds 5] [--mix 4400] [--reads 8000] [--authors 300]
 *     [--clients 16] [--seed 7] [--ratio 0.6] [--store all|sqlite|postgresql|cassandra] [--no-gate]
 * 1. Ingest: `posts` new posts in batches, by PostStore and by a plain program that writes the same rows into tables of
 *    its own in the same server with its driver, in turns; the ratio of speeds is the median of the rounds'.
 * 2. A mix of ten writes of one post and one read of an author's newest twenty, by `clients` at the same time.
 * 3. Reads of one post by id, four of five among a fifth of the posts, without a cache, through one in memory and through
 *    Redis behind a sidecar.
 * Prints the figures and writes bench/results/posts.json.
 */
import { join } from "node:path"
import { Post, type PostId } from "@influscope/domain/posts/Post"
import type { Cache } from "@influscope/ports/Cache"
import { PostStore } from "@influscope/ports/PostStore"
import * as ReadThrough from "@influscope/ports/ReadThrough"
import * as Arr from "effect/Array"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { readArguments } from "../support/Arguments.ts"
import { inDirectory } from "../support/Directory.ts"
import { load } from "../support/Machine.ts"
import { median, rounded, spreadOf } from "../support/Numbers.ts"
import { conclude, print, printMachine, table } from "../support/Report.ts"
import { makeCaches } from "./Caches.ts"
import { authorOf, makeFeed } from "./Feed.ts"
import { type Contender, stores } from "./Stores.ts"

const { gate, numbers, word } = readArguments(
  {
    posts: 20_000,
    batch: 500,
    rounds: 5,
    mix: 4_400,
    reads: 8_000,
    authors: 300,
    clients: 16,
    seed: 7,
    ratio: 0.6
  },
  { store: ["all", ...Object.keys(stores)] }
)

const secondsOf = <E, R>(work: Effect.Effect<unknown, E, R>): Effect.Effect<number, E, R> =>
  Effect.map(Effect.timed(work), ([duration]) => Duration.toSeconds(duration))

const millisOf = <E, R>(work: Effect.Effect<unknown, E, R>): Effect.Effect<number, E, R> =>
  Effect.map(secondsOf(work), (seconds) => 1_000 * seconds)

const ingest = Effect.fnUntraced(function* ({ bare, writers }: Contender) {
  const store = yield* PostStore
  const inBatches = <E>(
    posts: ReadonlyArray<Post>,
    write: (some: ReadonlyArray<Post>) => Effect.Effect<void, E>
  ) =>
    secondsOf(
      Effect.forEach(Arr.chunksOf(posts, numbers.batch), write, { concurrency: writers, discard: true })
    )
  const rounds = []
  // The first round warms up and does not count.
  for (let round = 0; round <= numbers.rounds; round++) {
    const posts = makeFeed(numbers.seed * 1_000 + round, numbers.authors).take(numbers.posts)
    const loadBefore = load()[0]
    const plain = inBatches(posts, (some) => Effect.promise(() => bare(some)))
    const ours = inBatches(posts, store.put)
    const bareFirst = round % 2 === 0 ? yield* plain : undefined
    const storeSeconds = yield* ours
    const bareSeconds = bareFirst ?? (yield* plain)
    if (round > 0)
      rounds.push({ storeSeconds, bareSeconds, ratio: rounded(bareSeconds / storeSeconds), loadBefore })
  }
  return {
    rounds,
    postsPerSecond: Math.round(numbers.posts / median(rounds.map(({ storeSeconds }) => storeSeconds))),
    barePerSecond: Math.round(numbers.posts / median(rounds.map(({ bareSeconds }) => bareSeconds))),
    ratio: rounded(median(rounds.map(({ ratio }) => ratio)))
  }
})

const mix = Effect.gen(function* () {
  const store = yield* PostStore
  const feed = makeFeed(numbers.seed * 1_000 + 999, numbers.authors)
  const writes: Array<number> = []
  const reads: Array<number> = []
  const seconds = yield* secondsOf(
    Effect.forEach(
      Arr.range(1, numbers.mix),
      (at) =>
        at % 11 === 0
          ? Effect.map(millisOf(store.page(authorOf(feed.someAuthor()), undefined, 20)), (millis) =>
              reads.push(millis)
            )
          : Effect.map(
              Effect.suspend(() => millisOf(store.put([feed.next()]))),
              (millis) => writes.push(millis)
            ),
      { concurrency: numbers.clients, discard: true }
    )
  )
  return {
    perSecond: Math.round(numbers.mix / seconds),
    writeMs: spreadOf(writes),
    readMs: spreadOf(reads)
  }
})

/** Reads of one post, as the service answers them, through a cache. */
const readsThrough = ({ name }: Contender, ids: ReadonlyArray<PostId>, cache: Layer.Layer<Cache, unknown>) =>
  Effect.gen(function* () {
    const store = yield* PostStore
    const outcomes: Record<ReadThrough.CacheOutcome, number> = { hit: 0, miss: 0, shared: 0, failed: 0 }
    const { get } = yield* ReadThrough.make({
      name,
      keyOf: (id: PostId) => id,
      schema: Schema.parseJson(Post),
      timeToLive: "10 minutes",
      count: (outcome) =>
        Effect.sync(() => {
          outcomes[outcome]++
        }),
      read: (id) =>
        Effect.map(store.getMany([id]), ([found = Option.none()]) => Option.map(found, ({ post }) => post))
    })
    const { below } = makeFeed(numbers.seed, numbers.authors)
    const someId = (): PostId | undefined =>
      ids[below(5) === 0 ? below(ids.length) : below(Math.ceil(ids.length / 5))]
    const millis: Array<number> = []
    for (const counts of [false, true])
      yield* Effect.forEach(
        Arr.range(1, numbers.reads),
        () =>
          Effect.suspend(() => {
            const id = someId()
            if (id === undefined) return Effect.void
            return Effect.map(millisOf(get(id)), (time) => {
              if (counts) millis.push(time)
            })
          }),
        { concurrency: numbers.clients, discard: true }
      )
    return { ms: spreadOf(millis), outcomes }
  }).pipe(Effect.scoped, Effect.provide(cache))

const measure = (contender: Contender, caches: Readonly<Record<string, Layer.Layer<Cache, unknown>>>) =>
  Effect.gen(function* () {
    const ingested = yield* ingest(contender)
    print(
      `${contender.name}: ${ingested.postsPerSecond} posts a second, bare ${ingested.barePerSecond}; ratio ${ingested.ratio}`
    )
    const mixed = yield* mix
    const ids = makeFeed(numbers.seed * 1_000 + 1, numbers.authors)
      .take(Math.min(numbers.posts, 5_000))
      .map(({ id }) => id)
    const reads: Record<string, Effect.Effect.Success<ReturnType<typeof readsThrough>>> = {}
    for (const [name, cache] of Object.entries(caches))
      reads[name] = yield* readsThrough(contender, ids, cache)
    return { name: contender.name, ingest: ingested, mix: mixed, reads }
  }).pipe(Effect.provide(contender.layer))

printMachine()
const chosen = Object.entries(stores).filter(([name]) => ["all", name].includes(word("store")))
const results = await inDirectory((directory) =>
  Effect.gen(function* () {
    const caches = yield* makeCaches(directory)
    return yield* Effect.forEach(chosen, ([name, open]) =>
      Effect.scoped(Effect.flatMap(open(join(directory, name)), (contender) => measure(contender, caches)))
    )
  }).pipe(Effect.scoped, Effect.runPromise)
)

print(`\n${numbers.posts} posts in batches of ${numbers.batch}`)
table(
  ["store", "round", "load", "store s", "bare s", "ratio"],
  results.flatMap(({ ingest, name }) =>
    ingest.rounds.map(({ bareSeconds, loadBefore, ratio, storeSeconds }, round) => [
      name,
      round + 1,
      loadBefore,
      rounded(storeSeconds),
      rounded(bareSeconds),
      ratio
    ])
  )
)
print(`\nten writes of a post to one read of twenty, ${numbers.clients} clients; milliseconds`)
table(
  ["store", "operations/s", "write p50", "write p95", "read p50", "read p95"],
  results.map(({ mix, name }) => [
    name,
    mix.perSecond,
    mix.writeMs.p50,
    mix.writeMs.p95,
    mix.readMs.p50,
    mix.readMs.p95
  ])
)
print("\nreads of one post by id; milliseconds")
table(
  ["store", "cache", "p50", "p95", "p99", "hits"],
  results.flatMap(({ name, reads }) =>
    Object.entries(reads).map(([cache, { ms, outcomes }]) => [
      name,
      cache,
      ms.p50,
      ms.p95,
      ms.p99,
      outcomes.hit
    ])
  )
)
await conclude(
  "posts",
  { arguments: numbers, results },
  results.map(({ ingest, name }) => ({
    what: `${name}: speed of ingest over that of its bare driver`,
    required: `>= ${numbers.ratio}`,
    measured: ingest.ratio,
    met: ingest.ratio >= numbers.ratio
  })),
  gate
)
