import { existsSync, readFileSync } from "node:fs"
import { open } from "node:fs/promises"
import { join } from "node:path"
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Options from "@effect/cli/Options"
import * as ValidationError from "@effect/cli/ValidationError"
import * as Compose from "@influscope/stack/Compose"
import { parseEnvironment } from "@influscope/stack/components/EnvironmentFile"
import * as DaprPrograms from "@influscope/stack/DaprPrograms"
import * as NativeStack from "@influscope/stack/NativeStack"
import type { ServerRecipe } from "@influscope/stack/Server"
import { defaultServers, findServer, servers } from "@influscope/stack/Servers"
import { logPath } from "@influscope/stack/Supervisor"
import { explainInstall, type Trouble } from "@influscope/stack/Trouble"
import * as Effect from "effect/Effect"
import { CliError } from "../CliError.ts"
import { jsonOption, plainArg } from "../CommonOptions.ts"
import { dataDirPath } from "../DataDir.ts"
import { declareTopology } from "../DeclareTopology.ts"
import { print, printJson, remark } from "../Output.ts"
import { type Column, table } from "../Table.ts"
import { count, counted, oneLine } from "../Text.ts"

const rootOf = Effect.map(dataDirPath, (path) => join(path, "stack"))

const asCliError = ({ likelyCause, todo, what }: Trouble): CliError =>
  new CliError({ what, likelyCause, todo })

const native = Options.boolean("native").pipe(
  Options.withDescription("Servers of this machine, also where a Docker engine answers.")
)

const knownNames = servers.map(({ name }) => name).join(", ")

const usualPorts = servers.flatMap(({ name, ports }) =>
  Object.entries(ports).map(([role, number]) => `${name}.${role}=${number}`)
)

const withServers = Options.text("with").pipe(
  Options.withDescription(`More servers, with commas between them: of ${knownNames}.`),
  Options.withDefault("")
)
const onlyServers = Options.text("only").pipe(
  Options.withDescription("These servers instead of the usual ones."),
  Options.withDefault("")
)

/** Such as rabbitmq.amqp=5673. */
const portOf = (text: string) => {
  const [, name = "", role = "", number = ""] = /^([a-z0-9-]+)\.([a-z0-9-]+)=(\d+)$/.exec(text) ?? []
  const value = Number(number)
  return findServer(name)?.ports[role] === undefined || value < 1 || value > 65_535
    ? Effect.fail(
        ValidationError.invalidValue(
          HelpDoc.p(
            `--port ${text}: expected SERVER.ROLE=PORT, such as ${usualPorts.slice(0, 2).join(" or ")}.`
          )
        )
      )
    : Effect.succeed({ name, role, value })
}

const port = Options.text("port").pipe(
  Options.withDescription("Another port than the usual one: SERVER.ROLE=PORT, as often as needed."),
  Options.repeated,
  Options.mapEffect((texts) => Effect.forEach(texts, portOf))
)

const namesIn = (text: string): ReadonlyArray<string> =>
  text
    .split(",")
    .map((name) => name.trim())
    .filter(Boolean)

const chosen = (given: {
  readonly with: string
  readonly only: string
}): Effect.Effect<ReadonlyArray<ServerRecipe>, CliError> => {
  const only = namesIn(given.only)
  const names = new Set([...(only.length > 0 ? only : defaultServers), ...namesIn(given.with)])
  return Effect.forEach([...names], (name) => {
    const recipe = findServer(name)
    return recipe === undefined
      ? new CliError({
          what: `There is no server ${JSON.stringify(name)}.`,
          likelyCause: "The name is mistyped, or it does not run here yet.",
          todo: `Choose of these: ${knownNames}`
        })
      : Effect.succeed(recipe)
  })
}

const mebibytes = (bytes: number | null): string =>
  bytes === null ? "-" : `${count(Math.round(bytes / 1024 ** 2))} MiB`

const column = <Row>(title: string, cell: (row: Row) => string): Column<Row> => ({ title, cell })

