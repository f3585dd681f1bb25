import { readFileSync } from "node:fs"
import { StorageError } from "@influscope/ports/StorageError"
import { auth, Client, errors, policies, types } from "cassandra-driver"
import * as Arr from "effect/Array"
import type { ConfigError } from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import { type Settings, settingsConfig } from "./Settings.ts"
import { tables } from "./Tables.ts"

export type Parameter = string | number | Date | null

export interface Statement {
  readonly query: string
  readonly parameters: ReadonlyArray<Parameter>
}

/**
 * One keyspace of a cluster. Reads and writes wait for a quorum of the replicas in the datacenter, so that what was
 * written is read from then on while less than half of them are down. Every statement can be sent twice without harm:
 * writes say themselves when they count from. So what gets no answer is sent to the next node, and what no node has taken is
 * tried again a few times. A mistake in a statement is a defect.
 */
export interface CassandraDatabase {
  /** In which the tables are that statements name. */
  readonly keyspace: string
  /** Runs statements, many at the same time; answers the rows of each, in their order. When it fails, any may have been run. */
  readonly run: (
    operation: string,
    statements: ReadonlyArray<Statement>
  ) => Effect.Effect<ReadonlyArray<Rows>, StorageError>
}

export type Rows = ReadonlyArray<types.Row>

export class Database extends Context.Tag("@influscope/adapters/cassandra/Database")<
  Database,
  CassandraDatabase
>() {}

const { responseErrorCodes: codes } = types

/** What a statement or a schema is wrong with; all else is an outage. */
const mistakes: ReadonlySet<number> = new Set([
  codes.protocolError,
  codes.syntaxError,
  codes.invalid,
  codes.configError
])

class RequestFailed extends Data.TaggedError("RequestFailed")<{ readonly cause: unknown }> {}

const isMistake = (cause: unknown): boolean =>
  cause instanceof errors.ArgumentError ||
  cause instanceof TypeError ||
  (cause instanceof errors.ResponseError && mistakes.has(cause.code))

const attempt = <A>(
  operation: string,
  timeout: Duration.Duration,
  work: () => Promise<A>
): Effect.Effect<A, StorageError> =>
  Effect.tryPromise({ try: work, catch: (cause) => new RequestFailed({ cause }) }).pipe(
    Effect.catchTag("RequestFailed", ({ cause }) =>
      isMistake(cause)
        ? Effect.die(cause)
        : Effect.fail(new StorageError({ reason: "unavailable", operation, cause }))
    ),
    // The driver's own time limits are for one node; this is for all that it tries.
    Effect.timeoutFail({
      duration: timeout,
      onTimeout: () =>
        new StorageError({ reason: "unavailable", operation, cause: "Cassandra did not answer in time" })
    })
  )

/** Statements that are sent, waited for and tried again together, and how many times as many are on their way. */
const together = 100
const concurrency = 3

/**
 * Attempts after the first, within some three seconds; on top of those that the driver makes at other nodes. A node whose
 * connection broke is not tried by the driver before it has connected again, which it first does after half a second.
 */
const again = Schedule.exponential("50 millis").pipe(
  Schedule.jittered,
  Schedule.intersect(Schedule.recurs(6))
)

const clientOf = (settings: Settings): Client =>
  new Client({
    contactPoints: [...settings.hosts],
    localDataCenter: settings.datacenter,
    protocolOptions: { port: settings.port },
    socketOptions: {
      connectTimeout: Duration.toMillis(settings.timeout),
      readTimeout: Duration.toMillis(settings.timeout)
    },
    // The driver's own would wait ten minutes in the end until it looks again whether a node is back.
    policies: { reconnection: new policies.reconnection.ExponentialReconnectionPolicy(500, 5_000, false) },
    queryOptions: { consistency: types.consistencies.localQuorum, isIdempotent: true, prepare: true },
    ...(Option.isSome(settings.username) && Option.isSome(settings.password)
      ? {
          authProvider: new auth.PlainTextAuthProvider(
            settings.username.value,
            Redacted.value(settings.password.value)
          )
        }
      : {}),
    ...(settings.isEncrypted
      ? {
          sslOptions: {
            rejectUnauthorized: true,
            ...Option.match(settings.caFile, {
              onNone: () => ({}),
              onSome: (path) => ({ ca: [readFileSync(path)] })
            })
          }
        }
      : {})
  })

/** To make a table takes longer than to use one: all nodes have to agree. */
const schemaTimeout = Duration.seconds(30)

/** Makes what is missing. Who may not make keyspaces finds the one there that was made for it. */
const prepare = (client: Client, { datacenter, keyspace, replicas }: Settings) =>
  Effect.gen(function* () {
    const run = (query: string) =>
      attempt("open the Cassandra keyspace", schemaTimeout, () =>
        client.execute(query, [], { prepare: false })
      )
    const known = yield* run(
      `SELECT table_name FROM system_schema.tables WHERE keyspace_name = '${keyspace}'`
    )
    const names = new Set<unknown>(known.rows.map((row) => row.get("table_name")))
    const missing = tables.filter(({ name }) => !names.has(name))
    if (missing.length === 0) return
    const keyspaces = yield* run(
      `SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = '${keyspace}'`
    )
    if (keyspaces.rows.length === 0)
      yield* run(
        `CREATE KEYSPACE IF NOT EXISTS ${keyspace} WITH replication = ` +
          `{'class': 'NetworkTopologyStrategy', '${datacenter.replaceAll("'", "''")}': ${replicas}}`
      )
    for (const { definition, name } of missing)
      yield* run(`CREATE TABLE IF NOT EXISTS ${keyspace}.${name} ${definition}`)
  })

export const make = (settings: Settings): Effect.Effect<CassandraDatabase, StorageError, Scope.Scope> =>
  Effect.gen(function* () {
    const client = yield* Effect.acquireRelease(
      Effect.try({
        try: () => clientOf(settings),
        catch: (cause) =>
          new StorageError({ reason: "unavailable", operation: "open the Cassandra client", cause })
      }),
      (opened) => Effect.ignore(Effect.tryPromise(() => opened.shutdown()))
    )
    const connect = Effect.tryPromise({
      try: () => client.connect(),
      catch: (cause) => new StorageError({ reason: "unavailable", operation: "connect to Cassandra", cause })
    })
    // Several processes may make the same table at the same time, and all but one fail.
    yield* Effect.retry(
      Effect.zipRight(connect, prepare(client, settings)),
      Schedule.upTo(Schedule.spaced("500 millis"), settings.startTimeout)
    )

    const send = async (statements: ReadonlyArray<Statement>): Promise<ReadonlyArray<Rows>> => {
      const answers = statements.map(({ parameters, query }) => client.execute(query, [...parameters]))
      return (await Promise.all(answers)).map(({ rows }) => rows)
    }
    const database: CassandraDatabase = {
      keyspace: settings.keyspace,
      run: (operation, statements) =>
        Effect.map(
          Effect.forEach(
            Arr.chunksOf(statements, together),
            (some) =>
              Effect.retry(
                attempt(operation, settings.timeout, () => send(some)),
                again
              ),
            { concurrency }
          ),
          Arr.flatten
        )
    }
    return database
  }).pipe(Effect.withSpan("CassandraDatabase.open"))

export const layerWith = (settings: Settings): Layer.Layer<Database, StorageError> =>
  Layer.scoped(Database, make(settings))

/** The cluster at CASSANDRA_HOSTS; its keyspace and tables are made by whoever comes first. */
export const layer: Layer.Layer<Database, StorageError | ConfigError> = Layer.scoped(
  Database,
  Effect.flatMap(settingsConfig, make)
)
