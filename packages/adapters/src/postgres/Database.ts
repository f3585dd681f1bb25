import { createHash } from "node:crypto"
import { Socket } from "node:net"
import * as Reactivity from "@effect/experimental/Reactivity"
import type { SqlError } from "@effect/sql/SqlError"
import * as PgClient from "@effect/sql-pg/PgClient"
import { StorageError, type StorageReason } from "@influscope/ports/StorageError"
import * as Clock from "effect/Clock"
import * as Config from "effect/Config"
import type { ConfigError } from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { migrations } from "./Migrations.ts"

/** What a statement may be given. */
export type Parameter = string | number | Uint8Array | null

/** One database, through a pool of connections. */
export interface PostgresDatabase {
  /**
   * Runs one statement and commits it: all of its writes or none, on the disk when the effect succeeds, unless the statement says
   * otherwise (`lazily`). There are no transactions of several statements: a process that is frozen in the middle of
   * one would hold its locks for everybody. Deadlocks and failed serialisations are tried again. The server's errors
   * become StorageError; a mistake in SQL is a defect.
   */
  readonly query: <Row extends object>(
    operation: string,
    statement: string,
    parameters: ReadonlyArray<Parameter>
  ) => Effect.Effect<ReadonlyArray<Row>, StorageError>
}

export class Database extends Context.Tag("@influscope/adapters/postgres/Database")<
  Database,
  PostgresDatabase
>() {}

/**
 * The begin of a `WITH` that has its statement commit without waiting for the disk. What it wrote survives the death of
 * this process; a crash of the server may take back the last second of it, and later synced commits never overtake it. For
 * writes whose loss only repeats work. `lazily` must be named in the FROM of the main query, or it does not happen.
 */
export const lazily = "lazily AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))"

/** Text as PostgreSQL can hold it: lone surrogates and NUL become U+FFFD. */
export const text = (value: string): string => value.toWellFormed().replaceAll("\u0000", "\uFFFD")

const longestKey = 256

/** A topic, id or job as an index can hold it: what is longer than 256 UTF-16 code units is cut and ends in its hash. */
export const key = (value: string): string => {
  const clean = text(value)
  if (clean.length <= longestKey) return clean
  return `${clean.slice(0, 180).toWellFormed()}…${createHash("sha256").update(clean).digest("hex")}`
}

/** By SQLSTATE, or by its class. Anything else is a mistake of ours. */
const reasons: { readonly [state: string]: StorageReason } = {
  "53100": "full",
  "58P01": "corrupt",
  "08": "unavailable",
  "25006": "unavailable",
  "28": "unavailable",
  "3D": "unavailable",
  "42501": "unavailable",
  "53": "unavailable",
  "55": "unavailable",
  "57": "unavailable",
  "58": "unavailable",
  "23": "conflict",
  "40": "conflict",
  XX: "corrupt"
}

/** The SQLSTATE of an error that the server sent; undefined for those of the connection. */
const stateOf = ({ cause }: SqlError): string | undefined =>
  cause instanceof Error && "severity" in cause && "code" in cause && typeof cause.code === "string"
    ? cause.code
    : undefined

const endsConnection = ({ cause }: SqlError): boolean =>
  cause instanceof Error && "severity" in cause && (cause.severity === "FATAL" || cause.severity === "PANIC")

const failure =
  (operation: string) =>
  (error: SqlError): Effect.Effect<never, StorageError> => {
    const state = stateOf(error)
    const cause = error.cause ?? error
    const reason = state === undefined ? "unavailable" : (reasons[state] ?? reasons[state.slice(0, 2)])
    return reason === undefined
      ? Effect.die(cause)
      : Effect.fail(new StorageError({ reason, operation, cause }))
  }

const lostARace = (error: SqlError): boolean => ["40001", "40P01"].includes(stateOf(error) ?? "")

const again = Schedule.exponential("10 millis").pipe(
  Schedule.jittered,
  Schedule.intersect(Schedule.recurs(5))
)

/** Before the default, or a bad value would not be named by its key. */
const positive = Config.validate<Duration.Duration>({
  message: "expected more than 0",
  validation: (value) => Duration.isFinite(value) && Duration.toMillis(value) > 0
})

