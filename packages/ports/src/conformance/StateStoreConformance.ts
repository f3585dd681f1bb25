import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { type StateCapability, type StateOperation, StateStore } from "../StateStore.ts"
import type { StorageError } from "../StorageError.ts"
import { awkwardText, type Restartable, suite, unique } from "./Conformance.ts"

const capabilities = ["etag", "transactional", "ttl"] as const

export interface StateStoreConformanceOptions<E> {
  /**
   * What the store can do: all when absent. Tests that need what it cannot do are left out, and one shows that it refuses
   * to.
   */
  readonly capabilities?: ReadonlyArray<StateCapability>
  /** Shortest time to live the store can keep; 1 s when absent. */
  readonly ttl?: Duration.DurationInput
  /** Left out, the tests of restarts do not run. */
  readonly restartable?: Restartable<StateStore, E>
}

const json = (value: unknown): string => JSON.stringify(value)

const valueOf = Effect.fnUntraced(function* (key: string) {
  const store = yield* StateStore
  return Option.map(yield* store.get(key), (entry) => entry.value)
})

const etagOf = Effect.fnUntraced(function* (key: string) {
  const store = yield* StateStore
  return Option.getOrThrow(yield* store.get(key)).etag
})

const assertValue = Effect.fnUntraced(function* (key: string, value: string | undefined) {
  assert.deepStrictEqual(yield* valueOf(key), Option.fromNullable(value))
})

const assertConflict = <R>(write: Effect.Effect<void, StorageError, R>) =>
  Effect.map(Effect.flip(write), (error) => assert.strictEqual(error.reason, "conflict"))

/** Conditions as a model can state them: of the present version, of one that is gone, of absence, or none. */
type Condition = "present" | "stale" | "absent" | "none"

interface Step {
  readonly _tag: "Set" | "Delete"
  readonly key: number
  readonly value: number
  readonly condition: Condition
}

const keys = 3

const step: FastCheck.Arbitrary<Step> = FastCheck.record({
  _tag: FastCheck.constantFrom("Set", "Delete"),
  key: FastCheck.nat(keys - 1),
  value: FastCheck.integer(),
  condition: FastCheck.constantFrom("present", "stale", "absent", "none")
})

const steps = FastCheck.array(step, { maxLength: 20 })

/** Steps on distinct keys, so that no store has to order writes of one transaction to one key. */
const transactions = FastCheck.array(
  FastCheck.uniqueArray(step, { selector: (each) => each.key, minLength: 1 }),
  { maxLength: 8 }
)

const holds = (model: ReadonlyMap<number, string>, { _tag, condition, key }: Step): boolean => {
  if (condition === "present") return model.has(key)
  if (condition === "stale") return false
  return condition === "none" || _tag === "Delete" || !model.has(key)
}

const applyTo = (model: Map<number, string>, { _tag, key, value }: Step): void => {
  if (_tag === "Set") model.set(key, json(value))
  else model.delete(key)
}

