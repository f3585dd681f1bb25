import type { Tenant } from "@influscope/domain/access/Principal"
import { UserId } from "@influscope/domain/users/User"
import { StateStore } from "@influscope/ports/StateStore"
import type { StorageError } from "@influscope/ports/StorageError"
import { decodeStored, readStored } from "@influscope/ports/StoredJson"
import * as Arr from "effect/Array"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { insist } from "./Insist.ts"

const keyOf = (tenant: Tenant): string => `user-ids/${tenant}`
const Next = Schema.parseJson(Schema.Int.pipe(Schema.positive()))

/** Tenants for whom numbers are taken at once. */
const tenantsAtOnce = 8
/** Creations that may wait for a number; more wait to be let in. */
const mostWaiting = 10_000

/** Other processes take numbers too: each try that fails means that one of them got some. */
const contention = Schedule.exponential("2 millis").pipe(
  Schedule.union(Schedule.spaced("100 millis")),
  Schedule.jittered,
  Schedule.upTo("10 seconds")
)

interface Waiting {
  readonly tenant: Tenant
  readonly id: Deferred.Deferred<UserId, StorageError>
}

/**
 * Numbers for users, from 1 on for each tenant, and none twice. The next one stands in the state store and is moved on by
 * its ETag, as far as there are creations waiting for a number: while one write is under way those that come gather for the
 * next, so that a process takes any number of them in the time of two writes. A number is lost when its creation fails.
 */
export class UserIds extends Effect.Service<UserIds>()("@influscope/users/UserIds", {
  scoped: Effect.gen(function* () {
    const state = yield* StateStore
    const hasTags = state.capabilities.has("etag")
    if (!hasTags)
      yield* Effect.logWarning(
        "The state store has no ETags: users are numbered rightly by one process of this service, not by several"
      )
    const waiting = yield* Queue.bounded<Waiting>(mostWaiting)

    /** Answers the first of so many numbers. */
    const reserve = (tenant: Tenant, count: number): Effect.Effect<number, StorageError> =>
      Effect.gen(function* () {
        const key = keyOf(tenant)
        const entry = yield* state.get(key)
        const next = Option.isNone(entry) ? 1 : yield* decodeStored(Next, entry.value.value, `reading ${key}`)
        const ifMatch = Option.isNone(entry) ? null : entry.value.etag
        yield* insist(state.set(key, JSON.stringify(next + count), hasTags ? { ifMatch } : undefined))
        return next
      }).pipe(Effect.retry({ while: ({ reason }) => reason === "conflict", schedule: contention }))

    const serve = (tenant: Tenant, all: ReadonlyArray<Waiting>) =>
      Effect.matchCauseEffect(reserve(tenant, all.length), {
        onSuccess: (first) =>
          Effect.forEach(all, ({ id }, place) => Deferred.succeed(id, UserId.make(String(first + place))), {
            discard: true
          }),
        onFailure: (cause) =>
          Effect.forEach(all, ({ id }) => Deferred.failCause(id, cause), { discard: true })
      })

    const serveAll = (all: Iterable<Waiting>) =>
      Effect.forEach(
        Object.values(Arr.groupBy(all, ({ tenant }) => tenant)),
        (some) => serve(some[0].tenant, some),
        { concurrency: tenantsAtOnce, discard: true }
      )

    // While numbers are reserved, those that come gather for the next time.
    yield* Queue.takeBetween(waiting, 1, mostWaiting).pipe(
      Effect.flatMap(serveAll),
      Effect.forever,
      Effect.interruptible,
      Effect.forkScoped
    )

    return {
      take: (tenant: Tenant): Effect.Effect<UserId, StorageError> =>
        Effect.gen(function* () {
          const id = yield* Deferred.make<UserId, StorageError>()
          yield* Queue.offer(waiting, { tenant, id })
          return yield* Deferred.await(id)
        }),
      /** The first number that has not been taken. */
      next: (tenant: Tenant): Effect.Effect<number, StorageError> =>
        Effect.map(
          readStored(state, keyOf(tenant), Next),
          Option.getOrElse(() => 1)
        )
    }
  })
}) {}
