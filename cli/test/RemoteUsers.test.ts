import { assert, describe, it } from "@effect/vitest"
import { RemoteUsersLive, UsersClient } from "@influscope/api/RemoteUsers"
import { Tenant } from "@influscope/domain/access/Principal"
import { UserId } from "@influscope/domain/users/User"
import { eventually } from "@influscope/ports/conformance/Conformance"
import { Users } from "@influscope/ports/Users"
import { UsersHttp, UsersHttpLive } from "@influscope/users/UsersHttp"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { clientAt, embedded, listening, nowhere } from "./RemoteService.ts"

/** A users service behind HTTP on a port, and the port of the API that reaches it there. */
const remote = Effect.gen(function* () {
  const context = yield* embedded(UsersHttpLive)
  const url = yield* listening(Context.get(context, UsersHttp).handle)
  const usersAt = (address: string) =>
    Effect.map(
      Layer.build(Layer.provide(RemoteUsersLive, clientAt(UsersClient, address))),
      Context.get(Users)
    )
  return { users: yield* usersAt(url), nobody: yield* usersAt(nowhere) }
})

const tenant = Tenant.make("acme")
const nobodyHasIt = UserId.make("999")

describe("a users service in another process", () => {
  it.scopedLive(
    "keeps users as if it were in this one",
    () =>
      Effect.gen(function* () {
        const { users } = yield* remote
        const createdAt = new Date("2024-01-23T00:00:00Z")
        const made = yield* users.create(tenant, { name: "Ada", createdAt }, "ada")
        assert.deepInclude(made, { id: UserId.make("1"), name: "Ada", createdAt, revision: 1 })
        assert.deepStrictEqual(yield* users.create(tenant, { name: "Ada", createdAt }, "ada"), made)
        const changed = yield* users.update(tenant, made.id, 1, { name: "Ada King", roles: ["admin"] })
        assert.deepStrictEqual(yield* users.get(tenant, made.id), Option.some(changed))
        const queued = yield* users.request(tenant, { name: "Grace" }, undefined)
        yield* eventually("she is there", Effect.map(users.get(tenant, queued), Option.isSome))
        const first = yield* users.list(tenant, undefined, 1)
        assert.deepStrictEqual(first, { users: [changed], nextCursor: made.id })
        const next = yield* users.list(tenant, made.id, 1)
        assert.deepStrictEqual(
          next.users.map(({ name }) => name),
          ["Grace"]
        )
        yield* users.remove(tenant, made.id, 2)
        assert.isTrue(Option.isNone(yield* users.get(tenant, made.id)))
      }),
    120_000
  )

  it.scopedLive(
    "fails with the same errors",
    () =>
      Effect.gen(function* () {
        const { nobody, users } = yield* remote
        const { id } = yield* users.create(tenant, { name: "Ada" }, "ada")
        const failures: ReadonlyArray<readonly [Effect.Effect<unknown, unknown>, object]> = [
          [users.create(tenant, { name: "Eve" }, "ada"), { _tag: "ClientKeyUsed", by: "other-request" }],
          [users.update(tenant, id, 7, { name: "Eve" }), { _tag: "UserChanged", revision: 1 }],
          [users.update(tenant, nobodyHasIt, 1, { name: "Eve" }), { _tag: "NoUser", id: nobodyHasIt }],
          [users.remove(tenant, nobodyHasIt, undefined), { _tag: "NoUser", id: nobodyHasIt }],
          [nobody.get(tenant, id), { _tag: "StorageError", reason: "unavailable" }],
          [nobody.create(tenant, { name: "Eve" }, undefined), { _tag: "StorageError", reason: "unavailable" }]
        ]
        for (const [asked, expected] of failures) {
          const error = yield* Effect.flip(asked)
          assert.include(JSON.parse(JSON.stringify(error)), expected)
        }
      }),
    120_000
  )
})
