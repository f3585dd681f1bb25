import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type InstallFailed, ServerFailed, type ServerRecipe, type Where } from "@influscope/stack/Server"
import * as Supervisor from "@influscope/stack/Supervisor"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"

/** How a server of a test is reached: a program of this machine or a container, which makes no difference. */
export interface Reached {
  readonly recipe: ServerRecipe
  readonly where: Where
  /** The variables with which InfluScope and Dapr's components reach it. */
  readonly environment: Readonly<Record<string, string>>
}

/** A server of a test's own, which it may break. It has the same ports and data after every start. */
export interface TestServer extends Reached {
  /** As a crash would have it. */
  readonly kill: Effect.Effect<void>
  /** In order. */
  readonly stop: Effect.Effect<void>
  readonly start: Effect.Effect<void, ServerFailed>
}

/**
 * INFLUSCOPE_TEST_SERVERS: what servers of tests are. Left out: containers where an engine answers, else programs of
 * this machine.
 */
const kind = Config.literal("containers", "native")("INFLUSCOPE_TEST_SERVERS").pipe(Config.option)

/** What servers of tests are here. */
export const kindHere: Effect.Effect<"containers" | "native"> = Effect.flatMap(
  Effect.orDie(kind),
  Option.match({
    onSome: Effect.succeed,
    // Its library is large, and of no use without an engine.
    onNone: () =>
      Effect.promise(() => import("testcontainers")).pipe(
        Effect.flatMap(({ getContainerRuntimeClient }) =>
          Effect.tryPromise(() => getContainerRuntimeClient())
        ),
        Effect.match({ onSuccess: () => "containers" as const, onFailure: () => "native" as const })
      )
  })
)

const native = (recipe: ServerRecipe) =>
  Effect.gen(function* () {
    const directory = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), `influscope-${recipe.name}-`))),
      (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
    )
    const { where } = yield* Supervisor.scoped(recipe, { directory })
    const server: TestServer = {
      recipe,
      where,
      environment: recipe.environment(where),
      kill: Supervisor.kill(where),
      stop: Supervisor.stop(recipe, where),
      start: Effect.asVoid(Supervisor.start(recipe, where))
    }
    return server
  })

/** A server of its own on free ports, for as long as the scope is open. */
export const scoped = (
  recipe: ServerRecipe
): Effect.Effect<TestServer, InstallFailed | ServerFailed, Scope.Scope> =>
  Effect.gen(function* () {
    if ((yield* kindHere) === "native") return yield* native(recipe)
    const { container } = yield* Effect.promise(() => import("./Container.ts"))
    return yield* container(recipe)
  })

/** The socket on which the run's shared servers are asked for: see SharedServers.ts. */
export const sharedSocket = "INFLUSCOPE_SHARED_SERVERS"

/** The status of the answer while the server is starting: to be asked again. */
export const notYet = 503

/** What is answered there. */
export const SharedAnswer = Schema.Struct({
  where: Schema.Struct({
    directory: Schema.String,
    ports: Schema.Record({ key: Schema.String, value: Schema.Int }),
    program: Schema.String,
    secret: Schema.String
  }),
  environment: Schema.Record({ key: Schema.String, value: Schema.String })
})

/**
 * The run's one server of a kind, started when it is first asked for and stopped after the last test file. Tests keep
 * apart in it by names of their own, and leave it running.
 */
export const shared = (recipe: ServerRecipe): Effect.Effect<Reached, ServerFailed> =>
  Effect.gen(function* () {
    const socket = yield* Effect.orDie(Config.string(sharedSocket))
    const answer = yield* Effect.tryPromise((signal) =>
      fetch(`http://servers/${recipe.name}`, { unix: socket, signal }).then(async (response) => {
        const text = await response.text()
        if (!response.ok && response.status !== notYet) throw new Error(text)
        return { status: response.status, text }
      })
    ).pipe(Effect.repeat({ until: ({ status }) => status !== notYet }))
    const { environment, where } = yield* Schema.decode(Schema.parseJson(SharedAnswer))(answer.text)
    return { recipe, where, environment }
  }).pipe(
    Effect.mapError(
      (error) =>
        new ServerFailed({
          server: recipe.name,
          why: String(error._tag === "UnknownException" ? error.cause : error),
          log: "in what was printed before"
        })
    )
  )
