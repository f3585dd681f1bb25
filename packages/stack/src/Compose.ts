import { randomBytes } from "node:crypto"
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { composeFile, containerEnvironment, serviceOf } from "./ComposeFile.ts"
import { formatEnvironment } from "./components/EnvironmentFile.ts"
import { environmentPath } from "./NativeStack.ts"
import type { ServerRecipe, Where } from "./Server.ts"
import { servers } from "./Servers.ts"
import * as Shell from "./Shell.ts"
import { explainFailure, Trouble } from "./Trouble.ts"

/** Whether a Docker engine answers: the command alone is no engine. */
export const engineAnswers: Effect.Effect<boolean> = Effect.suspend(() =>
  Bun.which("docker") === null
    ? Effect.succeed(false)
    : Shell.run(["docker", "info"]).pipe(
        Effect.as(true),
        Effect.timeout("10 seconds"),
        Effect.orElseSucceed(() => false)
      )
)

/** One password for all containers; made once, as their volumes remember it. */
const secretOf = (root: string): string => {
  const path = join(root, "compose-secret")
  mkdirSync(root, { recursive: true, mode: 0o700 })
  if (!existsSync(path)) writeFileSync(path, randomBytes(24).toString("hex"), { mode: 0o600 })
  return readFileSync(path, "utf8").trim()
}

/** A container in the place of a native server on its usual ports. */
const whereOf = (root: string, { ports }: ServerRecipe): Where => ({
  directory: root,
  ports,
  program: "",
  secret: secretOf(root)
})

/** Images are pulled and the slowest server gets ready within this time. */
const upTimeout = "20 minutes"

const compose = (root: string, args: ReadonlyArray<string>) =>
  Shell.run(["docker", "compose", "-f", composeFile, ...args], {
    env: { INFLUSCOPE_STACK_SECRET: secretOf(root) }
  }).pipe(
    Effect.timeoutFail({
      duration: upTimeout,
      onTimeout: () => new Shell.CommandFailed({ command: "docker compose", why: "no end in 20 minutes" })
    }),
    Effect.mapError(
      ({ why }) =>
        new Trouble({
          what: `docker compose ${args[0] ?? ""} failed.`,
          likelyCause: why,
          todo: `docker compose -f '${composeFile}' logs   or the native servers: influscope stack up --native`
        })
    )
  )

/** Starts containers, waits until they are healthy, makes what is made after a start, and writes their variables. */
export const up = (root: string, recipes: ReadonlyArray<ServerRecipe>): Effect.Effect<void, Trouble> =>
  Effect.gen(function* () {
    yield* compose(root, ["up", "-d", "--wait", ...recipes.map(({ name }) => serviceOf(name))])
    for (const recipe of recipes)
      yield* Effect.mapError(recipe.afterStart?.(whereOf(root, recipe)) ?? Effect.void, explainFailure)
    const environment: Record<string, string> = Object.assign(
      {},
      ...recipes.map((recipe) => containerEnvironment(recipe, whereOf(root, recipe)))
    )
    writeFileSync(environmentPath(root), formatEnvironment(environment), { mode: 0o600 })
  })

/** Containers go, volumes stay. Profiles are named, or their containers would stay too. */
export const down = (root: string): Effect.Effect<void, Trouble> =>
  Effect.asVoid(compose(root, ["--profile", "*", "down"]))

export const logs = (root: string, name: string, lines: number): Effect.Effect<string, Trouble> =>
  compose(root, ["logs", "--no-color", "--no-log-prefix", "--tail", String(lines), serviceOf(name)])

const Container = Schema.Struct({
  Service: Schema.String,
  Image: Schema.String,
  State: Schema.String,
  Health: Schema.optionalWith(Schema.String, { default: () => "" }),
  RunningFor: Schema.optionalWith(Schema.String, { default: () => "" })
})

export interface ContainerStatus {
  readonly name: string
  readonly image: string
  readonly address: string
  readonly since: string
  readonly ready: boolean
}

/** The containers of the compose file. The command prints one JSON object per line, older ones an array. */
export const status = (root: string): Effect.Effect<ReadonlyArray<ContainerStatus>, Trouble> =>
  compose(root, ["ps", "--all", "--format", "json"]).pipe(
    Effect.flatMap((text) => {
      const lines = text.trim().split("\n").filter(Boolean)
      const list = text.trim().startsWith("[") ? text : `[${lines.join(",")}]`
      return Schema.decode(Schema.parseJson(Schema.Array(Container)))(list)
    }),
    Effect.catchTag("ParseError", ({ message }) =>
      Effect.fail(
        new Trouble({
          what: "docker compose ps answered something else than expected.",
          likelyCause: message,
          todo: `docker compose -f '${composeFile}' ps`
        })
      )
    ),
    Effect.map((containers) =>
      containers.map((container) => ({
        name: container.Service,
        image: container.Image,
        address: `127.0.0.1:${Object.values(servers.find(({ name }) => serviceOf(name) === container.Service)?.ports ?? {})[0] ?? "?"}`,
        since: container.RunningFor,
        ready: container.State === "running" && (container.Health === "" || container.Health === "healthy")
      }))
    )
  )