/** What every StateStore must do within its capabilities. The layer is built once and shared by the tests. */
export const stateStoreConformance = <E>(
  name: string,
  layer: Layer.Layer<StateStore, E>,
  options: StateStoreConformanceOptions<E> = {}
): void => {
  const ttl = Duration.decode(options.ttl ?? "1 second")
  const stated: ReadonlySet<StateCapability> = new Set(options.capabilities ?? capabilities)
  const afterTtl = Effect.sleep(Duration.sum(ttl, "300 millis"))

  /** A version that some key had and none has now. */
  const staleTag = Effect.gen(function* () {
    const store = yield* StateStore
    const key = unique("stale")
    yield* store.set(key, "1")
    const etag = yield* etagOf(key)
    yield* store.set(key, "2")
    return etag
  })

  const toOperation = Effect.fnUntraced(function* (prefix: string, each: Step) {
    const store = yield* StateStore
    const key = `${prefix}-${each.key}`
    const present = Option.map(yield* store.get(key), (entry) => entry.etag)
    const stale = yield* staleTag
    const etag = each.condition === "present" ? Option.getOrElse(present, () => stale) : stale
    const operation: StateOperation =
      each._tag === "Delete"
        ? {
            _tag: "Delete",
            key,
            ...(each.condition === "present" || each.condition === "stale" ? { ifMatch: etag } : {})
          }
        : {
            _tag: "Set",
            key,
            value: json(each.value),
            ...(each.condition === "none"
              ? {}
              : { options: { ifMatch: each.condition === "absent" ? null : etag } })
          }
    return operation
  })

  const assertModel = Effect.fnUntraced(function* (prefix: string, model: ReadonlyMap<number, string>) {
    const store = yield* StateStore
    const found = yield* store.getMany(Array.from({ length: keys }, (_, key) => `${prefix}-${key}`))
    assert.deepStrictEqual(
      found.map((entry) => Option.getOrUndefined(entry)?.value),
      Array.from({ length: keys }, (_, key) => model.get(key))
    )
  })

  suite(`StateStore: ${name}`, layer, (test) => {
    test("can do what it is said to, and refuses the rest with a word on what to choose", () =>
      Effect.gen(function* () {
        const store = yield* StateStore
        assert.deepStrictEqual([...store.capabilities].sort(), [...stated].sort())
        const [key, other] = [unique("key"), unique("key")]
        yield* store.set(key, "1")
        const attempts: Readonly<Record<StateCapability, ReadonlyArray<Effect.Effect<void, StorageError>>>> =
          {
            etag: [
              store.set(key, "2", { ifMatch: yield* etagOf(key) }),
              store.set(other, "2", { ifMatch: null }),
              store.delete(key, yield* etagOf(key))
            ],
            ttl: [store.set(key, "2", { ttl })],
            transactional: [
              store.transact([
                { _tag: "Set", key, value: "2" },
                { _tag: "Set", key: other, value: "2" }
              ])
            ]
          }
        for (const capability of capabilities)
          for (const attempt of stated.has(capability) ? [] : attempts[capability]) {
            const error = yield* Effect.flip(attempt)
            assert.strictEqual(error.reason, "corrupt")
            assert.include(error.message, "choose")
          }
        if (stated.size < capabilities.length) yield* assertValue(other, undefined)
      }))

    test("takes keys of any characters and keeps them apart", () =>
      Effect.gen(function* () {
        const store = yield* StateStore
        const root = unique("key")
        const endings = [
          "",
          "a",
          "A",
          "ä",
          "a ",
          " a",
          "a/b",
          "a%2Fb",
          "a||b",
          "a|b",
          "..",
          "../a",
          "a?b=c#d",
          "=61",
          "=",
          "a.b",
          "é",
          "e\u0301",
          awkwardText,
          "x".repeat(300),
          "x".repeat(301),
          "日".repeat(100)
        ]
        const keys = ["", ...new Set(endings.flatMap((each) => [`${root}${each}`, `${each}${root}`]))]
        yield* Effect.forEach(keys, (key, index) => store.set(key, json(index)), {
          concurrency: 4,
          discard: true
        })
        const found = yield* store.getMany(keys)
        assert.deepStrictEqual(
          found.map((entry) => Option.getOrUndefined(entry)?.value),
          keys.map((_, index) => json(index))
        )
        for (const [index, key] of keys.entries()) yield* assertValue(key, json(index))
        yield* Effect.forEach(keys, (key) => store.delete(key), { concurrency: 4, discard: true })
        assert.isTrue((yield* store.getMany(keys)).every(Option.isNone))
      }))

    test("answers the last value written", () =>
      Effect.gen(function* () {
        const store = yield* StateStore
        const key = unique("key")
        yield* assertValue(key, undefined)
        yield* store.set(key, json({ n: 1 }))
        yield* assertValue(key, json({ n: 1 }))
        yield* store.set(key, json([2]))
        yield* assertValue(key, json([2]))
        yield* store.delete(key)
        yield* assertValue(key, undefined)
        yield* store.delete(key)
      }))

    test("keeps awkward text, large values and JSON null", () =>
      Effect.gen(function* () {
        const store = yield* StateStore
        const values = [
          json(awkwardText),
          json("é".repeat(200_000)),
          "null",
          '""',
          "1.5",
          "{}",
          "12345678901234567890.123456789",
          "1E400",
          '{"b":1,"a":{"n":1.0},"a":2}',
          " [ 1 ,\t2 ]\n",
          '"\\ud800"'
        ]
        for (const value of values) {
          const key = unique("key")
          yield* store.set(key, value)
          yield* assertValue(key, value)
        }
      }))

    test("answers many keys in the order asked", () =>
      Effect.gen(function* () {
        const store = yield* StateStore
        const [first, second, absent] = [unique("key"), unique("key"), unique("key")]
        yield* store.set(first, "1")
        yield* store.set(second, "2")
        const found = yield* store.getMany([second, absent, first, second])
        assert.deepStrictEqual(
          found.map((entry) => Option.getOrUndefined(entry)?.value),
          ["2", undefined, "1", "2"]
        )
        assert.deepStrictEqual(yield* store.getMany([]), [])
      }))

    test("agrees with a map through any sequence of writes", () =>
      Effect.gen(function* () {
        const store = yield* StateStore
        const run = Effect.fnUntraced(function* (sequence: ReadonlyArray<Step>) {
          const prefix = unique("key")
          const model = new Map<number, string>()
          for (const each of sequence) {
            const known: Step = stated.has("etag") ? each : { ...each, condition: "none" }
            const operation = yield* toOperation(prefix, known)
            const write =
              operation._tag === "Set"
                ? store.set(operation.key, operation.value, operation.options)
                : store.delete(operation.key, operation.ifMatch)
            if (holds(model, known)) {
              yield* write
              applyTo(model, known)
            } else {
              yield* assertConflict(write)
            }
            yield* assertModel(prefix, model)
          }
        })
        yield* Effect.forEach(FastCheck.sample(steps, 20), run, { discard: true })
      }))

    const needs = (
      capability: StateCapability,
      name: string,
      body: (store: StateStore["Type"]) => Effect.Effect<void, unknown, StateStore>
    ) => {
      if (stated.has(capability)) test(name, () => Effect.flatMap(StateStore, body))
    }

    needs(
      "etag",
      "gives each version a tag of its own and checks it",
      Effect.fnUntraced(function* (store) {
        const key = unique("key")
        yield* store.set(key, "1")
        const first = yield* etagOf(key)
        assert.strictEqual(yield* etagOf(key), first)
        yield* store.set(key, "2", { ifMatch: first })
        const second = yield* etagOf(key)
        assert.notStrictEqual(second, first)
        yield* assertConflict(store.set(key, "3", { ifMatch: first }))
        yield* assertConflict(store.delete(key, first))
        yield* assertValue(key, "2")
        yield* store.delete(key, second)
        yield* assertConflict(store.set(key, "4", { ifMatch: second }))
        yield* assertConflict(store.delete(key, second))
        yield* assertValue(key, undefined)
      })
    )

    needs(
      "etag",
      "does not take a key that was deleted and written again for its old self",
      Effect.fnUntraced(function* (store) {
        const key = unique("key")
        yield* store.set(key, "1")
        const old = yield* etagOf(key)
        yield* store.delete(key)
        yield* store.set(key, "1")
        yield* assertConflict(store.set(key, "2", { ifMatch: old }))
        yield* assertValue(key, "1")
      })
    )

    needs(
      "etag",
      "lets one of many writers of a version through",
      Effect.fnUntraced(function* (store) {
        const key = unique("key")
        yield* store.set(key, "0")
        const etag = yield* etagOf(key)
        const writers = Array.from({ length: 10 }, (_, writer) =>
          Effect.either(store.set(key, json(writer), { ifMatch: etag }))
        )
        const outcomes = yield* Effect.all(writers, { concurrency: 10 })
        assert.strictEqual(outcomes.filter((outcome) => outcome._tag === "Right").length, 1)
      })
    )

    needs(
      "etag",
      "lets one of many creators of a key through",
      Effect.fnUntraced(function* (store) {
        const key = unique("key")
        const creators = Array.from({ length: 10 }, (_, writer) =>
          Effect.either(store.set(key, json(writer), { ifMatch: null }))
        )
        const outcomes = yield* Effect.all(creators, { concurrency: 10 })
        const winner = outcomes.findIndex((outcome) => outcome._tag === "Right")
        assert.strictEqual(outcomes.filter((outcome) => outcome._tag === "Right").length, 1)
        yield* assertValue(key, json(winner))
      })
    )

    needs(
      "etag",
      "loses no increment of concurrent read-modify-writes",
      Effect.fnUntraced(function* (store) {
        const key = unique("key")
        yield* store.set(key, "0")
        const increment = Effect.gen(function* () {
          const entry = Option.getOrThrow(yield* store.get(key))
          yield* Effect.yieldNow()
          yield* store.set(key, json(Number(entry.value) + 1), { ifMatch: entry.etag })
        }).pipe(Effect.retry({ while: (error) => error.reason === "conflict" }))
        yield* Effect.all(
          Array.from({ length: 10 }, () => increment),
          { concurrency: 5, discard: true }
        )
        yield* assertValue(key, "10")
      })
    )

    needs(
      "ttl",
      "forgets a key when its time is over",
      Effect.fnUntraced(function* (store) {
        const [mortal, renewed, lasting] = [unique("key"), unique("key"), unique("key")]
        yield* store.set(mortal, "1", { ttl })
        yield* store.set(renewed, "1", { ttl })
        yield* store.set(lasting, "1")
        yield* assertValue(mortal, "1")
        const etag = yield* etagOf(mortal)
        yield* store.set(renewed, "2", { ttl: Duration.times(ttl, 60) })
        yield* afterTtl
        const found = yield* store.getMany([mortal, renewed, lasting])
        assert.deepStrictEqual(
          found.map((entry) => Option.getOrUndefined(entry)?.value),
          [undefined, "2", "1"]
        )
        if (!stated.has("etag")) return
        yield* assertConflict(store.set(mortal, "2", { ifMatch: etag }))
        yield* store.set(mortal, "3", { ifMatch: null })
        yield* assertValue(mortal, "3")
      })
    )

    needs(
      "transactional",
      "writes all of a transaction or none of it",
      Effect.fnUntraced(function* (store) {
        const [first, second, third] = [unique("key"), unique("key"), unique("key")]
        yield* store.set(first, "1")
        yield* store.transact([
          { _tag: "Delete", key: first },
          { _tag: "Set", key: second, value: "2" }
        ])
        yield* assertValue(first, undefined)
        yield* assertValue(second, "2")
        if (!stated.has("etag")) return
        const etag = yield* staleTag
        yield* assertConflict(
          store.transact([
            { _tag: "Set", key: third, value: "3" },
            { _tag: "Delete", key: second },
            { _tag: "Set", key: first, value: "1", options: { ifMatch: etag } }
          ])
        )
        yield* assertValue(first, undefined)
        yield* assertValue(second, "2")
        yield* assertValue(third, undefined)
      })
    )

    needs(
      "transactional",
      "agrees with a map through any sequence of transactions",
      Effect.fnUntraced(function* (store) {
        const run = Effect.fnUntraced(function* (sequence: ReadonlyArray<ReadonlyArray<Step>>) {
          const prefix = unique("key")
          const model = new Map<number, string>()
          for (const transaction of sequence) {
            const known = transaction.map(
              (each): Step => (stated.has("etag") ? each : { ...each, condition: "none" })
            )
            const operations = yield* Effect.forEach(known, (each) => toOperation(prefix, each))
            if (known.every((each) => holds(model, each))) {
              yield* store.transact(operations)
              for (const each of known) applyTo(model, each)
            } else {
              yield* assertConflict(store.transact(operations))
            }
            yield* assertModel(prefix, model)
          }
        })
        yield* Effect.forEach(FastCheck.sample(transactions, 20), run, { discard: true })
      })
    )
  })

  const { restartable } = options
  if (restartable === undefined) return
  describe(`StateStore across restarts: ${name}`, () => {
    it.scopedLive("keeps values and versions", () =>
      Effect.gen(function* () {
        const process = yield* restartable
        const key = unique("key")
        const etag = yield* Effect.gen(function* () {
          const store = yield* StateStore
          yield* store.set(key, "1")
          return yield* etagOf(key)
        }).pipe(Effect.provide(process))
        yield* Effect.gen(function* () {
          const store = yield* StateStore
          yield* assertValue(key, "1")
          assert.strictEqual(yield* etagOf(key), etag)
          yield* store.set(key, "2")
          assert.notStrictEqual(yield* etagOf(key), etag)
        }).pipe(Effect.provide(process))
      })
    )
  })
}
