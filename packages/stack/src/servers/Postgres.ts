import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync
} from "node:fs"
import { dirname, join, resolve } from "node:path"
import { SQL } from "bun"
import * as Effect from "effect/Effect"
import { fromPackage } from "../Cache.ts"
import { processesIn } from "../Processes.ts"
import { ServerFailed, type ServerRecipe, type Where } from "../Server.ts"
import * as Shell from "../Shell.ts"
import { logPath } from "../Supervisor.ts"

const user = "influscope"
const databases = ["influscope", "dapr"]
const debianHome = "/usr/lib/postgresql"

const portOf = ({ ports }: Where): number => ports["postgres"] ?? 0
const dataOf = ({ directory }: Where): string => join(directory, "data")

/** The directory of its programs: Debian's newest, or the one on the PATH. */
const find = (): string | undefined => {
  const versions = existsSync(debianHome) ? readdirSync(debianHome) : []
  const newest = versions
    .filter((version) => existsSync(join(debianHome, version, "bin", "postgres")))
    .sort((a, b) => Number(b) - Number(a))[0]
  if (newest !== undefined) return join(debianHome, newest, "bin")
  const onPath = Bun.which("postgres")
  return onPath === null ? undefined : dirname(onPath)
}

interface Account {
  readonly uid: number
  readonly gid: number
}

/** PostgreSQL refuses to run as root, so for root there is another account. */
const account = (): Account | undefined => {
  if (process.getuid?.() !== 0) return undefined
  const fields = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .find((line) => line.startsWith("postgres:"))
    ?.split(":")
  return { uid: Number(fields?.[2] ?? 65_534), gid: Number(fields?.[3] ?? 65_534) }
}

/** Whether everybody may enter a directory and all above it. */
const isOpenToAll = (directory: string): boolean => {
  if ((statSync(directory).mode & 0o001) === 0) return false
  const parent = dirname(directory)
  return parent === directory || isOpenToAll(parent)
}

/** In the kernel's numbering. */
const capabilities = [
  { name: "dac_read_search", bit: 2n },
  { name: "dac_override", bit: 1n }
]

/**
 * A data directory below one that is closed to others (a home, a temporary directory) can be reached by the other
 * account only with this one right of root's.
 */
const rightToPass = (directory: string): ReadonlyArray<string> => {
  if (isOpenToAll(directory)) return []
  const bounding = /^CapBnd:\s+([0-9a-f]+)$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1] ?? "0"
  const held = capabilities.find(({ bit }) => ((BigInt(`0x${bounding}`) >> bit) & 1n) === 1n)
  return held === undefined ? [] : [`--inh-caps=+${held.name}`, `--ambient-caps=+${held.name}`]
}

const unprivileged = (where: Where, argv: ReadonlyArray<string>): ReadonlyArray<string> => {
  const other = account()
  if (other === undefined) return argv
  return [
    "setpriv",
    `--reuid=${other.uid}`,
    `--regid=${other.gid}`,
    "--clear-groups",
    ...rightToPass(resolve(where.directory)),
    ...argv
  ]
}

const failed =
  (where: Where, what: string) =>
  (error: Shell.CommandFailed): ServerFailed =>
    new ServerFailed({ server: "postgres", why: `${what}: ${error.message}`, log: logPath(where.directory) })

/** The data directory of a first start, made whole or not at all. */
const initialise = (where: Where): Effect.Effect<void, ServerFailed> =>
  Effect.suspend(() => {
    const data = dataOf(where)
    if (existsSync(join(data, "PG_VERSION")) && existsSync(join(data, "global", "pg_control")))
      return Effect.void
    const passwords = join(where.directory, "initial-password")
    return Effect.try({
      try: () => {
        rmSync(data, { recursive: true, force: true })
        mkdirSync(data, { mode: 0o700 })
        writeFileSync(passwords, where.secret, { mode: 0o600 })
        const other = account()
        if (other !== undefined) for (const path of [data, passwords]) chownSync(path, other.uid, other.gid)
      },
      catch: (cause) =>
        new Shell.CommandFailed({
          command: `mkdir ${data}`,
          why: cause instanceof Error ? cause.message : String(cause)
        })
    }).pipe(
      Effect.zipRight(
        Shell.run(
          unprivileged(where, [
            join(where.program, "initdb"),
            `--pgdata=${data}`,
            `--username=${user}`,
            `--pwfile=${passwords}`,
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--data-checksums"
          ]),
          { cwd: where.directory }
        )
      ),
      Effect.tapError(() => Effect.sync(() => rmSync(data, { recursive: true, force: true }))),
      Effect.ensuring(Effect.sync(() => rmSync(passwords, { force: true }))),
      Effect.mapError(failed(where, "its data directory cannot be made")),
      Effect.asVoid
    )
  })

