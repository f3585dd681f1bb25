import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { formatEnvironment } from "./components/EnvironmentFile.ts"
import { fileLock, LockUnusable } from "./FileLock.ts"
import { listenerOn, memoryOfTree, startedAt } from "./Processes.ts"
import type { ServerRecipe, Where } from "./Server.ts"
import { findServer } from "./Servers.ts"
import * as Supervisor from "./Supervisor.ts"
import { explainDefect, explainFailure, explainInstall, explainPort, Trouble } from "./Trouble.ts"

/** A server that was started here at least once, and how it can be reached again without installing it. */
const Known = Schema.Struct({
  name: Schema.String,
  program: Schema.String,
  ports: Schema.Record({ key: Schema.String, value: Schema.Int })
})

/** `state.json`: in the order in which they were started. */
const State = Schema.parseJson(Schema.Struct({ servers: Schema.Array(Known) }))
type State = typeof State.Type

const statePath = (root: string): string => join(root, "state.json")

/** Variables for the services and for `dapr run`, in `KEY=value` lines. */
export const environmentPath = (root: string): string => join(root, "environment")
export const serverDirectory = (root: string, name: string): string => join(root, name)

const writeWhole = (path: string, text: string): void => {
  writeFileSync(`${path}.part`, text, { mode: 0o600 })
  renameSync(`${path}.part`, path)
}

const readState = (root: string): Effect.Effect<State, Trouble> =>
  Effect.suspend(() =>
    existsSync(statePath(root))
      ? Schema.decode(State)(readFileSync(statePath(root), "utf8"))
      : Effect.succeed({ servers: [] })
  ).pipe(
    Effect.mapError(
      ({ message }) =>
        new Trouble({
          what: `${statePath(root)} cannot be read.`,
          likelyCause: message,
          todo: `rm '${statePath(root)}'   and start the servers again: influscope stack up`
        })
    )
  )

/** Servers become ready at the same time, and each changes the file. */
const oneAtATime = Effect.unsafeMakeSemaphore(1)

const remember = (root: string, known: typeof Known.Type): Effect.Effect<void, Trouble> =>
  readState(root).pipe(
    Effect.flatMap(({ servers }) =>
      Effect.orDie(
        Schema.encode(State)({ servers: [...servers.filter(({ name }) => name !== known.name), known] })
      )
    ),
    Effect.map((text) => writeWhole(statePath(root), text)),
    oneAtATime.withPermits(1)
  )

/** Two commands at a time would start servers twice. Held until the scope closes. */
const exclusive = (root: string): Effect.Effect<void, Trouble, Scope.Scope> =>
  Effect.try({
    try: () => mkdirSync(root, { recursive: true, mode: 0o700 }),
    catch: (cause) => new LockUnusable({ path: root, cause })
  }).pipe(
    Effect.zipRight(fileLock(join(root, "lock.db"))),
    Effect.mapError((error) =>
      error._tag === "LockHeld"
        ? new Trouble({
            what: `The servers in ${root} are being started or stopped by another command.`,
            likelyCause: "influscope stack up or down runs in another window.",
            todo: "Wait until it is done and try again."
          })
        : new Trouble({
            what: `The directory ${root} cannot be used.`,
            likelyCause: error.message,
            todo: `Mend it (ls -ld '${root}'), or choose another: INFLUSCOPE_DATA_DIR=<directory>`
          })
    )
  )

const whereOf = (root: string, known: typeof Known.Type): Where | undefined => {
  const directory = serverDirectory(root, known.name)
  const secret = join(directory, "secret")
  return existsSync(secret)
    ? { directory, ports: known.ports, program: known.program, secret: readFileSync(secret, "utf8").trim() }
    : undefined
}

interface Present {
  readonly recipe: ServerRecipe
  readonly where: Where
}

const present = (root: string): Effect.Effect<ReadonlyArray<Present>, Trouble> =>
  Effect.map(readState(root), ({ servers }) =>
    servers.flatMap((known) => {
      const recipe = findServer(known.name)
      const where = whereOf(root, known)
      return recipe === undefined || where === undefined ? [] : [{ recipe, where }]
    })
  )

const writeEnvironment = (root: string): Effect.Effect<void, Trouble> =>
  Effect.map(present(root), (all) => {
    const running = all.filter(({ where }) => Supervisor.pidOf(where.directory) !== undefined)
    if (running.length === 0) return rmSync(environmentPath(root), { force: true })
    writeWhole(
      environmentPath(root),
      formatEnvironment(Object.assign({}, ...running.map(({ recipe, where }) => recipe.environment(where))))
    )
  })

/** How far one server is. */
export type Step =
  | { readonly step: "installing" }
  | { readonly step: "starting" }
  | { readonly step: "running"; readonly address: string }
  | { readonly step: "ready"; readonly seconds: number; readonly address: string }
  | { readonly step: "failed"; readonly trouble: Trouble }

export interface UpOptions {
  readonly root: string
  readonly recipes: ReadonlyArray<ServerRecipe>
  /** Ports by server and role, instead of the usual ones. */
  readonly ports: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** Told of every step of every server. */
  readonly report: (name: string, step: Step) => Effect.Effect<void>
}

/** Servers that install and start at the same time: more would only wait for each other. */
const concurrency = 3
/** One question to one server while its state is looked at. */
const answerTimeout = "5 seconds"

export const addressOf = ({ ports }: Where): string => `127.0.0.1:${Object.values(ports)[0] ?? 0}`

