import { join } from "node:path"
import * as PostgresDatabase from "@influscope/adapters/postgres/Database"
import * as PostgresTimeSeries from "@influscope/adapters/postgres/timeseries/TimeSeries"
import type { TimeSeries } from "@influscope/ports/TimeSeries"
import * as Supervisor from "@influscope/stack/Supervisor"
import { postgres } from "@influscope/stack/servers/Postgres"
import { settings } from "@influscope/testing/Settings"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

export interface Reached {
  readonly url: string
  /** The program psql. */
  readonly psql: string
}

/** Runs an effect on the time series of a PostgreSQL server of its own, which is gone afterwards. */
export const onPostgres = <A, E>(
  directory: string,
  body: (reached: Reached) => Effect.Effect<A, E, TimeSeries | PostgresDatabase.Database>
) =>
  Effect.gen(function* () {
    const { where } = yield* Supervisor.scoped(postgres, { directory: join(directory, "server") })
    const url = postgres.environment(where)["DATABASE_URL"] ?? ""
    const database = Layer.provide(
      PostgresDatabase.layer,
      settings({ DATABASE_URL: url, DATABASE_STATEMENT_TIMEOUT: "5 minutes" })
    )
    return yield* body({ url, psql: join(where.program, "psql") }).pipe(
      Effect.provide(Layer.provideMerge(PostgresTimeSeries.layer, database))
    )
  }).pipe(Effect.scoped, Effect.runPromise)
