import { assert, describe, it } from "@effect/vitest"
import { StateStore } from "@influscope/ports/StateStore"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as DaprStateStore from "../../src/dapr/StateStore.ts"
import { startSidecar } from "./Sidecars.ts"
import { onMongo, onMysql, onPostgres, onRedis, onSqlite, type StateComponent } from "./StateComponents.ts"

/** The same app twice, each with a sidecar of its own on one store. */
const replicas = (component: StateComponent) =>
  Effect.gen(function* () {
    const components = [yield* component]
    const start = Effect.gen(function* () {
      const { layer } = yield* startSidecar(yield* temporaryDirectory, { appId: "test", components })
      return yield* Effect.provide(StateStore, DaprStateStore.layer.pipe(Layer.provide(layer)))
    })
    return [yield* start, yield* start] as const
  })

const stores: ReadonlyArray<readonly [string, StateComponent]> = [
  ["redis", onRedis],
  ["postgresql", onPostgres],
  ["sqlite", onSqlite],
  ["mysql", onMysql],
  ["mongodb", onMongo]
]

const rounds = 25
const accounts = ["a", "b", "c", "d"] as const
const inEach = 100

for (const [name, component] of stores)
  describe(`replicas that race, on ${name}`, () => {
    it.scopedLive("create a key once, whoever was there before", () =>
      Effect.gen(function* () {
        const [left, right] = yield* replicas(component)
        for (let round = 0; round < rounds; round++) {
          const key = `created ${round}`
          // Never there, there until it was deleted, there until it expired.
          if (round % 3 === 1) {
            yield* left.set(key, "0")
            yield* left.delete(key)
          }
          if (round % 3 === 2) {
            yield* left.set(key, "0", { ttl: "20 millis" })
            yield* Effect.sleep("30 millis")
          }
          const creators = Array.from({ length: 8 }, (_, index) =>
            Effect.either((index % 2 === 0 ? left : right).set(key, String(index), { ifMatch: null }))
          )
          const outcomes = yield* Effect.all(creators, { concurrency: 8 })
          const winners = outcomes.flatMap((outcome, index) => (outcome._tag === "Right" ? [index] : []))
          assert.strictEqual(winners.length, 1, `round ${round}: ${outcomes.map(String).join("\n")}`)
          for (const store of [left, right])
            assert.strictEqual(Option.getOrThrow(yield* store.get(key)).value, String(winners[0]))
        }
      })
    )

    it.scopedLive("move money about and lose none of it", () =>
      Effect.gen(function* () {
        const [left, right] = yield* replicas(component)
        yield* left.transact(accounts.map((key) => ({ _tag: "Set" as const, key, value: String(inEach) })))
        let moved = 0
        const move = (store: StateStore["Type"]) =>
          Effect.gen(function* () {
            const [from = "a", to = "b"] = yield* Random.shuffle(accounts)
            const found = yield* store.getMany([from, to])
            const [source, target] = found.map(Option.getOrThrow)
            if (source === undefined || target === undefined) return
            const amount = yield* Random.nextIntBetween(1, 10)
            yield* store.transact([
              {
                _tag: "Set",
                key: from,
                value: String(Number(source.value) - amount),
                options: { ifMatch: source.etag, ...(amount % 2 === 0 ? { ttl: "1 hour" } : {}) }
              },
              {
                _tag: "Set",
                key: to,
                value: String(Number(target.value) + amount),
                options: { ifMatch: target.etag }
              },
              { _tag: "Set", key: "last", value: String(amount) }
            ])
            moved += 1
          }).pipe(Effect.catchAll((error) => (error.reason === "conflict" ? Effect.void : error)))
        const mover = (store: StateStore["Type"]) =>
          Effect.repeatN(
            move(store).pipe(
              // Deadlocks and locked databases are told as that: nothing was written.
              Effect.retry({ times: 20, while: ({ reason }) => reason === "unavailable" })
            ),
            14
          )
        yield* Effect.all([mover(left), mover(right), mover(left), mover(right)], {
          concurrency: 4,
          discard: true
        })
        const found = yield* right.getMany(accounts)
        const sum = found.reduce((total, entry) => total + Number(Option.getOrThrow(entry).value), 0)
        assert.strictEqual(sum, inEach * accounts.length)
        assert.isAbove(moved, 5)
      })
    )
  })
