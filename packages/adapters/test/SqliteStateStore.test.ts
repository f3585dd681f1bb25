import { assert, describe, it } from "@effect/vitest"
import { stateStoreConformance } from "@influscope/ports/conformance/StateStoreConformance"
import { StateStore } from "@influscope/ports/StateStore"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import { Database } from "../src/sqlite/Database.ts"
import * as MainDatabase from "../src/sqlite/MainDatabase.ts"
import * as SqliteStateStore from "../src/sqlite/StateStore.ts"

const restartable = Effect.map(temporaryDirectory, (path) =>
  Layer.provide(SqliteStateStore.layer, MainDatabase.layer(path))
)

stateStoreConformance("sqlite", Layer.unwrapScoped(restartable), { ttl: "200 millis", restartable })

const onFreshFile = Layer.unwrapScoped(
  Effect.map(temporaryDirectory, (path) =>
    Layer.provideMerge(SqliteStateStore.layer, MainDatabase.layer(path))
  )
)

describe("SQLite state store", () => {
  it.scoped("forgets a key at the very moment its time is over", () =>
    Effect.gen(function* () {
      const store = yield* StateStore
      const isThere = (key: string) => Effect.map(store.get(key), Option.isSome)
      yield* store.set("mortal", "1", { ttl: "1 minute" })
      yield* store.set("reprieved", "1", { ttl: "1 minute" })
      yield* store.set("reprieved", "2")
      yield* store.set("endless", "1", { ttl: Duration.infinity })
      yield* TestClock.adjust("59999 millis")
      assert.isTrue(yield* isThere("mortal"))
      yield* TestClock.adjust("1 millis")
      assert.isFalse(yield* isThere("mortal"))
      yield* TestClock.adjust("1000 days")
      assert.isTrue(yield* isThere("reprieved"))
      assert.isTrue(yield* isThere("endless"))
    }).pipe(Effect.provide(onFreshFile))
  )

  it.scoped("sweeps expired rows away with later writes", () =>
    Effect.gen(function* () {
      const store = yield* StateStore
      const database = yield* Database
      const rows = database.read(
        "count",
        (db) => db.query<{ n: number }, []>("SELECT count(*) AS n FROM state").get()?.n
      )
      yield* Effect.forEach(
        Array.from({ length: 20 }, (_, index) => `mortal-${index}`),
        (key) => store.set(key, "1", { ttl: "1 second" })
      )
      assert.strictEqual(yield* rows, 20)
      yield* TestClock.adjust("2 seconds")
      yield* Effect.repeatN(store.set("lasting", "1"), 9)
      assert.strictEqual(yield* rows, 1)
    }).pipe(Effect.provide(onFreshFile))
  )

  it.scopedLive("applies the operations of a transaction in order", () =>
    Effect.gen(function* () {
      const store = yield* StateStore
      yield* store.transact([
        { _tag: "Set", key: "a", value: "1" },
        { _tag: "Delete", key: "a" },
        { _tag: "Set", key: "a", value: "2", options: { ifMatch: null } }
      ])
      assert.strictEqual(Option.getOrThrow(yield* store.get("a")).value, "2")
      yield* store.transact([])
    }).pipe(Effect.provide(onFreshFile))
  )
})
