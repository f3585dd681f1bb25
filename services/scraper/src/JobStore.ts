import { StateStore } from "@influscope/ports/StateStore"
import { StorageError } from "@influscope/ports/StorageError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** Jobs of a kind that are remembered, newest first; older ones are forgotten. */
export const maxRememberedJobs = 100

const Ids = Schema.parseJson(Schema.Array(Schema.String))

/** Keeps the jobs of one kind in the state store, with a list of the latest. */
export interface JobStore<A> {
  readonly get: (id: string) => Effect.Effect<Option.Option<A>, StorageError>
  readonly set: (job: A) => Effect.Effect<void, StorageError>
  readonly list: Effect.Effect<ReadonlyArray<A>, StorageError>
}

const make = <A extends { readonly id: string }, I>(
  kind: string,
  schema: Schema.Schema<A, I>
): Effect.Effect<JobStore<A>, never, StateStore> =>
  Effect.gen(function* () {
    const state = yield* StateStore
    const json = Schema.parseJson(schema)
    const listKey = `${kind}/latest`
    const keyOf = (id: string) => `${kind}/job/${id}`
    const corrupt = (operation: string) => (cause: unknown) =>
      new StorageError({ reason: "corrupt", operation, cause })
    const lock = yield* Effect.makeSemaphore(1)
    const remembered = new Set<string>()

    const get: JobStore<A>["get"] = (id) =>
      Effect.flatMap(
        state.get(keyOf(id)),
        Option.match({
          onNone: () => Effect.succeed(Option.none<A>()),
          onSome: (entry) =>
            Effect.asSome(Effect.mapError(Schema.decode(json)(entry.value), corrupt(`reading job ${id}`)))
        })
      )

    const latest = Effect.flatMap(
      state.get(listKey),
      Option.match({
        onNone: () => Effect.succeed<ReadonlyArray<string>>([]),
        onSome: (entry) => Effect.mapError(Schema.decode(Ids)(entry.value), corrupt(`reading ${listKey}`))
      })
    )

    const remember = (id: string) =>
      Effect.gen(function* () {
        if (remembered.has(id)) return
        const known = yield* latest
        remembered.add(id)
        if (known.includes(id)) return
        const kept = [id, ...known].slice(0, maxRememberedJobs)
        const forgotten = known.slice(maxRememberedJobs - 1)
        yield* state.set(listKey, JSON.stringify(kept))
        yield* Effect.forEach(forgotten, (old) => state.delete(keyOf(old)), { discard: true })
      }).pipe(lock.withPermits(1))

    const set: JobStore<A>["set"] = (job) =>
      Effect.gen(function* () {
        const value = yield* Effect.mapError(Schema.encode(json)(job), corrupt(`writing job ${job.id}`))
        yield* state.set(keyOf(job.id), value)
        yield* remember(job.id)
      })

    const list = Effect.flatMap(latest, (known) =>
      Effect.map(Effect.forEach(known, get, { concurrency: 8 }), (jobs) => jobs.flatMap(Option.toArray))
    )

    return { get, set, list }
  })

export const JobStore = { make }
