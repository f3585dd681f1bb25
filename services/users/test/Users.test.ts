import { assert, describe, it } from "@effect/vitest"
import { Tenant } from "@influscope/domain/access/Principal"
import { UserId } from "@influscope/domain/users/User"
import type { StateStore } from "@influscope/ports/StateStore"
import { StorageError } from "@influscope/ports/StorageError"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { processOf, stateOn, surroundings } from "./Processes.ts"
import { everybody, usersSuite } from "./UsersSuite.ts"

usersSuite(
  "sqlite",
  Effect.gen(function* () {
    const state = yield* stateOn(yield* temporaryDirectory)
    return [state, state] as const
  })
)

const tenant = Tenant.make("acme")

/** The same store without ETags, as Cassandra is behind Dapr. */
const withoutTags = (state: StateStore["Type"]): StateStore["Type"] => ({
  ...state,
  capabilities: new Set(["ttl"] as const),
  set: (key, value, options) =>
    options?.ifMatch === undefined
      ? state.set(key, value, options)
      : Effect.fail(new StorageError({ reason: "corrupt", operation: `write ${key}`, cause: "no ETags" }))
})

usersSuite(
  "a store without ETags, by one process",
  Effect.gen(function* () {
    const state = withoutTags(yield* stateOn(yield* temporaryDirectory))
    return [state, state] as const
  }),
  60_000,
  1
)

/** Fails the writes of some keys, as a process that ends between two of them has it. */
const failingAt = (state: StateStore["Type"], isFatal: (key: string) => boolean): StateStore["Type"] => ({
  ...state,
  set: (key, value, options) =>
    isFatal(key)
      ? Effect.fail(new StorageError({ reason: "unavailable", operation: `write ${key}`, cause: "gone" }))
      : state.set(key, value, options)
})

describe("a process of the users service", () => {
  it.scopedLive("goes on with the next number after a restart", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      for (const expected of ["1", "2", "3"]) {
        const { id } = yield* Effect.scoped(
          Effect.gen(function* () {
            const users = yield* processOf(yield* stateOn(directory), yield* surroundings)
            return yield* users.create(tenant, { name: "Ada" }, undefined)
          })
        )
        assert.strictEqual(id, expected)
      }
    })
  )

  it.scopedLive("that ends after it wrote down a client key leaves it to the next one to make the user", () =>
    Effect.gen(function* () {
      const state = yield* stateOn(yield* temporaryDirectory)
      const around = yield* surroundings
      const dying = yield* processOf(
        failingAt(state, (key) => key.startsWith("user/")),
        around
      )
      const failed = yield* Effect.flip(dying.create(tenant, { name: "Ada" }, "ada"))
      assert.strictEqual(failed._tag, "StorageError")
      const next = yield* processOf(state, around)
      const made = yield* next.create(tenant, { name: "Ada" }, "ada")
      assert.strictEqual(made.id, "1")
      assert.deepStrictEqual(yield* everybody(next, tenant), [made])
    })
  )

  it.scopedLive("gives a number to nobody when it cannot write it down, and goes on when it can", () =>
    Effect.gen(function* () {
      const state = yield* stateOn(yield* temporaryDirectory)
      let isDown = true
      const users = yield* processOf(
        failingAt(state, (key) => isDown && key.startsWith("user-ids/")),
        yield* surroundings
      )
      const outcomes = yield* Effect.all(
        Array.from({ length: 10 }, () => Effect.either(users.create(tenant, { name: "Ada" }, undefined))),
        { concurrency: 10 }
      )
      assert.isTrue(outcomes.every(({ _tag }) => _tag === "Left"))
      isDown = false
      assert.strictEqual((yield* users.create(tenant, { name: "Ada" }, undefined)).id, "1")
    })
  )

  it.scopedLive("that is interrupted while it waits for a number holds up nobody", () =>
    Effect.gen(function* () {
      const users = yield* processOf(yield* stateOn(yield* temporaryDirectory), yield* surroundings)
      const hasty = Effect.timeoutOption(users.create(tenant, { name: "Ada" }, undefined), "0 millis")
      yield* Effect.all(
        Array.from({ length: 20 }, () => hasty),
        { concurrency: 20 }
      )
      const made = yield* Effect.all(
        Array.from({ length: 20 }, () => users.create(tenant, { name: "Grace" }, undefined)),
        { concurrency: 20 }
      )
      assert.strictEqual(new Set(made.map(({ id }) => id)).size, 20)
    })
  )
})

type Step =
  | { readonly kind: "create"; readonly name: string; readonly key: string | undefined }
  | { readonly kind: "update"; readonly place: number; readonly name: string }
  | { readonly kind: "remove"; readonly place: number }

const name = FastCheck.constantFrom("Ada", "Grace", "Edsger")
const place = FastCheck.integer({ min: 1, max: 12 })
const step: FastCheck.Arbitrary<Step> = FastCheck.oneof(
  FastCheck.record({
    kind: FastCheck.constant("create" as const),
    name,
    key: FastCheck.constantFrom(undefined, undefined, "a", "b")
  }),
  FastCheck.record({ kind: FastCheck.constant("update" as const), place, name }),
  FastCheck.record({ kind: FastCheck.constant("remove" as const), place })
)

describe("users, whatever is done to them", () => {
  it.scopedLive("are what a list of them would be", () =>
    Effect.gen(function* () {
      const around = yield* surroundings
      const scope = yield* Effect.scope
      const run = (steps: ReadonlyArray<Step>) =>
        Effect.gen(function* () {
          const users = yield* processOf(yield* stateOn(yield* temporaryDirectory), around)
          /** By number: the name, or none for one who was deleted. */
          const model = new Map<string, string | undefined>()
          const keys = new Map<string, { readonly id: string; readonly name: string }>()
          for (const done of steps) {
            if (done.kind === "create") {
              const known = done.key === undefined ? undefined : keys.get(done.key)
              const outcome = yield* Effect.either(users.create(tenant, { name: done.name }, done.key))
              const isRefused =
                known !== undefined && (known.name !== done.name || model.get(known.id) === undefined)
              assert.strictEqual(outcome._tag, isRefused ? "Left" : "Right")
              if (outcome._tag === "Left") continue
              assert.strictEqual(outcome.right.id, known?.id ?? String(model.size + 1))
              if (known === undefined) model.set(outcome.right.id, done.name)
              if (done.key !== undefined) keys.set(done.key, { id: outcome.right.id, name: done.name })
            } else {
              const id = UserId.make(String(done.place))
              const found = yield* users.get(tenant, id)
              assert.strictEqual(Option.isSome(found), model.get(id) !== undefined)
              if (Option.isNone(found)) continue
              if (done.kind === "remove") {
                yield* users.remove(tenant, id, found.value.revision)
                model.set(id, undefined)
              } else {
                yield* users.update(tenant, id, found.value.revision, { name: done.name })
                model.set(id, done.name)
              }
            }
          }
          const left = [...model].flatMap(([id, name]) => (name === undefined ? [] : [{ id, name }]))
          const listed = (yield* everybody(users, tenant, 3)).map(({ id, name }) => ({
            id: String(id),
            name
          }))
          assert.deepStrictEqual(listed, left)
        }).pipe(Effect.scoped, Scope.extend(scope), Effect.runPromise)
      yield* Effect.promise(() =>
        FastCheck.assert(FastCheck.asyncProperty(FastCheck.array(step, { maxLength: 30 }), run), {
          numRuns: 25
        })
      )
    })
  )
})