const firstTaken = (recipe: ServerRecipe, where: Where): Effect.Effect<void, Trouble> =>
  Effect.forEach(
    Object.entries(where.ports),
    ([role, port]) =>
      Effect.flatMap(Supervisor.isOpen(port), (open) =>
        open ? Effect.fail(explainPort(recipe.name, role, port, listenerOn(port))) : Effect.void
      ),
    { discard: true }
  )

const startOne = (recipe: ServerRecipe, { ports, report, root }: UpOptions) =>
  Effect.gen(function* () {
    const directory = serverDirectory(root, recipe.name)
    const before = (yield* readState(root)).servers.find(({ name }) => name === recipe.name)
    const chosen = { ...before?.ports, ...ports[recipe.name] }
    // What is here already is not worth a line.
    const installing = yield* Effect.fork(
      Effect.delay(report(recipe.name, { step: "installing" }), "500 millis")
    )
    const where = yield* Supervisor.locate(recipe, { directory, ports: chosen }).pipe(
      Effect.mapError(explainInstall),
      Effect.ensuring(Fiber.interrupt(installing))
    )
    const running = Supervisor.pidOf(directory) !== undefined
    if (running && before !== undefined) {
      const known = { ...where, ports: before.ports }
      return yield* report(recipe.name, { step: "running", address: addressOf(known) })
    }
    yield* report(recipe.name, { step: "starting" })
    yield* Supervisor.clearLeftovers(recipe, where)
    yield* firstTaken(recipe, where)
    const began = yield* Clock.currentTimeMillis
    yield* Effect.mapError(Supervisor.start(recipe, where), explainFailure)
    yield* remember(root, { name: recipe.name, program: where.program, ports: where.ports })
    const seconds = ((yield* Clock.currentTimeMillis) - began) / 1_000
    yield* report(recipe.name, { step: "ready", seconds, address: addressOf(where) })
  }).pipe(Effect.catchAllDefect((defect) => Effect.fail(explainDefect(recipe.name, defect))))

/**
 * Installs and starts servers that do not run yet, and writes their variables. One that fails is reported and holds up
 * no other; answers the names of those.
 */
export const up = (options: UpOptions): Effect.Effect<ReadonlyArray<string>, Trouble> =>
  Effect.gen(function* () {
    yield* exclusive(options.root)
    const outcomes = yield* Effect.forEach(
      options.recipes,
      (recipe) =>
        Effect.either(startOne(recipe, options)).pipe(
          Effect.tap((outcome) =>
            Either.isLeft(outcome)
              ? options.report(recipe.name, { step: "failed", trouble: outcome.left })
              : Effect.void
          ),
          Effect.map((outcome) => (Either.isLeft(outcome) ? [recipe.name] : []))
        ),
      { concurrency }
    )
    yield* writeEnvironment(options.root)
    return outcomes.flat()
  }).pipe(Effect.scoped)

/** Stops what runs, the last one started first; answers the names. Data, and the ports for the next time, are kept. */
export const down = (
  root: string,
  report: (name: string) => Effect.Effect<void>
): Effect.Effect<ReadonlyArray<string>, Trouble> =>
  Effect.gen(function* () {
    if (!existsSync(statePath(root))) return []
    yield* exclusive(root)
    const running = (yield* present(root)).filter(
      ({ recipe, where }) =>
        Supervisor.pidOf(where.directory) !== undefined || recipe.companions !== undefined
    )
    const stopped = yield* Effect.forEach([...running].reverse(), ({ recipe, where }) =>
      Effect.gen(function* () {
        const ran = Supervisor.pidOf(where.directory) !== undefined
        // Also after a crash: what it left behind still runs.
        yield* Supervisor.stop(recipe, where)
        if (!ran) return []
        yield* report(recipe.name)
        return [recipe.name]
      })
    )
    yield* writeEnvironment(root)
    return stopped.flat()
  }).pipe(Effect.scoped)

export interface ServerStatus {
  readonly name: string
  readonly version: string
  readonly purpose: string
  readonly address: string
  readonly ports: Readonly<Record<string, number>>
  /** Null when it does not run. */
  readonly pid: number | null
  /** In RAM, with its child processes. */
  readonly memoryBytes: number | null
  readonly since: Date | null
  readonly ready: boolean
  readonly log: string
}

/** The servers that were started here at least once. */
export const status = (root: string): Effect.Effect<ReadonlyArray<ServerStatus>, Trouble> =>
  Effect.flatMap(present(root), (all) =>
    Effect.forEach(
      all,
      ({ recipe, where }) =>
        Effect.gen(function* () {
          const pid = Supervisor.pidOf(where.directory)
          const ready =
            pid !== undefined &&
            (yield* Effect.timeoutTo(recipe.ready(where), {
              duration: answerTimeout,
              onSuccess: (answer) => answer,
              onTimeout: () => false
            }))
          const version =
            pid === undefined || recipe.runningVersion === undefined
              ? recipe.version
              : yield* recipe.runningVersion(where).pipe(
                  Effect.timeout(answerTimeout),
                  Effect.orElseSucceed(() => recipe.version)
                )
          return {
            name: recipe.name,
            version,
            purpose: recipe.purpose,
            address: addressOf(where),
            ports: where.ports,
            pid: pid ?? null,
            memoryBytes: pid === undefined ? null : (memoryOfTree(pid) ?? null),
            since: pid === undefined ? null : (startedAt(pid) ?? null),
            ready,
            log: Supervisor.logPath(where.directory)
          }
        }),
      { concurrency }
    )
  )

/** A server that runs, with what it takes to ask it something. */
export const running = (root: string): Effect.Effect<ReadonlyArray<Present>, Trouble> =>
  Effect.map(present(root), (all) =>
    all.filter(({ where }) => Supervisor.pidOf(where.directory) !== undefined)
  )
