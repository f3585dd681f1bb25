import { assert, describe, it } from "@effect/vitest"
import type { DiscoveryParams } from "@influscope/domain/api/OperationsApi"
import { Discoveries } from "@influscope/ports/Discoveries"
import { ObjectStore } from "@influscope/ports/ObjectStore"
import { Outbox } from "@influscope/ports/Outbox"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { type FoundProfile, type Source, SourceFailed, Sources } from "../src/Sources.ts"
import { awaitDiscovery, embedded, indexed } from "./Embedded.ts"
import { crashAt, failing } from "./Troubles.ts"

/** Whoever finds an overdue batch at the start sends it at once. */
const settings = { INFLUSCOPE_RELAY_GRACE: "1 millis" }

const profileAt = (place: number): FoundProfile => ({
  place,
  platform: "youtube",
  handle: `channel_${place}`,
  fields: { followers: 100 + place },
  observedAt: undefined,
  avatar: undefined
})

const registered = (...sources: ReadonlyArray<Source>) =>
  Layer.scopedDiscard(
    Effect.flatMap(Sources, ({ register }) => Effect.forEach(sources, register, { discard: true }))
  )

const isUsable = (place: number): boolean => place % 13 !== 4

/** A source with places that hold nothing; it remembers what it was asked for. */
const gapped = (asked: Array<DiscoveryParams>): Source => ({
  name: "gapped",
  discover: (params) => {
    asked.push(params)
    return Stream.range(params.offset, params.offset + params.count - 1).pipe(
      Stream.filter(isUsable),
      Stream.map(profileAt),
      Stream.rechunk(7)
    )
  }
})

const start = (params: Partial<DiscoveryParams>) =>
  Effect.flatMap(Discoveries, (discoveries) =>
    discoveries.start({ source: "gapped", count: 10, offset: 0, seed: 1, ...params })
  )

describe("a discovery", () => {
  it.scopedLive("brings what its source finds into the index, avatars first", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* Effect.gen(function* () {
        const objects = yield* ObjectStore
        const started = yield* start({ source: "synthetic", count: 620, seed: 7 })
        assert.deepStrictEqual([started.state, started.count, started.failure], ["running", 620, null])
        const job = yield* awaitDiscovery(started.id)
        assert.deepStrictEqual(
          [job.state, job.discovered, job.indexed, job.failure],
          ["done", 620, 620, null]
        )
        const profiles = yield* indexed
        assert.strictEqual(profiles.size, 620)
        for (const { fields, provenance } of profiles.values()) {
          assert.strictEqual(provenance.followers?.source, "synthetic")
          const avatar = yield* objects.get(fields.avatarKey ?? "none")
          assert.strictEqual(Option.getOrThrow(avatar).contentType, "image/png")
        }
      }).pipe(Effect.provide(embedded(directory)))
    })
  )

  it.scopedLive("of an unknown source is refused with the sources there are", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const error = yield* Effect.flip(start({ source: "nowhere" })).pipe(
        Effect.provide(embedded(directory, { sources: registered(gapped([])) }))
      )
      assert.deepStrictEqual(error._tag === "UnknownSource" ? [error.source, error.known] : error, [
        "nowhere",
        ["gapped"]
      ])
    })
  )

  it.scopedLive("is refused while a hundred others wait, and taken again after them", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const release = yield* Deferred.make<void>()
      const slow: Source = {
        name: "slow",
        discover: () => Stream.execute(Deferred.await(release))
      }
      yield* Effect.gen(function* () {
        const ids = yield* Effect.forEach(Array.from({ length: 100 }), () => start({ source: "slow" }))
        const refused = yield* Effect.flip(start({ source: "slow" }))
        assert.deepInclude(refused, { _tag: "DiscoveriesBusy", waiting: 100 })
        yield* Deferred.succeed(release, undefined)
        yield* Effect.forEach(ids, ({ id }) => awaitDiscovery(id), { discard: true })
        assert.strictEqual((yield* start({ source: "slow" })).state, "running")
      }).pipe(Effect.provide(embedded(directory, { sources: registered(slow) })))
    })
  )

  it.scopedLive("whose source fails in the middle keeps what it found and says why", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const detail = "The provider has gone home."
      const tired: Source = {
        name: "tired",
        discover: ({ offset }) =>
          Stream.range(offset, offset + 699).pipe(
            Stream.map(profileAt),
            Stream.concat(Stream.fail(new SourceFailed({ source: "tired", detail })))
          )
      }
      yield* Effect.gen(function* () {
        const outbox = yield* Outbox
        const { id } = yield* start({ source: "tired", count: 5_000 })
        const job = yield* awaitDiscovery(id)
        assert.deepStrictEqual([job.state, job.discovered, job.failure], ["failed", 700, detail])
        yield* Effect.repeat(outbox.progress(id), { until: ({ confirmedBatches }) => confirmedBatches === 2 })
        assert.strictEqual((yield* indexed).size, 700)
      }).pipe(Effect.provide(embedded(directory, { sources: registered(tired) })))
      // It stays failed: nobody asks the provider again.
      yield* Effect.gen(function* () {
        const outbox = yield* Outbox
        assert.strictEqual((yield* outbox.audit(0))[0]?.sentBatches, 2)
      }).pipe(Effect.provide(embedded(directory, { sources: registered(tired) })))
    })
  )

  it.scopedLive("whose source breaks by a mistake of ours ends too, and others go on", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const broken: Source = {
        name: "broken",
        discover: () => Stream.concat(Stream.make(profileAt(0)), Stream.die("a mistake"))
      }
      yield* Effect.gen(function* () {
        const jobs = yield* Effect.forEach([1, 2, 3], () => start({ source: "broken" }))
        for (const { id } of jobs) {
          const job = yield* awaitDiscovery(id)
          assert.strictEqual(job.state, "failed")
          assert.match(job.failure ?? "", /error on our side/)
        }
        assert.strictEqual((yield* awaitDiscovery((yield* start({})).id)).state, "done")
      }).pipe(Effect.provide(embedded(directory, { sources: registered(broken, gapped([])) })))
    })
  )

  it.scopedLive("waits its turn: two run at a time", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const open = yield* Deferred.make<void>()
      let running = 0
      let most = 0
      const slow: Source = {
        name: "slow",
        discover: ({ offset }) =>
          Stream.fromEffect(
            Effect.suspend(() => {
              most = Math.max(most, ++running)
              return Deferred.await(open)
            })
          ).pipe(
            Stream.as(profileAt(offset)),
            Stream.ensuring(
              Effect.sync(() => {
                running--
              })
            )
          )
      }
      yield* Effect.gen(function* () {
        const jobs = yield* Effect.forEach([1, 2, 3, 4, 5], (offset) => start({ source: "slow", offset }))
        yield* Effect.repeat(Effect.yieldNow(), { until: () => running === 2 })
        yield* Deferred.succeed(open, undefined)
        for (const { id } of jobs) assert.strictEqual((yield* awaitDiscovery(id)).state, "done")
        assert.strictEqual(most, 2)
      }).pipe(Effect.provide(embedded(directory, { sources: registered(slow) })))
    })
  )
})

