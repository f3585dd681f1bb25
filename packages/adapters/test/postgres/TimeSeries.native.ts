import { afterAll } from "@effect/vitest"
import { timeSeriesConformance } from "@influscope/ports/conformance/TimeSeriesConformance"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as TimeSeries from "../../src/postgres/timeseries/TimeSeries.ts"
import { emptyDatabase, sharedServer } from "./Server.ts"

/** The suite opens many stores: they are databases of one server. */
const servers = ManagedRuntime.make(sharedServer)
afterAll(() => servers.dispose())

const restartable = Effect.flatMap(servers.runtimeEffect, (runtime) =>
  Effect.map(emptyDatabase, ({ database }) => Layer.provide(TimeSeries.layer, database())).pipe(
    Effect.provide(runtime)
  )
).pipe(Effect.orDie)

timeSeriesConformance("postgres", Layer.unwrapScoped(restartable), { restartable })
