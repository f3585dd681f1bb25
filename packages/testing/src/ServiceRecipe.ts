import { join } from "node:path"
import type { ServerRecipe, Where } from "@influscope/stack/Server"
import * as Effect from "effect/Effect"

const root = join(import.meta.dirname, "..", "..", "..")

export interface ServiceOptions {
  readonly name: "analytics" | "indexer" | "api" | "scraper"
  /** The variable of the port it serves its sidecar or its callers on. */
  readonly portVariable: "APP_PORT" | "PORT" | "ANALYTICS_PORT"
  /** Everything else it is set by. */
  readonly env: Readonly<Record<string, string>>
  /** Whether it can do its work. */
  readonly isReady: (where: Where) => Effect.Effect<boolean>
}

/** One of our services as a process of its own, started and stopped as the servers are. */
export const serviceRecipe = ({ env, isReady, name, portVariable }: ServiceOptions): ServerRecipe => ({
  name,
  version: "of this tree",
  purpose: "a service of InfluScope",
  ports: { app: 0, operations: 0 },
  install: Effect.succeed(process.execPath),
  prepare: () => Effect.void,
  command: (where) => ({
    argv: [where.program, join(root, "services", name, "src", "main.ts")],
    env: {
      ...env,
      [portVariable]: String(where.ports["app"]),
      OPERATIONS_PORT: String(where.ports["operations"]),
      INFLUSCOPE_LOG_FORMAT: "json"
    }
  }),
  ready: isReady,
  startTimeout: "2 minutes",
  stopTimeout: "60 seconds",
  environment: () => ({})
})
