import type { App } from "@influscope/stack/components/Render"
import type { ServerRecipe, Where } from "@influscope/stack/Server"
import * as Effect from "effect/Effect"
import { program } from "./Program.ts"

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
  image: string,
  command: ReadonlyArray<string>,
  portVariable: string,
  { env, isReady }: ProcessOptions
): ServerRecipe => ({
  name,
  version: "of this tree",
  purpose: "a process of InfluScope",
  ports: { app: 0, operations: 0 },
  install: Effect.promise(() => program(image)),
  prepare: () => Effect.void,
  command: (where) => ({
    argv: [process.execPath, where.program, ...command],
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
  recipe(app, app, [], portVariables[app], options)

/** All of them in one process, as `influscope start` has it. */
export const embeddedRecipe = (options: ProcessOptions): ServerRecipe =>
  recipe("influscope", "cli", ["start"], "PORT", options)