describe("a discovery that is stopped", () => {
  const count = 2_600
  const offset = 300
  const wanted = Array.from({ length: count }, (_, at) => offset + at).filter(isUsable)

  it.scopedLive(
    "at any moment goes on behind what is safe and finds every profile once",
    () =>
      Effect.gen(function* () {
        for (const moments of [[1], [3, 2], [4, 5, 6, 7], [9, 8, 11], [13, 6, 6, 5, 9], [30]]) {
          const directory = yield* temporaryDirectory
          const asked: Array<DiscoveryParams> = []
          const sources = registered(gapped(asked))
          const first = yield* crashAt(1)
          const { id } = yield* Effect.zipLeft(first.spare(start({ count, offset })), first.crashed).pipe(
            Effect.provide(embedded(directory, { settings, sources, trouble: first.trouble }))
          )
          for (const moment of moments) {
            const { crashed, trouble } = yield* crashAt(moment)
            yield* Effect.raceFirst(crashed, awaitDiscovery(id)).pipe(
              Effect.provide(embedded(directory, { settings, sources, trouble }))
            )
          }
          yield* Effect.gen(function* () {
            const outbox = yield* Outbox
            const job = yield* awaitDiscovery(id)
            assert.deepStrictEqual([job.state, job.failure], ["done", null])
            assert.deepStrictEqual([job.discovered, job.indexed], [wanted.length, wanted.length])
            const progress = yield* outbox.progress(id)
            assert.deepStrictEqual(
              [progress.items, progress.created, progress.batches],
              [wanted.length, wanted.length, Math.ceil(wanted.length / 500)]
            )
            const handles = [...(yield* indexed).values()].map(({ handle }) => handle)
            assert.sameMembers(
              handles,
              wanted.map((place) => `channel_${place}`)
            )
          }).pipe(Effect.provide(embedded(directory, { settings, sources })))
          for (const params of asked) {
            assert.strictEqual(params.offset + params.count, offset + count)
            assert.isAtLeast(params.offset, offset)
          }
        }
      }),
    120_000
  )

  it.scopedLive("and whose source is there no more says so", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const { crashed, spare, trouble } = yield* crashAt(6)
      const { id } = yield* Effect.zipLeft(spare(start({ count })), crashed).pipe(
        Effect.provide(embedded(directory, { settings, sources: registered(gapped([])), trouble }))
      )
      yield* Effect.gen(function* () {
        const job = yield* awaitDiscovery(id)
        assert.strictEqual(job.state, "failed")
        assert.match(job.failure ?? "", /no source named gapped; there is synthetic\./)
      }).pipe(Effect.provide(embedded(directory, { settings })))
    })
  )

  it.scopedLive("by a failing store goes on when it is back", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const asked: Array<DiscoveryParams> = []
      const trouble = failing(
        (operation, number) =>
          (operation === "append" && number === 2) || (operation === "set state" && number === 4)
      )
      yield* Effect.gen(function* () {
        const outbox = yield* Outbox
        const { id } = yield* start({ count, offset })
        const job = yield* awaitDiscovery(id)
        assert.deepStrictEqual(
          [job.state, job.discovered, job.indexed],
          ["done", wanted.length, wanted.length]
        )
        assert.strictEqual((yield* outbox.progress(id)).items, wanted.length)
        assert.lengthOf(asked, 3)
      }).pipe(Effect.provide(embedded(directory, { settings, sources: registered(gapped(asked)), trouble })))
    })
  )
})
