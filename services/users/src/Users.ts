import type { Tenant } from "@influscope/domain/access/Principal"
import { type UserCreateRequested, usersCreateRequested } from "@influscope/domain/Events"
import { type NewUser, type User, UserId, type UserPage } from "@influscope/domain/users/User"
import { Publisher } from "@influscope/pipeline/Publisher"
import { PipelineBusy } from "@influscope/ports/Profiles"
import type { StorageError } from "@influscope/ports/StorageError"
import { ClientKeyUsed, Users } from "@influscope/ports/Users"
import { usersCreated } from "@influscope/telemetry/Metrics"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import { type Claim, ClientKeys } from "./ClientKeys.ts"
import { UserIds } from "./UserIds.ts"
import { UserRecords } from "./UserRecords.ts"

/** Numbers looked at for one page: where more than that have been deleted in a row, the page is short. */
const numbersPerPage = 1_000

const created = Metric.tagged(usersCreated, "by", "request").register()

const toUser = ({ name }: NewUser, { createdAt, id }: Claim): User => ({
  id,
  name,
  roles: [],
  createdAt,
  revision: 1
})

const numbered = (first: number, end: number): ReadonlyArray<UserId> =>
  Array.from({ length: Math.max(0, end - first) }, (_, place) => UserId.make(String(first + place)))

/** The users of each tenant. Their numbers, which have no order but their own, are the index that lists go by. */
export const UsersLive = Layer.effect(
  Users,
  Effect.gen(function* () {
    const ids = yield* UserIds
    const keys = yield* ClientKeys
    const records = yield* UserRecords
    const publisher = yield* Publisher

    const page = (tenant: Tenant, first: number, limit: number): Effect.Effect<UserPage, StorageError> =>
      Effect.gen(function* () {
        const end = yield* ids.next(tenant)
        const last = Math.min(end, first + numbersPerPage)
        let users: ReadonlyArray<User> = []
        let next = first
        while (next < last && users.length < limit) {
          const some = numbered(next, Math.min(last, next + limit))
          users = [...users, ...(yield* records.getMany(tenant, some))]
          next += some.length
        }
        const shown = users.slice(0, limit)
        const lastShown = shown.at(-1)
        if (users.length > limit && lastShown !== undefined) return { users: shown, nextCursor: lastShown.id }
        return { users: shown, nextCursor: next < end ? UserId.make(String(next - 1)) : null }
      })

    return Users.of({
      create: Effect.fn("Users.create")(function* (tenant, given, clientKey) {
        const claim = yield* keys.claim(tenant, given, clientKey)
        const user = toUser(given, claim)
        const made = yield* clientKey === undefined ? records.add(tenant, user) : records.ensure(tenant, user)
        if (made._tag === "Deleted") return yield* new ClientKeyUsed({ by: "deleted-user" })
        if (made._tag === "Created") yield* Metric.increment(created)
        return made.user
      }),
      request: Effect.fn("Users.request")(function* (tenant, given, clientKey) {
        if (!(yield* publisher.hasRoom(usersCreateRequested.name))) return yield* new PipelineBusy()
        const { createdAt, id } = yield* keys.claim(tenant, given, clientKey)
        const event: UserCreateRequested = {
          version: 1,
          id: `user/${tenant}/${id}`,
          tenant,
          user: id,
          name: given.name,
          createdAt
        }
        yield* publisher.publish(usersCreateRequested, event, { items: 1, job: undefined })
        return id
      }),
      get: Effect.fn("Users.get")((tenant, id) => records.get(tenant, id)),
      list: Effect.fn("Users.list")((tenant, after, limit) =>
        page(tenant, after === undefined ? 1 : Number(after) + 1, limit)
      ),
      update: Effect.fn("Users.update")((tenant, id, revision, change) =>
        records.update(tenant, id, revision, (user) => ({ ...user, ...change }))
      ),
      remove: Effect.fn("Users.remove")((tenant, id, revision) => records.remove(tenant, id, revision))
    })
  })
)
