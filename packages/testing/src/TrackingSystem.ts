import type { ServerRecipe } from "@influscope/stack/Server"
import type * as Supervisor from "@influscope/stack/Supervisor"
import { postgres } from "@influscope/stack/servers/Postgres"
import { rabbitmq } from "@influscope/stack/servers/Rabbitmq"
import * as Effect from "effect/Effect"
import { type AssemblyOptions, assemble, type Pair, server, type Tracking, urlOf } from "./Assembly.ts"

/**
 * The tracker and two collectors beside their sidecars, and what they need and no more: the broker, the PostgreSQL that
 * services share, one of their own for the time series, and the provider. Every process can be killed, stopped and started.
 */
export interface TrackingSystem extends Tracking {
  /** As `collector`, and of the same queues. */
  readonly other: Pair
  /** Of the tracker's own routes, past its sidecar. */
  readonly trackerUrl: string
  /** What the tracker wants to be shown there. */
  readonly appToken: string
  readonly mockstagramUrl: string
  readonly servers: Readonly<Record<"rabbitmq" | "postgres" | "series", Supervisor.RunningServer>>
  /** Variables with which everything in it is reached. */
  readonly environment: Readonly<Record<string, string>>
}

/** PostgreSQL for the time series only. */
const series: ServerRecipe = {
  ...postgres,
  environment: (where) => ({ TIMESERIES_URL: postgres.environment(where)["DATABASE_URL"] ?? "" })
}

/** Starts everything on free ports, and stops it with the scope. */
export const start = (options: AssemblyOptions) =>
  Effect.gen(function* () {
    const servers = yield* Effect.all(
      {
        rabbitmq: server(options, rabbitmq),
        postgres: server(options, postgres),
        series: server(options, series, "series")
      },
      { concurrency: 2 }
    )
    const { appToken, environment, ...all } = yield* assemble(options, Object.values(servers))
    const tracking = yield* all.tracking
    const { mockstagram, tracker } = tracking
    const system: TrackingSystem = {
      ...tracking,
      other: yield* all.collector(mockstagram, "collector-2"),
      trackerUrl: urlOf(tracker.service),
      appToken,
      mockstagramUrl: urlOf(mockstagram),
      servers,
      environment
    }
    return system
  })
