import { StateStore } from "@influscope/ports/StateStore"
import type { StorageError } from "@influscope/ports/StorageError"
import { corrupt, readStored } from "@influscope/ports/StoredJson"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"

/** Jobs of a kind that are remembered, newest first; older ones are forgotten when they are over. */
export const maxRememberedJobs = 100

/** How a job waits for a store that fails: soon at first, then every ten seconds, for as long as it takes. */
export const retryStorage = Schedule.exponential("200 millis").pipe(
  Schedule.union(Schedule.spaced("10 seconds")),
  Schedule.jittered,
  Schedule.resetAfter("1 minute")
)

const Ids = Schema.parseJson(Schema.Array(Schema.String))

/** Keeps the jobs of one kind in the state store, with a list of the latest. */
export interface JobStore<A> {
  /** Fails with `corrupt` when what is stored is no job. */
  readonly get: (id: string) => Effect.Effect<Option.Option<A>, StorageError>
  readonly set: (job: A) => Effect.Effect<void, StorageError>
  /** Newest first. A job that cannot be read is left out, with a line in the log. */
  readonly list: Effect.Effect<ReadonlyArray<A>, StorageError>
}

const make = <A extends { readonly id: string }, I>(
  kind: string,
  schema: Schema.Schema<A, I>,
  isOver: (job: A) => boolean
): Effect.Effect<JobStore<A>, never, StateStore> =>
  Effect.gen(function* () {
    const state = yield* StateStore
    const json = Schema.parseJson(schema)
    const listKey = `${kind}/latest`
    const keyOf = (id: string) => `${kind}/job/${id}`
    const lock = yield* Effect.makeSemaphore(1)
    const remembered = new Set<string>()

    const get: JobStore<A>["get"] = (id) => readStored(state, keyOf(id), json, `reading job ${id}`)

    const latest = Effect.map(
      readStored(state, listKey, Ids),
      Option.getOrElse((): ReadonlyArray<string> => [])
    )

    /** One job that cannot be read must not hide the others. */
    const readable = (id: string) =>
      get(id).pipe(
        Effect.catchIf(
          (error) => error.reason === "corrupt",
          (error) =>
            Effect.as(Effect.logError("A stored job cannot be read", error.message), Option.none<A>())
        )
      )

    /** Of the jobs beyond the latest, those that still have something to do. */
    const unfinished = (ids: ReadonlyArray<string>) =>
      Effect.filter(
        ids,
        (id) =>
          Effect.map(
            readable(id),
            Option.exists((job) => !isOver(job))
          ),
        {
          concurrency: 8
        }
      )

    const remember = (id: string) =>
      Effect.gen(function* () {
        if (remembered.has(id)) return
        const known = yield* latest
        if (!known.includes(id)) {
          const older = known.slice(maxRememberedJobs - 1)
          const kept = yield* unfinished(older)
          const forgotten = older.filter((old) => !kept.includes(old))
          // The list goes last: an entry without its job does no harm, a job without its entry stays for ever.
          yield* Effect.forEach(forgotten, (old) => state.delete(keyOf(old)), { discard: true })
          yield* state.set(listKey, JSON.stringify([id, ...known.slice(0, maxRememberedJobs - 1), ...kept]))
          for (const old of forgotten) remembered.delete(old)
        }
        remembered.add(id)
      }).pipe(lock.withPermits(1))

    const set: JobStore<A>["set"] = (job) =>
      Effect.gen(function* () {
        const value = yield* Effect.mapError(Schema.encode(json)(job), corrupt(`writing job ${job.id}`))
        yield* state.set(keyOf(job.id), value)
        yield* remember(job.id)
      })

    const list = Effect.flatMap(latest, (known) =>
      Effect.map(Effect.forEach(known, readable, { concurrency: 8 }), (jobs) => jobs.flatMap(Option.toArray))
    )

    return { get, set, list }
  })

export const JobStore = { make }