const url = (where: Where, database: string): string =>
  `postgres://${user}:${where.secret}@127.0.0.1:${portOf(where)}/${database}`

/** By its protocol, so that a container of it is served as well. */
const ask = <A>(where: Where, what: string, work: (sql: SQL) => Promise<A>): Effect.Effect<A, ServerFailed> =>
  Effect.acquireUseRelease(
    Effect.sync(() => new SQL({ url: url(where, "postgres"), max: 1, connectionTimeout: 10 })),
    (sql) =>
      Effect.tryPromise({
        try: () => work(sql),
        catch: (cause) =>
          new ServerFailed({
            server: "postgres",
            why: `${what}: ${cause instanceof Error ? cause.message : String(cause)}`,
            log: logPath(where.directory)
          })
      }),
    (sql) => Effect.promise(() => sql.close())
  )

const makeDatabases = (where: Where): Effect.Effect<void, ServerFailed> =>
  ask(where, "its databases cannot be made", async (sql) => {
    const known: ReadonlyArray<{ readonly name: string }> = await sql`SELECT datname AS name FROM pg_database`
    for (const database of databases)
      if (!known.some(({ name }) => name === database)) await sql.unsafe(`CREATE DATABASE ${database}`)
  })

const versionOf = (where: Where): Effect.Effect<string, ServerFailed> =>
  ask(where, "it does not tell its version", async (sql) => {
    const [row]: ReadonlyArray<{ readonly version: string }> =
      await sql`SELECT split_part(current_setting('server_version'), ' ', 1) AS version`
    return row?.version ?? ""
  })

/** PostgreSQL of Debian or the PATH, with a password, one database for InfluScope and one for Dapr's state. */
export const postgres: ServerRecipe = {
  name: "postgres",
  version: "15",
  purpose: "outbox, dead letters, Dapr's state",
  ports: { postgres: 15_432 },
  install: fromPackage("postgres", "postgresql", find),
  prepare: initialise,
  command: (where) => ({
    argv: unprivileged(where, [
      join(where.program, "postgres"),
      "-D",
      dataOf(where),
      "-c",
      "listen_addresses=127.0.0.1",
      "-c",
      `port=${portOf(where)}`,
      // A path of a socket has at most 107 bytes, which a data directory may be longer than.
      "-c",
      "unix_socket_directories=",
      "-c",
      "max_connections=200"
    ])
  }),
  ready: (where) =>
    Shell.run([
      join(where.program, "pg_isready"),
      "--quiet",
      "--host=127.0.0.1",
      `--port=${portOf(where)}`,
      "--timeout=5"
    ]).pipe(
      Effect.as(true),
      Effect.orElseSucceed(() => false)
    ),
  runningVersion: versionOf,
  afterStart: makeDatabases,
  // SIGTERM would wait for every client to leave.
  stopSignal: "SIGINT",
  startTimeout: "60 seconds",
  stopTimeout: "60 seconds",
  // After a crash it does not start again until every session has ended, and one at work does not notice the crash.
  companions: (where) =>
    Effect.sync(() =>
      existsSync(dataOf(where)) ? processesIn("postgres", realpathSync(dataOf(where))) : []
    ),
  environment: (where) => ({
    DATABASE_URL: url(where, "influscope"),
    DAPR_STATE_CONNECTION: `${url(where, "dapr")}?sslmode=disable`
  })
}
