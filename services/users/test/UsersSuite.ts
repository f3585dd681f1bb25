import { assert, describe, it } from "@effect/vitest"
import { Tenant } from "@influscope/domain/access/Principal"
import { UserCreateRequested, usersCreateRequested } from "@influscope/domain/Events"
import { type NewUser, type User, UserId } from "@influscope/domain/users/User"
import { eventually, unique } from "@influscope/ports/conformance/Conformance"
import { PubSub } from "@influscope/ports/PubSub"
import type { StateStore } from "@influscope/ports/StateStore"
import type { Users } from "@influscope/ports/Users"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { processOf, surroundings } from "./Processes.ts"

/** Two connections to one store that holds nothing yet. */
export type TwoStates = Effect.Effect<readonly [StateStore["Type"], StateStore["Type"]], unknown, Scope.Scope>

const named = (name: string): NewUser => ({ name })
const idOf = (number: number): UserId => UserId.make(String(number))
const numbers = (users: ReadonlyArray<User>): ReadonlyArray<number> =>
  users.map(({ id }) => Number(id)).sort((a, b) => a - b)
const upTo = (count: number): ReadonlyArray<number> => Array.from({ length: count }, (_, place) => place + 1)

/** Every user of a tenant, page by page. */
export const everybody = (users: Users["Type"], tenant: Tenant, limit = 50) =>
  Effect.gen(function* () {
    const all: Array<User> = []
    let after: UserId | undefined
    do {
      const page = yield* users.list(tenant, after, limit)
      assert.isAtMost(page.users.length, limit)
      all.push(...page.users)
      after = page.nextCursor ?? undefined
    } while (after !== undefined)
    return all
  })

const encodeRequest = Schema.encode(Schema.parseJson(UserCreateRequested))

