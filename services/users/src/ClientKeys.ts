import type { Tenant } from "@influscope/domain/access/Principal"
import { type NewUser, UserId } from "@influscope/domain/users/User"
import { StateStore } from "@influscope/ports/StateStore"
import type { StorageError } from "@influscope/ports/StorageError"
import { readStored } from "@influscope/ports/StoredJson"
import { ClientKeyUsed } from "@influscope/ports/Users"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { insist } from "./Insist.ts"
import { makeLocks } from "./Locks.ts"
import { UserIds } from "./UserIds.ts"

/** A number for a user, and the moment of creation that goes with it. */
export interface Claim {
  readonly id: UserId
  readonly createdAt: Date
}

const Kept = Schema.Struct({
  id: UserId,
  createdAt: Schema.Date.pipe(Schema.validDate()),
  /** Fingerprint of what was asked for. */
  request: Schema.String
})
const StoredKey = Schema.parseJson(Kept)
const encodeKey = Schema.encode(StoredKey)

const sha256 = (text: string): string => new Bun.CryptoHasher("sha256").update(text).digest("hex")

/** Keys are the clients' own text: of any kind, and nobody's business. */
const keyOf = (tenant: Tenant, clientKey: string): string => `user-key/${tenant}/${sha256(clientKey)}`

const fingerprint = ({ createdAt, name }: NewUser): string =>
  sha256(JSON.stringify([name, createdAt?.toISOString() ?? null]))

/**
 * The number that a creation is for. A client key is written down with its number before there is a user: whoever comes
 * with the same key gets the same number, and goes on where the first one stopped, if it did. They are kept for good.
 */
export class ClientKeys extends Effect.Service<ClientKeys>()("@influscope/users/ClientKeys", {
  effect: Effect.gen(function* () {
    const state = yield* StateStore
    const ids = yield* UserIds
    const oneByOne = yield* makeLocks
    const hasTags = state.capabilities.has("etag")

    const take = (tenant: Tenant, given: NewUser): Effect.Effect<Claim, StorageError> =>
      Effect.gen(function* () {
        const id = yield* ids.take(tenant)
        const createdAt = given.createdAt ?? new Date(yield* Clock.currentTimeMillis)
        return { id, createdAt }
      })

    const takeFor = (
      tenant: Tenant,
      given: NewUser,
      clientKey: string
    ): Effect.Effect<Claim, ClientKeyUsed | StorageError> =>
      Effect.gen(function* () {
        const key = keyOf(tenant, clientKey)
        const request = fingerprint(given)
        const kept = yield* readStored(state, key, StoredKey, "reading a client key")
        if (Option.isSome(kept))
          return kept.value.request === request
            ? { id: kept.value.id, createdAt: kept.value.createdAt }
            : yield* new ClientKeyUsed({ by: "other-request" })
        const claim = yield* take(tenant, given)
        const row = yield* Effect.orDie(encodeKey({ id: claim.id, createdAt: claim.createdAt, request }))
        yield* insist(state.set(key, row, hasTags ? { ifMatch: null } : undefined))
        return claim
      }).pipe(
        // Another process was faster: its number is the one. Ours is lost.
        Effect.retry({
          while: (error) => error._tag === "StorageError" && error.reason === "conflict",
          times: 1
        }),
        // Those who come at once with the same key do not all take a number for it.
        oneByOne(keyOf(tenant, clientKey))
      )

    return {
      claim: (tenant: Tenant, given: NewUser, clientKey: string | undefined) =>
        clientKey === undefined ? take(tenant, given) : takeFor(tenant, given, clientKey)
    }
  })
}) {}