/** postgres://user:password@host:port/database, with the parameters that node-postgres knows (sslmode, options). */
export const addressIn = (variable: string) =>
  Config.validate<Redacted.Redacted>({
    message: `${variable}: expected postgres://user:password@host:port/database`,
    validation: (url) => /^postgres(ql)?:\/\//.test(Redacted.value(url)) && URL.canParse(Redacted.value(url))
  })

const settings = Config.all({
  /** Connections of this process. */
  poolSize: Config.integer("DATABASE_POOL_SIZE").pipe(
    Config.validate({ message: "expected 1 to 100", validation: (size) => size >= 1 && size <= 100 }),
    Config.withDefault(8)
  ),
  /** For a connection: to be made, or to become free. */
  connectTimeout: Config.duration("DATABASE_CONNECT_TIMEOUT").pipe(
    positive,
    Config.withDefault(Duration.seconds(5))
  ),
  /** For one statement, from the server's side. */
  statementTimeout: Config.duration("DATABASE_STATEMENT_TIMEOUT").pipe(
    positive,
    Config.withDefault(Duration.seconds(10))
  ),
  /** How long a start waits for a server that is not up yet. */
  startTimeout: Config.duration("DATABASE_START_TIMEOUT").pipe(
    positive,
    Config.withDefault(Duration.seconds(30))
  )
})

export interface DatabaseConfig extends Config.Config.Success<typeof settings> {
  readonly url: Redacted.Redacted
}

const withUrl = (url: Config.Config<Redacted.Redacted>): Config.Config<DatabaseConfig> =>
  Config.zipWith(url, settings, (address, rest) => ({ ...rest, url: address }))

export const databaseConfig = withUrl(Config.redacted("DATABASE_URL").pipe(addressIn("DATABASE_URL")))

const withSettings = (url: Redacted.Redacted, statementTimeout: Duration.Duration): Redacted.Redacted => {
  const changed = new URL(Redacted.value(url))
  changed.searchParams.set("statement_timeout", String(Math.ceil(Duration.toMillis(statementTimeout))))
  // Our statements are short: to compile one takes longer than to run it. What the operator sets goes before that.
  const options = changed.searchParams.get("options") ?? ""
  changed.searchParams.set("options", `-c jit=off ${options}`.trim())
  return Redacted.make(changed.href)
}

/** Idle connections say so to the other side this often, so that nothing in between forgets them. */
const keepAliveMillis = 30_000

/** The sockets of a pool. */
class Sockets {
  private readonly open = new Set<Socket>()

  readonly make = (): Socket => {
    const socket = new Socket()
    this.open.add(socket)
    socket.once("connect", () => socket.setKeepAlive(true, keepAliveMillis))
    socket.once("close", () => this.open.delete(socket))
    return socket
  }

  /** Fails whatever waits for an answer; the pool makes new connections when it needs them. */
  readonly abandon = (): void => {
    for (const socket of this.open) socket.destroy(new Error("the server does not answer"))
  }
}

const connect = (
  url: Redacted.Redacted,
  { connectTimeout }: DatabaseConfig,
  maxConnections: number,
  stream: () => Socket
): Effect.Effect<PgClient.PgClient, SqlError, Scope.Scope> =>
  PgClient.make({
    url,
    maxConnections,
    connectTimeout,
    idleTimeout: "1 minute",
    applicationName: "influscope",
    stream
  }).pipe(Effect.provide(Reactivity.layer))

/** Long enough for any change of the schema, and for those of others that are waited for. */
const migrationTimeout = Duration.minutes(10)
/** Any number that nobody else uses for an advisory lock of this database. */
const migrationLock = 4_861_279_150

/** One statement that brings the schema from whatever version it has to the last one, one process at a time. */
const migrate = `DO $migrate$
DECLARE found integer;
BEGIN
  PERFORM pg_advisory_xact_lock(${migrationLock});
  IF to_regnamespace('influscope') IS NULL THEN CREATE SCHEMA influscope; END IF;
  IF to_regclass('influscope.schema_version') IS NULL THEN
    CREATE TABLE influscope.schema_version (version integer NOT NULL);
    INSERT INTO influscope.schema_version VALUES (0);
  END IF;
  SELECT version INTO found FROM influscope.schema_version;
${migrations
  .map(
    (script, index) => `  IF found < ${index + 1} THEN
    EXECUTE $script$${script}$script$;
    UPDATE influscope.schema_version SET version = ${index + 1};
  END IF;`
  )
  .join("\n")}
END $migrate$`

