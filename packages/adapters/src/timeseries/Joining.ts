import type { DataPoint } from "@influscope/domain/tracking/DataPoint"
import type { StorageError } from "@influscope/ports/StorageError"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"

type Points = ReadonlyArray<DataPoint>

export interface Writes {
  /** Answers how many were new. */
  readonly write: (points: Points) => Effect.Effect<number, StorageError>
  /** The same of each batch, all of them or none; undefined when none is written and each has to be by itself. */
  readonly writeTogether: (
    batches: ReadonlyArray<Points>
  ) => Effect.Effect<ReadonlyArray<number> | undefined, StorageError>
  /** Writes on their way at once; what comes meanwhile is joined. */
  readonly atOnce: number
  /** Of one write. */
  readonly mostPoints: number
}

interface Waiting {
  readonly points: Points
  readonly written: Deferred.Deferred<number, StorageError>
}

/** Writes batches that come at the same time together: to begin and commit a write costs as much as hundreds of points. */
export const makeJoining = ({
  atOnce,
  mostPoints,
  write,
  writeTogether
}: Writes): Effect.Effect<Writes["write"], never, Scope.Scope> =>
  Effect.map(Effect.scope, (scope) => {
    const waiting: Array<Waiting> = []
    let workers = 0
    let onTheirWay = 0

    const separately = (batches: ReadonlyArray<Waiting>) =>
      Effect.forEach(batches, ({ points, written }) => Effect.intoDeferred(write(points), written), {
        discard: true
      })

    const together = (batches: ReadonlyArray<Waiting>) =>
      Effect.gen(function* () {
        const exit = yield* Effect.exit(writeTogether(batches.map(({ points }) => points)))
        if (Exit.isSuccess(exit) && exit.value !== undefined) {
          for (const [place, { written }] of batches.entries())
            yield* Deferred.succeed(written, exit.value[place] ?? 0)
          return
        }
        const failure = Exit.isFailure(exit)
          ? Option.getOrUndefined(Cause.failureOption(exit.cause))
          : undefined
        // What is wrong with one of them is not to be the fault of all; that the store is down is nobody's.
        if (failure?.reason !== "unavailable" && failure?.reason !== "full") return yield* separately(batches)
        for (const { written } of batches) yield* Deferred.fail(written, failure)
      })

    /** What waits, or the part of it that leaves as much to each other write that is not on its way yet. */
    const next = (): ReadonlyArray<Waiting> => {
      const most = Math.ceil(waiting.length / (atOnce - onTheirWay))
      let batches = 0
      let points = 0
      for (; batches < most; batches++) {
        points += waiting[batches]?.points.length ?? 0
        if (batches > 0 && points > mostPoints) break
      }
      return waiting.splice(0, batches)
    }

    const writeNext = Effect.suspend(() => {
      const batches = next()
      onTheirWay++
      return Effect.ensuring(
        batches.length < 2 ? separately(batches) : together(batches),
        Effect.sync(() => {
          onTheirWay--
        })
      )
    })

    /** Not two steps: a batch that comes between them would wait for nobody. */
    const goesOn = (): boolean => {
      if (waiting.length > 0) return true
      workers--
      return false
    }

    return (points) =>
      Effect.gen(function* () {
        const written = yield* Deferred.make<number, StorageError>()
        waiting.push({ points, written })
        if (workers < atOnce) {
          workers++
          yield* Effect.forkIn(Effect.repeat(writeNext, { while: goesOn }), scope)
        }
        return yield* Deferred.await(written)
      })
  })