const nativeColumns: ReadonlyArray<Column<NativeStack.ServerStatus>> = [
  column("server", ({ name }) => name),
  column("version", ({ version }) => version),
  column("address", ({ address }) => address),
  column("pid", ({ pid }) => (pid === null ? "-" : String(pid))),
  { title: "memory", cell: ({ memoryBytes }) => mebibytes(memoryBytes), align: "right" },
  column("up since", ({ since }) => since?.toISOString().slice(0, 19).replace("T", " ") ?? "-"),
  column("ready", ({ ready }) => (ready ? "yes" : "no")),
  { title: "for", cell: ({ purpose }) => purpose, shrinks: true }
]

const containerColumns: ReadonlyArray<Column<Compose.ContainerStatus>> = [
  column("server", ({ name }) => name),
  column("image", ({ image }) => image),
  column("address", ({ address }) => address),
  column("up since", ({ since }) => since),
  column("ready", ({ ready }) => (ready ? "yes" : "no"))
]

/** Containers when an engine answers and nobody asked for the servers of this machine. */
const withDocker = (nativeWanted: boolean): Effect.Effect<boolean> =>
  nativeWanted ? Effect.succeed(false) : Compose.engineAnswers

const widest = Math.max(...servers.map(({ name }) => name.length))

const describe = (name: string, step: NativeStack.Step): string => {
  const who = name.padEnd(widest + 2)
  switch (step.step) {
    case "installing":
      return `${who}installing; the first time this can take minutes`
    case "starting":
      return `${who}starting`
    case "running":
      return `${who}runs already at ${step.address}`
    case "ready":
      return `${who}ready after ${step.seconds.toFixed(1)} s at ${step.address}`
    case "failed":
      return `${who}failed\nerror: ${asCliError(step.trouble).message}`
  }
}

const sayEnvironment = (root: string): Effect.Effect<void> =>
  print(
    `\nTheir addresses and passwords: ${NativeStack.environmentPath(root)}\n` +
      `For a shell:  set -a; . '${NativeStack.environmentPath(root)}'; set +a`
  )

const declareQueues = (root: string): Effect.Effect<boolean, CliError> => {
  const file = NativeStack.environmentPath(root)
  return declareTopology(
    existsSync(file) ? parseEnvironment(readFileSync(file, "utf8")) : {},
    "influscope stack up   declares them again; influscope doctor shows what differs."
  )
}

const dapr = Command.make("dapr", {}, () =>
  Effect.gen(function* () {
    yield* remark("Bringing daprd and the Dapr CLI; the first time they are built, which takes minutes.")
    const programs = yield* Effect.mapError(DaprPrograms.install(yield* rootOf), (error) =>
      asCliError(explainInstall(error))
    )
    yield* print(
      `${DaprPrograms.shellLines(programs)}\n\n# With these lines in your shell (docs/dapr.md):\n` +
        "#   influscope components use; set -a; . dapr/.resources/environment; set +a\n" +
        "#   dapr run -f dapr/dapr.yaml"
    )
  })
).pipe(
  Command.withDescription("Bring daprd and the Dapr CLI, and print the lines with which a shell finds them.")
)

const up = Command.make("up", { with: withServers, only: onlyServers, port, native }, (given) =>
  Effect.gen(function* () {
    const root = yield* rootOf
    const recipes = yield* chosen(given)
    if (yield* withDocker(given.native)) {
      if (given.port.length > 0) {
        return yield* new CliError({
          what: "--port is for the servers of this machine only.",
          likelyCause: "A Docker engine answers, so the servers are containers on their usual ports.",
          todo: "Leave it out, or add --native."
        })
      }
      yield* remark(`A Docker engine answers: starting ${counted(recipes.length, "container")}.`)
      yield* Compose.up(root, recipes)
      yield* declareQueues(root)
      yield* print(table(containerColumns, yield* Compose.status(root)))
      return yield* sayEnvironment(root)
    }
    const ports: Record<string, Record<string, number>> = {}
    for (const { name, role, value } of given.port) ports[name] = { ...ports[name], [role]: value }
    const failed = yield* NativeStack.up({
      root,
      recipes,
      ports,
      report: (name, step) => remark(describe(name, step))
    })
    yield* declareQueues(root)
    yield* print(table(nativeColumns, yield* NativeStack.status(root)))
    yield* sayEnvironment(root)
    if (failed.length > 0) {
      return yield* new CliError({
        what: `${counted(failed.length, "server")} of ${recipes.length} did not start: ${failed.join(", ")}.`,
        likelyCause: "It is said above, for each of them.",
        todo: "Mend that, then influscope stack up again; what runs goes on."
      })
    }
  }).pipe(Effect.catchTag("Trouble", (trouble) => Effect.fail(asCliError(trouble))))
).pipe(
  Command.withDescription(
    "Install and start the servers of the Dapr runtime: as containers where a Docker engine answers, else on this machine."
  )
)

