import { timeSeriesConformance } from "@influscope/ports/conformance/TimeSeriesConformance"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TimeSeries from "../../src/postgres/timeseries/TimeSeries.ts"
import { emptyDatabase } from "./Server.ts"

const restartable = emptyDatabase.pipe(
  Effect.map(({ database }) => Layer.provide(TimeSeries.layer, database())),
  Effect.orDie
)

timeSeriesConformance("postgres", Layer.unwrapEffect(restartable), { restartable })
