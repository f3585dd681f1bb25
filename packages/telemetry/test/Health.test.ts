import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import { Health } from "../src/Health.ts"

const readiness = Effect.flatMap(Health, (health) => health.readiness)

const register = (name: string, run: Effect.Effect<void, string>) =>
  Effect.flatMap(Health, (health) => health.register({ name, run }))

const ok = (name: string) => ({ name, ok: true, detail: null })

const draining = {
  ready: false,
  checks: [{ name: "draining", ok: false, detail: "The process is shutting down." }]
}

describe("readiness", () => {
  it.scoped("is there when every check succeeds, also when there is none", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* readiness, { ready: true, checks: [] })
      yield* register("database", Effect.void)
      yield* register("index", Effect.void)
      assert.deepStrictEqual(yield* readiness, { ready: true, checks: [ok("database"), ok("index")] })
    }).pipe(Effect.provide(Health.Default))
  )

  it.scoped(
    "is not there until a process that starts has said that it has, and not again when it drains",
    () =>
      Effect.gen(function* () {
        const { readiness, startDraining, started } = yield* Health
        yield* register("database", Effect.void)
        assert.deepStrictEqual(yield* readiness, {
          ready: false,
          checks: [{ name: "starting", ok: false, detail: "The process is starting." }]
        })
        yield* started
        assert.deepStrictEqual(yield* readiness, { ready: true, checks: [ok("database")] })
        yield* startDraining
        yield* started
        assert.deepStrictEqual(yield* readiness, draining)
      }).pipe(Effect.provide(Health.Starting))
  )

  it.scoped("says which part fails and why, and comes back with it", () =>
    Effect.gen(function* () {
      let broken = true
      yield* register("database", Effect.void)
      yield* register(
        "index",
        Effect.suspend(() => (broken ? Effect.fail("The disk is gone.") : Effect.void))
      )
      assert.deepStrictEqual(yield* readiness, {
        ready: false,
        checks: [ok("database"), { name: "index", ok: false, detail: "The disk is gone." }]
      })
      broken = false
      assert.isTrue((yield* readiness).ready)
    }).pipe(Effect.provide(Health.Default))
  )

  for (const [what, run] of [
    ["dies", Effect.dieMessage("secret of the inside")],
    ["is interrupted", Effect.interrupt],
    ["throws", Effect.sync((): void => assert.fail("secret of the inside"))]
  ] as const)
    it.scoped(`survives a check that ${what}`, () =>
      Effect.gen(function* () {
        yield* register("mistaken", run)
        yield* register("database", Effect.void)
        const { checks, ready } = yield* readiness
        assert.isFalse(ready)
        assert.deepStrictEqual(checks[1], ok("database"))
        assert.isFalse(checks[0]?.ok)
        assert.notInclude(checks[0]?.detail ?? "", "secret")
      }).pipe(Effect.provide(Health.Default))
    )

  for (const [what, run] of [
    ["never answers", Effect.never],
    ["never answers and cannot be interrupted", Effect.uninterruptible(Effect.never)]
  ] as const)
    it.scoped(`waits two seconds, not longer, for a check that ${what}`, () =>
      Effect.gen(function* () {
        for (let place = 0; place < 8; place++) yield* register(`hanging ${place}`, run)
        const asked = yield* Effect.fork(readiness)
        yield* TestClock.adjust("1999 millis")
        assert.isNull(asked.unsafePoll())
        yield* TestClock.adjust("1 millis")
        const { checks, ready } = yield* Fiber.join(asked)
        assert.isFalse(ready)
        for (const check of checks) assert.strictEqual(check.detail, "No answer within 2 seconds.")
      }).pipe(Effect.provide(Health.Default))
    )

  it.scoped("interrupts the check of an answer that nobody waits for any more", () =>
    Effect.gen(function* () {
      const started = yield* Deferred.make<void>()
      const ended = yield* Deferred.make<void>()
      yield* register(
        "slow",
        Deferred.succeed(started, undefined).pipe(
          Effect.zipRight(Effect.never),
          Effect.onInterrupt(() => Deferred.succeed(ended, undefined))
        )
      )
      const asked = yield* Effect.fork(readiness)
      yield* Deferred.await(started)
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(asked)))
      yield* Deferred.await(ended)
    }).pipe(Effect.provide(Health.Default))
  )

  it.scoped("leaves out a part that is gone, and no other", () =>
    Effect.gen(function* () {
      const health = yield* Health
      const shared = { name: "shared", run: Effect.fail("down") }
      const [first, second] = [yield* Scope.make(), yield* Scope.make()]
      yield* register("stays", Effect.void)
      yield* health.register(shared).pipe(Scope.extend(first))
      yield* health.register(shared).pipe(Scope.extend(second))
      assert.strictEqual((yield* readiness).checks.length, 3)
      yield* Scope.close(first, Exit.void)
      assert.deepStrictEqual(
        (yield* readiness).checks.map(({ name }) => name),
        ["stays", "shared"]
      )
      yield* Scope.close(second, Exit.void)
      assert.deepStrictEqual(yield* readiness, { ready: true, checks: [ok("stays")] })
    }).pipe(Effect.provide(Health.Default))
  )

  it.scoped("is gone for good once draining begins, without asking the parts", () =>
    Effect.gen(function* () {
      const health = yield* Health
      let asked = 0
      yield* register(
        "database",
        Effect.sync(() => {
          asked += 1
        })
      )
      yield* health.startDraining
      assert.deepStrictEqual(yield* readiness, draining)
      assert.deepStrictEqual(yield* readiness, draining)
      assert.strictEqual(asked, 0)
    }).pipe(Effect.provide(Health.Default))
  )

  it.scoped("goes too when draining begins during a check", () =>
    Effect.gen(function* () {
      const health = yield* Health
      const started = yield* Deferred.make<void>()
      const release = yield* Deferred.make<void>()
      yield* register("slow", Effect.zipRight(Deferred.succeed(started, undefined), Deferred.await(release)))
      const asked = yield* Effect.fork(readiness)
      yield* Deferred.await(started)
      yield* health.startDraining
      yield* Deferred.succeed(release, undefined)
      assert.deepStrictEqual(yield* Fiber.join(asked), draining)
    }).pipe(Effect.provide(Health.Default))
  )
})
