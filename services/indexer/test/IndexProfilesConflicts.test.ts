import { assert, describe, it } from "@effect/vitest"
import { mergeObservation } from "@influscope/domain/Profile"
import { EngagementAnalytics } from "@influscope/ports/EngagementAnalytics"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { IndexProfiles } from "../src/IndexProfiles.ts"
import {
  allProfiles,
  analytics,
  apply,
  content,
  counts,
  freshIndex,
  idOf,
  observe,
  onFreshIndex,
  profileOf,
  total
} from "./Embedded.ts"

describe("indexing beside other writers", () => {
  /** Analytics that takes its time, so that writers come between the read and the write of each other. */
  const slowAnalytics = (turns: number) =>
    Layer.effect(
      EngagementAnalytics,
      Effect.map(EngagementAnalytics, (inner) => ({
        computeBatch: (inputs) =>
          Effect.zipRight(Effect.repeatN(Effect.yieldNow(), turns), inner.computeBatch(inputs))
      }))
    ).pipe(Layer.provide(analytics))

  const watched = () => {
    let conflicts = 0
    const layer = Layer.effect(
      SearchIndex,
      Effect.map(SearchIndex, (inner) => ({
        ...inner,
        bulk: (writes: Parameters<typeof inner.bulk>[0]) =>
          Effect.tap(inner.bulk(writes), (outcomes) =>
            Effect.sync(() => {
              conflicts += outcomes.filter((outcome) => outcome === "conflict").length
            })
          )
      }))
    )
    return { layer, conflicts: () => conflicts }
  }

  it.scoped("loses no statement when several write the same profiles at once", () => {
    const index = watched()
    return Effect.gen(function* () {
      const handles = ["a", "b", "c"]
      const writers = [0, 1, 2, 3].map((writer) =>
        Array.from({ length: 5 }, (_, round) =>
          handles.map((handle, place) =>
            observe(
              handle,
              writer === 0
                ? { followers: round }
                : writer === 1
                  ? { avgLikes: round }
                  : { bio: `${writer} ${round}` },
              { observedAt: round, ingestedAt: 1_000 + writer, ordinal: round * 3 + place }
            )
          )
        )
      )
      const answers = yield* Effect.forEach(
        writers,
        // As the queue does: a batch that asks for it is delivered again.
        (batches) => Effect.forEach(batches, (batch) => Effect.retry(apply(...batch), { times: 100 })),
        { concurrency: 4 }
      )
      assert.isAbove(index.conflicts(), 0, "the writers did meet")
      assert.strictEqual(
        answers.flat().reduce((sum, answer) => sum + answer.created, 0),
        handles.length
      )
      for (const answer of answers.flat()) {
        assert.strictEqual(total(answer), handles.length)
        assert.isAtLeast(Math.min(answer.created, answer.updated, answer.unchanged), 0)
      }
      const raced = (yield* allProfiles).map(content)
      const alone = yield* Effect.forEach(writers.flat(), (batch) => apply(...batch)).pipe(
        Effect.zipRight(allProfiles),
        Effect.provide(onFreshIndex)
      )
      assert.deepStrictEqual(raced, alone.map(content))
    }).pipe(
      Effect.provide(
        IndexProfiles.Default.pipe(
          Layer.provideMerge(index.layer),
          Layer.provide(Layer.merge(freshIndex, slowAnalytics(3)))
        )
      )
    )
  })

  /** Somebody else writes an account each time right before we do, until it is told to stop. */
  const rival = (handle: string) => {
    let rounds = 0
    let active = true
    const layer = Layer.effect(
      SearchIndex,
      Effect.map(SearchIndex, (inner) => ({
        ...inner,
        bulk: (writes: Parameters<typeof inner.bulk>[0]) =>
          Effect.gen(function* () {
            const ours = writes.find(({ profile }) => profile.id === idOf(handle))
            if (active && ours !== undefined) {
              rounds += 1
              const said = observe(handle, { posts: rounds }, { observedAt: 1, ordinal: rounds })
              const theirs = {
                ...mergeObservation(undefined, said).profile,
                engagement: ours.profile.engagement
              }
              assert.deepStrictEqual(yield* inner.bulk([{ ...ours, profile: theirs }]), ["written"])
            }
            return yield* inner.bulk(writes)
          })
      }))
    )
    return {
      layer,
      rounds: () => rounds,
      stop: () => {
        active = false
      }
    }
  }

  it.scoped("gives the batch back when somebody else is always faster, and then applies it whole", () => {
    const other = rival("contested")
    return Effect.gen(function* () {
      const batch = [
        observe("contested", { followers: 1 }),
        observe("free", { followers: 2 }, { ordinal: 1 })
      ]
      const error = yield* Effect.flip(apply(...batch))
      assert.strictEqual(error._tag, "Retry")
      assert.include(error.reason, "1 profiles")
      assert.strictEqual(other.rounds(), 5)
      assert.deepStrictEqual((yield* profileOf("contested"))?.fields, { posts: 5 })
      assert.deepStrictEqual((yield* profileOf("free"))?.fields, { followers: 2 })
      other.stop()
      assert.deepStrictEqual(yield* apply(...batch), counts(1, 1))
      assert.deepStrictEqual((yield* profileOf("contested"))?.fields, { followers: 1, posts: 5 })
    }).pipe(
      Effect.provide(
        IndexProfiles.Default.pipe(
          Layer.provideMerge(other.layer),
          Layer.provide(Layer.merge(freshIndex, analytics))
        )
      )
    )
  })
})