const openOperation = "open the PostgreSQL database"

const prepare = (config: DatabaseConfig): Effect.Effect<void, StorageError> =>
  Effect.gen(function* () {
    const url = withSettings(config.url, migrationTimeout)
    const client = yield* connect(url, config, 1, new Sockets().make)
    yield* client.unsafe(migrate)
    return yield* client.unsafe<{ version: number }>("SELECT version FROM influscope.schema_version")
  }).pipe(
    Effect.scoped,
    Effect.catchTag("SqlError", failure(openOperation)),
    Effect.flatMap(([row]) =>
      row?.version === migrations.length
        ? Effect.void
        : new StorageError({
            reason: "corrupt",
            operation: openOperation,
            cause: `written by a newer release (schema ${row?.version}, this release knows ${migrations.length})`
          })
    )
  )

/**
 * Runs a statement in bounded time. The server ends statements by itself when their time is up; one that does not even
 * do that is gone, or as good as gone, and its connections with it: no answer will ever release them.
 *
 * Who is interrupted does not wait, and the statement comes to its end by itself: to cancel it, the driver would need a
 * second connection, and have none when it is needed most.
 */
const bounded = <A>(
  statement: Effect.Effect<A, SqlError>,
  sockets: Sockets,
  { connectTimeout, statementTimeout }: DatabaseConfig
): Effect.Effect<A, SqlError> => {
  const limit = Duration.toMillis(connectTimeout) + Duration.toMillis(statementTimeout)
  // The second timer lets this process read what arrived while it was busy or asleep itself.
  const watch = () => {
    let timer = setTimeout(() => {
      timer = setTimeout(sockets.abandon, 1_000)
    }, limit)
    return () => clearTimeout(timer)
  }
  return Effect.acquireUseRelease(
    Effect.sync(watch),
    () => statement,
    (stop) => Effect.sync(stop)
  ).pipe(
    // The driver hands out the connection again until it sees it closed, which is a moment later.
    Effect.tapError((error) => (endsConnection(error) ? Effect.sleep("100 millis") : Effect.void)),
    Effect.uninterruptible,
    Effect.disconnect
  )
}

/** Connects and brings the schema up to date, for as long as the scope is open; waits for a server that is not up. */
export const make = (config: DatabaseConfig): Effect.Effect<PostgresDatabase, StorageError, Scope.Scope> =>
  Effect.gen(function* () {
    const started = yield* Clock.currentTimeMillis
    const patient = Effect.map(
      Clock.currentTimeMillis,
      (now) => now - started < Duration.toMillis(config.startTimeout)
    )
    const retrying = <A, R>(attempt: Effect.Effect<A, StorageError, R>): Effect.Effect<A, StorageError, R> =>
      Effect.retry(attempt, {
        while: (error) => (error.reason === "unavailable" ? patient : Effect.succeed(false)),
        schedule: Schedule.spaced("500 millis")
      })
    yield* retrying(prepare(config))
    const sockets = new Sockets()
    const client = yield* retrying(
      connect(withSettings(config.url, config.statementTimeout), config, config.poolSize, sockets.make).pipe(
        Effect.catchTag("SqlError", failure(openOperation))
      )
    )
    return {
      query: <Row extends object>(
        operation: string,
        statement: string,
        parameters: ReadonlyArray<Parameter>
      ) =>
        bounded(client.unsafe<Row>(statement, parameters), sockets, config).pipe(
          Effect.retry({ while: lostARace, schedule: again }),
          Effect.catchTag("SqlError", failure(operation))
        )
    }
  }).pipe(Effect.withSpan("PostgresDatabase.open"))

const layerWith = (
  config: Config.Config<DatabaseConfig>
): Layer.Layer<Database, StorageError | ConfigError> => Layer.scoped(Database, Effect.flatMap(config, make))

/** The database at DATABASE_URL, in its schema `influscope`, which is made and brought up to date by whoever comes first. */
export const layer = layerWith(databaseConfig)

/** As `layer`, at another address. */
export const layerAt = (url: Redacted.Redacted) => layerWith(withUrl(Config.succeed(url)))
