/**
 * How many users a second are made and read, by state store:
 *   bun bench/users/compare.ts [--users 400] [--reads 1600] [--clients 16] [--no-gate]
 * On each store three things take turns: its own driver, which writes and reads the same rows in a plain loop; the users
 * service through a Dapr sidecar; and, for SQLite, the service on the embedded store. Reads are of all users in random order, by
 * `clients` at once, without the cache and with one in memory. Figures are per second; ratios are to the driver of the same
 * store. Prints them and writes bench/results/users.json.
 */
import { join } from "node:path"
import * as DaprStateStore from "@influscope/adapters/dapr/StateStore"
import { Tenant } from "@influscope/domain/access/Principal"
import type { UserId } from "@influscope/domain/users/User"
import { StateStore } from "@influscope/ports/StateStore"
import type { Users } from "@influscope/ports/Users"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { startSidecar } from "../../packages/adapters/test/dapr/Sidecars.ts"
import { processOf, stateOn, surroundings } from "../../services/users/test/Processes.ts"
import { readArguments } from "../support/Arguments.ts"
import { inDirectory } from "../support/Directory.ts"
import { makeRandom, rounded } from "../support/Numbers.ts"
import { conclude, print, printMachine, table } from "../support/Report.ts"
import { onMysql, onPostgres, onRedis, onSqlite, type Store } from "./Stores.ts"

const { gate, numbers } = readArguments({ users: 400, reads: 1_600, clients: 16 })

interface Rates {
  readonly store: string
  readonly way: string
  /** Per second. */
  readonly create: number
  readonly get: number
  readonly cachedGet: number | null
}

/** Runs so many of something by `clients` at once, and answers how many a second that were. */
const rateOf = (count: number, one: (place: number) => Effect.Effect<unknown, unknown>) =>
  Effect.gen(function* () {
    const started = performance.now()
    yield* Effect.forEach(
      Array.from({ length: count }, (_, place) => place),
      one,
      {
        concurrency: numbers.clients,
        discard: true
      }
    )
    return rounded(count / ((performance.now() - started) / 1_000), 1)
  })

const byDapr = "service, by Dapr"

const random = makeRandom(7)
const anyOf = <A>(values: ReadonlyArray<A>): A | undefined => values[Math.floor(random() * values.length)]

const bareRates = ({ bare, name }: Store) =>
  Effect.gen(function* () {
    const keys = Array.from({ length: numbers.users }, (_, place) => `bare-${place}`)
    const value = JSON.stringify({ id: "1", name: "John Doe", roles: [], createdAt: new Date(), revision: 1 })
    const create = yield* rateOf(keys.length, (place) =>
      Effect.promise(() => bare.set(keys[place] ?? "", value))
    )
    const get = yield* rateOf(numbers.reads, () => Effect.promise(() => bare.get(anyOf(keys) ?? "")))
    const rates: Rates = { store: name, way: "driver", create, get, cachedGet: null }
    return rates
  })

const tenant = Tenant.make("bench")

const getRate = (users: Users["Type"], ids: ReadonlyArray<UserId>) =>
  rateOf(numbers.reads, () => {
    const id = anyOf(ids)
    return id === undefined ? Effect.void : users.get(tenant, id)
  })

const serviceRates = (store: string, way: string, state: StateStore["Type"]) =>
  Effect.gen(function* () {
    const around = yield* surroundings
    const plain = yield* processOf(state, around)
    const cached = yield* processOf(state, around, "on")
    const ids: Array<UserId> = []
    const create = yield* rateOf(numbers.users, (place) =>
      Effect.map(plain.create(tenant, { name: `John Doe ${place}` }, undefined), ({ id }) => ids.push(id))
    )
    const get = yield* getRate(plain, ids)
    yield* Effect.forEach(ids, (id) => cached.get(tenant, id), {
      concurrency: numbers.clients,
      discard: true
    })
    const rates: Rates = { store, way, create, get, cachedGet: yield* getRate(cached, ids) }
    return rates
  })

const throughDapr = (directory: string, { component, name }: Store) =>
  Effect.gen(function* () {
    const { layer } = yield* startSidecar(join(directory, "sidecars"), {
      appId: "users",
      components: [component]
    })
    const state = yield* Effect.provide(StateStore, Layer.provide(DaprStateStore.layer, layer))
    return yield* serviceRates(name, byDapr, state)
  })

const measure = (make: (directory: string) => Effect.Effect<Store, unknown, Scope.Scope>) =>
  inDirectory((directory) =>
    Effect.gen(function* () {
      const store = yield* make(directory)
      const rates: Array<Rates> = [yield* bareRates(store)]
      if (store.name === "sqlite")
        rates.push(yield* serviceRates(store.name, "service, embedded", yield* stateOn(directory)))
      rates.push(yield* throughDapr(directory, store))
      return rates
    }).pipe(Effect.scoped, Effect.runPromise)
  )

printMachine()
const all: Array<Rates> = []
for (const make of [onSqlite, onPostgres, onMysql, onRedis]) all.push(...(await measure(make)))

const driverOf = (store: string) => all.find((rates) => rates.store === store && rates.way === "driver")
const ratio = (value: number | null, base: number | undefined) =>
  value === null || base === undefined ? null : rounded(value / base, 3)

print(`Per second, ${numbers.clients} clients; in brackets to the store's own driver.`)
const rows = all.map(({ cachedGet, create, get, store, way }) => {
  const driver = driverOf(store)
  return {
    store,
    way,
    create,
    createRatio: ratio(create, driver?.create),
    get,
    getRatio: ratio(get, driver?.get),
    cachedGet,
    cacheGain: ratio(cachedGet, get)
  }
})
table(
  ["store", "way", "create/s", "to driver", "get/s", "to driver", "cached get/s", "to uncached"],
  rows.map((row) => [
    row.store,
    row.way,
    row.create,
    row.createRatio,
    row.get,
    row.getRatio,
    row.cachedGet,
    row.cacheGain
  ])
)

const gains = rows.filter(({ way }) => way === byDapr).map(({ cacheGain }) => cacheGain ?? 0)
await conclude(
  "users",
  { users: numbers.users, reads: numbers.reads, clients: numbers.clients, rows },
  [
    {
      what: "reading through the cache to reading the store, the worst of those behind Dapr",
      required: "> 1",
      measured: Math.min(...gains),
      met: gains.every((gain) => gain > 1)
    }
  ],
  gate
)
process.exit()