/** What holds for the users on a store, with one or two processes of the service at work on it. */
export const usersSuite = (
  store: string,
  twoStates: TwoStates,
  timeout = 60_000,
  processCount: 1 | 2 = 2
): void => {
  const processes = (cache: "on" | "off" = "off") =>
    Effect.gen(function* () {
      const [left, right] = yield* twoStates
      const around = yield* surroundings
      const one = yield* processOf(left, around, cache)
      return {
        around,
        tenant: Tenant.make(unique("t")),
        one,
        other: processCount === 1 ? one : yield* processOf(right, around, cache)
      }
    })

  const test = (name: string, body: () => Effect.Effect<void, unknown, Scope.Scope>): void =>
    it.scopedLive(name, body, timeout)

  describe(`users on ${store}`, () => {
    test("are numbered from 1 on for each tenant, and read as they were made", () =>
      Effect.gen(function* () {
        const { one, other, tenant } = yield* processes()
        const createdAt = new Date("2024-01-23T00:00:00Z")
        const first = yield* one.create(tenant, { name: "John Doe", createdAt }, undefined)
        assert.deepStrictEqual(first, { id: idOf(1), name: "John Doe", roles: [], createdAt, revision: 1 })
        assert.strictEqual((yield* other.create(tenant, named("日本語 👩‍👩‍👧‍👦"), undefined)).id, "2")
        assert.strictEqual((yield* one.create(Tenant.make("elsewhere"), named("Eve"), undefined)).name, "Eve")
        assert.deepStrictEqual(yield* other.get(tenant, idOf(1)), Option.some(first))
        assert.isTrue(Option.isNone(yield* other.get(tenant, idOf(3))))
        assert.isTrue(Option.isNone(yield* other.get(Tenant.make("nobody"), idOf(1))))
      }))

    test("made by two processes at once have numbers of their own, and none is left out", () =>
      Effect.gen(function* () {
        const { one, other, tenant } = yield* processes()
        const made = yield* Effect.forEach(
          upTo(100),
          (number) => (number % 2 === 0 ? one : other).create(tenant, named(`user ${number}`), undefined),
          { concurrency: 25 }
        )
        assert.deepStrictEqual(numbers(made), upTo(100))
        const listed = yield* everybody(one, tenant)
        assert.deepStrictEqual(
          listed.map(({ id }) => Number(id)),
          upTo(100)
        )
        assert.deepStrictEqual(
          new Map(listed.map(({ id, name }) => [id, name])),
          new Map(made.map(({ id, name }) => [id, name]))
        )
      }))

    test("with one client key are one, however many ask for it at once, directly and through the queue", () =>
      Effect.gen(function* () {
        const { one, other, tenant } = yield* processes()
        const ids = yield* Effect.forEach(
          upTo(50),
          (number) => {
            const users = number % 2 === 0 ? one : other
            return number % 3 === 0
              ? users.request(tenant, named("Ada"), "key of mine")
              : Effect.map(users.create(tenant, named("Ada"), "key of mine"), ({ id }) => id)
          },
          { concurrency: 50 }
        )
        assert.strictEqual(new Set(ids).size, 1)
        const [id = idOf(1)] = ids
        yield* eventually("the user is there", Effect.map(one.get(tenant, id), Option.isSome), "30 seconds")
        assert.deepStrictEqual(
          (yield* everybody(other, tenant)).map(({ name }) => name),
          ["Ada"]
        )
        const reused = yield* Effect.flip(one.create(tenant, named("Grace"), "key of mine"))
        assert.deepInclude(reused, { _tag: "ClientKeyUsed", by: "other-request" })
        const elsewhere = yield* one.create(Tenant.make(unique("t")), named("Eve"), "key of mine")
        assert.strictEqual(elsewhere.id, "1")
      }))

    test("asked for through the queue are there soon, once, however often the message comes", () =>
      Effect.gen(function* () {
        const { around, one, other, tenant } = yield* processes()
        const ids = yield* Effect.forEach(
          upTo(20),
          (number) => one.request(tenant, named(`queued ${number}`), undefined),
          { concurrency: 10 }
        )
        assert.strictEqual(new Set(ids).size, 20)
        yield* eventually(
          "all are there",
          Effect.map(everybody(other, tenant), (all) => all.length === 20),
          "30 seconds"
        )
        const changed = yield* one.update(tenant, idOf(1), 1, { name: "changed since" })
        const payload = yield* encodeRequest({
          version: 1,
          id: `user/${tenant}/1`,
          tenant,
          user: idOf(1),
          name: "queued 1",
          createdAt: changed.createdAt
        })
        const pubsub = Context.get(around, PubSub)
        const again = unique("again")
        yield* pubsub.publish(usersCreateRequested.name, {
          id: again,
          payload,
          items: 1,
          traceparent: undefined
        })
        yield* eventually(
          "the message has been taken",
          Effect.map(pubsub.stats, (topics) => topics.every(({ messages }) => messages === 0)),
          "30 seconds"
        )
        assert.deepStrictEqual(yield* other.get(tenant, idOf(1)), Option.some(changed))
      }))

    test("are changed by one of those who have read the same version", () =>
      Effect.gen(function* () {
        const { one, other, tenant } = yield* processes()
        yield* one.create(tenant, named("Ada"), undefined)
        const outcomes = yield* Effect.forEach(
          upTo(20),
          (number) =>
            Effect.either(
              (number % 2 === 0 ? one : other).update(tenant, idOf(1), 1, { name: `by ${number}` })
            ),
          { concurrency: 20 }
        )
        const winners = outcomes.flatMap((outcome) => (outcome._tag === "Right" ? [outcome.right] : []))
        assert.strictEqual(winners.length, 1)
        for (const outcome of outcomes)
          if (outcome._tag === "Left") assert.deepInclude(outcome.left, { _tag: "UserChanged", revision: 2 })
        assert.deepStrictEqual(yield* other.get(tenant, idOf(1)), Option.fromNullable(winners[0]))
        const roles = yield* one.update(tenant, idOf(1), 2, { roles: ["analyst"] })
        assert.deepInclude(roles, { revision: 3, roles: ["analyst"], name: winners[0]?.name ?? "" })
        const missing = yield* Effect.flip(one.update(tenant, idOf(9), 1, { name: "x" }))
        assert.strictEqual(missing._tag, "NoUser")
      }))

    test("who are deleted stay so, and their numbers and keys are not given again", () =>
      Effect.gen(function* () {
        const { one, other, tenant } = yield* processes()
        const { id } = yield* one.create(tenant, named("Ada"), "ada")
        const stale = yield* Effect.flip(other.remove(tenant, id, 7))
        assert.strictEqual(stale._tag, "UserChanged")
        yield* other.remove(tenant, id, 1)
        assert.isTrue(Option.isNone(yield* one.get(tenant, id)))
        assert.strictEqual((yield* Effect.flip(one.remove(tenant, id, undefined)))._tag, "NoUser")
        const again = yield* Effect.flip(one.create(tenant, named("Ada"), "ada"))
        assert.deepInclude(again, { _tag: "ClientKeyUsed", by: "deleted-user" })
        assert.strictEqual(yield* one.request(tenant, named("Ada"), "ada"), id)
        assert.strictEqual((yield* other.create(tenant, named("Grace"), undefined)).id, "2")
        assert.deepStrictEqual(
          (yield* everybody(one, tenant)).map(({ name }) => name),
          ["Grace"]
        )
      }))

    test("are listed in pages that leave nobody out, whoever was deleted between them", () =>
      Effect.gen(function* () {
        const { one, other, tenant } = yield* processes()
        yield* Effect.forEach(upTo(40), (number) => one.create(tenant, named(`user ${number}`), undefined), {
          concurrency: 10
        })
        const gone = upTo(40).filter((number) => number % 4 === 0 || (number > 10 && number < 30))
        yield* Effect.forEach(gone, (number) => other.remove(tenant, idOf(number), undefined), {
          concurrency: 10
        })
        const left = upTo(40).filter((number) => !gone.includes(number))
        for (const limit of [1, 3, 7, 17, 100])
          assert.deepStrictEqual(numbers(yield* everybody(other, tenant, limit)), left, `limit ${limit}`)
        assert.deepStrictEqual(yield* one.list(tenant, idOf(999), 10), { users: [], nextCursor: null })
      }))

    test("read through the cache are as they are in the store, whichever process changed them", () =>
      Effect.gen(function* () {
        const { one, other, tenant } = yield* processes("on")
        const made = yield* one.create(tenant, named("Ada"), undefined)
        for (let revision = 1; revision <= 10; revision++) {
          for (const users of [one, other])
            assert.strictEqual(Option.getOrThrow(yield* users.get(tenant, made.id)).revision, revision)
          yield* (revision % 2 === 0 ? one : other).update(tenant, made.id, revision, {
            name: `Ada ${revision}`
          })
        }
        yield* one.remove(tenant, made.id, undefined)
        assert.isTrue(Option.isNone(yield* other.get(tenant, made.id)))
      }))
  })
}