const down = Command.make("down", { native }, (given) =>
  Effect.gen(function* () {
    const root = yield* rootOf
    const stopped = yield* NativeStack.down(root, (name) => remark(`${name.padEnd(widest + 2)}stopped`))
    const docker = yield* withDocker(given.native)
    if (docker) yield* Compose.down(root)
    yield* print(
      stopped.length === 0 && !docker
        ? "No server ran."
        : `${docker ? "The containers are" : `${counted(stopped.length, "server")}`} stopped; their data is kept.`
    )
  }).pipe(Effect.catchTag("Trouble", (trouble) => Effect.fail(asCliError(trouble))))
).pipe(Command.withDescription("Stop the servers, the last one first; their data is kept."))

const status = Command.make("status", { native, json: jsonOption }, (given) =>
  Effect.gen(function* () {
    const root = yield* rootOf
    const here = yield* NativeStack.status(root)
    const containers = (yield* withDocker(given.native)) ? yield* Compose.status(root) : []
    if (given.json) return yield* printJson({ servers: here, containers })
    if (here.length === 0 && containers.length === 0)
      return yield* print("No server was started yet: influscope stack up")
    if (containers.length > 0) yield* print(table(containerColumns, containers))
    if (here.length > 0) yield* print(table(nativeColumns, here))
  }).pipe(Effect.catchTag("Trouble", (trouble) => Effect.fail(asCliError(trouble))))
).pipe(Command.withDescription("Show the servers: address, process, memory, and whether they answer."))

/** Bytes at the end of a log that are looked at: some thousand lines. */
const tailBytes = 4 * 1024 ** 2

/** Colours of the server's own and whatever a message brought along do not reach the terminal. */
const plainLine = (line: string): string => oneLine(Bun.stripANSI(line).replaceAll("\t", "  "))

const tail = (path: string, lines: number): Effect.Effect<string, CliError> =>
  Effect.tryPromise({
    try: async () => {
      const file = await open(path)
      try {
        const { size } = await file.stat()
        const length = Math.min(size, tailBytes)
        const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length)
        return buffer.toString("utf8").trimEnd().split("\n").slice(-lines).map(plainLine).join("\n")
      } finally {
        await file.close()
      }
    },
    catch: (cause) =>
      new CliError({
        what: `${path} cannot be read.`,
        likelyCause: cause instanceof Error ? cause.message : String(cause),
        todo: "influscope stack status shows where the logs are."
      })
  })

const name = plainArg("name").pipe(Args.withDescription(`One of ${knownNames}.`))
const lines = Options.integer("lines").pipe(
  Options.withAlias("n"),
  Options.withDescription("How many of its last lines."),
  Options.withDefault(50)
)

const logs = Command.make("logs", { name, lines, native }, (given) =>
  Effect.gen(function* () {
    const root = yield* rootOf
    yield* chosen({ with: "", only: given.name })
    const path = logPath(NativeStack.serverDirectory(root, given.name))
    if (existsSync(path)) return yield* print(yield* tail(path, Math.max(1, given.lines)))
    if (yield* withDocker(given.native))
      return yield* print(
        (yield* Compose.logs(root, given.name, Math.max(1, given.lines)))
          .trimEnd()
          .split("\n")
          .map(plainLine)
          .join("\n")
      )
    return yield* new CliError({
      what: `There is no log of ${given.name}.`,
      likelyCause: "It was never started with this data directory.",
      todo: `influscope stack up --with ${given.name}`
    })
  }).pipe(Effect.catchTag("Trouble", (trouble) => Effect.fail(asCliError(trouble))))
).pipe(Command.withDescription("Show the end of a server's log."))

export const stack = Command.make("stack").pipe(
  Command.withDescription(
    "Run the servers that the Dapr runtime needs: broker, search, database, cache, objects."
  ),
  Command.withSubcommands([up, down, status, logs, dapr])
)
