import { join } from "node:path"
import type { App } from "@influscope/stack/components/Render"
import type { ServerRecipe, Where } from "@influscope/stack/Server"
import * as Effect from "effect/Effect"

const root = join(import.meta.dirname, "..", "..", "..")

/** The variable of the port that an app serves its sidecar or its callers on. */
const portVariables: Readonly<Record<App, string>> = {
  analytics: "ANALYTICS_PORT",
  indexer: "APP_PORT",
  collector: "APP_PORT",
  tracker: "APP_PORT",
  posts: "APP_PORT",
  users: "APP_PORT",
  messages: "APP_PORT",
  api: "PORT",
  scraper: "APP_PORT",
  mockstagram: "MOCKSTAGRAM_PORT"
}

export interface ProcessOptions {
  /** Everything it is set by, beside its ports. */
  readonly env: Readonly<Record<string, string>>
  /** Whether it can do its work. */
  readonly isReady: (where: Where) => Effect.Effect<boolean>
}

const recipe = (
  name: string,
  command: ReadonlyArray<string>,
  portVariable: string,
  { env, isReady }: ProcessOptions
): ServerRecipe => ({
  name,
  version: "of this tree",
  purpose: "a process of InfluScope",
  ports: { app: 0, operations: 0 },
  install: Effect.succeed(process.execPath),
  prepare: () => Effect.void,
  command: (where) => ({
    argv: [where.program, ...command],
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

/** One of our services as a process of its own, started and stopped as the servers are. */
export const serviceRecipe = (app: App, options: ProcessOptions): ServerRecipe =>
  recipe(app, [join(root, "services", app, "src", "main.ts")], portVariables[app], options)

/** All of them in one process, as `influscope start` has it. */
export const embeddedRecipe = (options: ProcessOptions): ServerRecipe =>
  recipe("influscope", [join(root, "cli", "src", "main.ts"), "start"], "PORT", options)
