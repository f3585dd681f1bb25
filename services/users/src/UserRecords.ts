import type { Tenant } from "@influscope/domain/access/Principal"
import { User, type UserId } from "@influscope/domain/users/User"
import * as ReadThrough from "@influscope/ports/ReadThrough"
import { type SetOptions, StateStore } from "@influscope/ports/StateStore"
import type { StorageError } from "@influscope/ports/StorageError"
import { decodeStored, readStored, readStoredMany } from "@influscope/ports/StoredJson"
import { NoUser, UserChanged } from "@influscope/ports/Users"
import { userCacheReads } from "@influscope/telemetry/Metrics"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { cacheConfig } from "./Config.ts"
import { insist } from "./Insist.ts"
import { makeLocks } from "./Locks.ts"

/** What is left of a user who was deleted, so that no late request makes the same user again. */
const Deleted = Schema.Struct({ deleted: Schema.Literal(true) })
const deleted = JSON.stringify({ deleted: true } satisfies typeof Deleted.Type)

const Row = Schema.parseJson(Schema.Union(User, Deleted))
const UserJson = Schema.parseJson(User)
const encodeUser = Schema.encode(UserJson)

const keyOf = (tenant: Tenant, id: UserId): string => `user/${tenant}/${id}`

/** A row of somebody who was not deleted. */
const present = (row: typeof Row.Type): Option.Option<User> =>
  "deleted" in row ? Option.none() : Option.some(row)

/** What became of making a user. */
export type Made =
  | { readonly _tag: "Created"; readonly user: User }
  | { readonly _tag: "Existed"; readonly user: User }
  | { readonly _tag: "Deleted" }

interface Address {
  readonly tenant: Tenant
  readonly id: UserId
}

/** Conditional writes that somebody was faster than; each look tells more about the user. */
const rounds = 5

/**
 * Users in the state store, one row each. A row is written over the version that was read, by its ETag; where the store has
 * none, one after the other in this process. Read through the cache where that is configured.
 */
export class UserRecords extends Effect.Service<UserRecords>()("@influscope/users/UserRecords", {
  scoped: Effect.gen(function* () {
    const state = yield* StateStore
    const { mode, timeToLive } = yield* cacheConfig
    const hasTags = state.capabilities.has("etag")
    const oneByOne = yield* makeLocks

    const readRow = ({ id, tenant }: Address): Effect.Effect<Option.Option<User>, StorageError> =>
      Effect.map(readStored(state, keyOf(tenant, id), Row), Option.flatMap(present))

    const cached = yield* ReadThrough.make({
      name: "user",
      keyOf: ({ id, tenant }: Address) => `${tenant}/${id}`,
      schema: UserJson,
      read: readRow,
      timeToLive,
      count: (outcome) => Metric.increment(Metric.tagged(userCacheReads, "outcome", outcome))
    })
    const changed = (address: Address) => (mode === "on" ? cached.changed([address]) : Effect.void)

    const toJson = (user: User) => Effect.orDie(encodeUser(user))

    const readMade = (tenant: Tenant, id: UserId) =>
      Effect.map(
        readStored(state, keyOf(tenant, id), Row),
        Option.map((row): Made => ("deleted" in row ? { _tag: "Deleted" } : { _tag: "Existed", user: row }))
      )

    const write = (tenant: Tenant, user: User, options: SetOptions | undefined) =>
      Effect.gen(function* () {
        yield* insist(state.set(keyOf(tenant, user.id), yield* toJson(user), options))
        const made: Made = { _tag: "Created", user }
        return made
      })

    /** Reads a user, and writes what is to be there instead, at that revision if one is given. */
    const change = <A>(
      tenant: Tenant,
      id: UserId,
      revision: number | undefined,
      toRow: (user: User) => Effect.Effect<readonly [row: string, result: A]>
    ): Effect.Effect<A, NoUser | UserChanged | StorageError> =>
      Effect.gen(function* () {
        const key = keyOf(tenant, id)
        const entry = yield* state.get(key)
        if (Option.isNone(entry)) return yield* new NoUser({ id })
        const user = present(yield* decodeStored(Row, entry.value.value, `reading ${key}`))
        if (Option.isNone(user)) return yield* new NoUser({ id })
        if (revision !== undefined && user.value.revision !== revision)
          return yield* new UserChanged({ revision: user.value.revision })
        const [row, result] = yield* toRow(user.value)
        yield* insist(state.set(key, row, hasTags ? { ifMatch: entry.value.etag } : undefined))
        return result
      }).pipe(
        Effect.retry({
          while: (error) => error._tag === "StorageError" && error.reason === "conflict",
          times: rounds
        }),
        oneByOne(keyOf(tenant, id)),
        Effect.ensuring(changed({ tenant, id }))
      )

    return {
      /** Makes a user whose number nobody else has been told of. */
      add: (tenant: Tenant, user: User): Effect.Effect<Made, StorageError> => write(tenant, user, undefined),
      /** Makes a user unless that was done before: as often as one likes. */
      ensure: (tenant: Tenant, user: User): Effect.Effect<Made, StorageError> =>
        readMade(tenant, user.id).pipe(
          Effect.flatMap(
            Option.match({
              onNone: () => write(tenant, user, hasTags ? { ifMatch: null } : undefined),
              onSome: (made) => Effect.succeed(made)
            })
          ),
          Effect.retry({ while: ({ reason }) => reason === "conflict", times: rounds }),
          oneByOne(keyOf(tenant, user.id))
        ),
      get: (tenant: Tenant, id: UserId): Effect.Effect<Option.Option<User>, StorageError> =>
        mode === "on" ? cached.get({ tenant, id }) : readRow({ tenant, id }),
      /** In the order of the ids; those that are there. */
      getMany: (
        tenant: Tenant,
        ids: ReadonlyArray<UserId>
      ): Effect.Effect<ReadonlyArray<User>, StorageError> =>
        Effect.map(
          readStoredMany(
            state,
            ids.map((id) => keyOf(tenant, id)),
            Row
          ),
          (rows) => rows.flatMap((row) => Option.toArray(Option.flatMap(row, present)))
        ),
      update: (tenant: Tenant, id: UserId, revision: number, toNext: (user: User) => User) =>
        change(tenant, id, revision, (user) => {
          const next = { ...toNext(user), revision: user.revision + 1 }
          return Effect.map(toJson(next), (row) => [row, next] as const)
        }),
      remove: (tenant: Tenant, id: UserId, revision: number | undefined) =>
        change(tenant, id, revision, () => Effect.succeed([deleted, undefined] as const))
    }
  })
}) {}
