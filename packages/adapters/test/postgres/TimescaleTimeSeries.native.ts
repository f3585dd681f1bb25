import { afterAll } from "@effect/vitest"
import { timeSeriesConformance } from "@influscope/ports/conformance/TimeSeriesConformance"
import { settings } from "@influscope/testing/Settings"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Database from "../../src/postgres/Database.ts"
import * as TimeSeries from "../../src/postgres/timeseries/TimeSeries.ts"
import { timescaleServer } from "./TimescaleServer.ts"

class Url extends Context.Tag("@influscope/adapters/test/postgres/Url")<Url, string>() {}

const servers = ManagedRuntime.make(Layer.scoped(Url, timescaleServer))
afterAll(() => servers.dispose())

/** There is one database: who makes a store removes the one before, and what the session remembers of it. */
const restartable = Effect.gen(function* () {
  const { context } = yield* servers.runtimeEffect
  const database = Layer.provide(
    Database.layer,
    settings({
      DATABASE_URL: Context.get(context, Url),
      DATABASE_POOL_SIZE: "1",
      DATABASE_STATEMENT_TIMEOUT: "1 minute"
    })
  )
  yield* Effect.flatMap(Database.Database, ({ query }) =>
    Effect.zipRight(
      query("empty the database", "DROP SCHEMA influscope CASCADE", []),
      query("empty the database", "DISCARD PLANS", [])
    )
  ).pipe(Effect.provide(Layer.fresh(database)))
  return Layer.provide(TimeSeries.layer, database)
}).pipe(Effect.orDie)

timeSeriesConformance("timescaledb", Layer.unwrapScoped(restartable), { restartable, sequences: 2 })
