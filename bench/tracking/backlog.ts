/**
 * What an outage of the time series takes on disk, beside a sidecar:
 *   bun bench/tracking/backlog.ts [--influencers 10000] [--interval 10] [--seconds 60] [--no-gate]
 * Tracks, stops the PostgreSQL of the time series, lets points pile up for `seconds`, and divides what broker and outbox have
 * grown by the points that wait; then starts it again and waits until all of them are written. In one process a point waits
 * twice as well, in outbox and queue, as the same JSON in SQLite's pages. Prints bytes per waiting point and what an hour of
 * them takes, and writes bench/results/tracking-backlog.json.
 */
import * as PostgresDatabase from "@influscope/adapters/postgres/Database"
import * as Supervisor from "@influscope/stack/Supervisor"
import * as Tracking from "@influscope/testing/Tracking"
import { start } from "@influscope/testing/TrackingSystem"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { readArguments } from "../support/Arguments.ts"
import { inDirectory } from "../support/Directory.ts"
import { bytesOf } from "../support/Disk.ts"
import { rounded } from "../support/Numbers.ts"
import { conclude, print, printMachine, table } from "../support/Report.ts"

const { gate, numbers } = readArguments({ influencers: 10_000, interval: 10, seconds: 60 })
const topic = "datapoints.collected"

interface Waiting {
  readonly points: number
  /** Of the JSON of those points. */
  readonly payload: number
}

const measure = (directory: string) =>
  Effect.gen(function* () {
    const { appToken, environment, servers, trackerUrl } = yield* start({
      directory,
      env: { MOCKSTAGRAM_REQUESTS_PER_SECOND: "0" }
    })
    const address = Redacted.make(environment["DATABASE_URL"] ?? "")
    const waiting = Effect.flatMap(PostgresDatabase.Database, ({ query }) =>
      query<Waiting>(
        "measure the outbox",
        `SELECT coalesce(sum(items), 0)::float8 AS points, coalesce(sum(octet_length(payload)), 0)::float8 AS payload
         FROM influscope.outbox JOIN influscope.outbox_payloads USING (seq) WHERE topic = $1::text AND state = 'sent'`,
        [topic]
      )
    ).pipe(
      Effect.map(([row]) => row ?? { points: 0, payload: 0 }),
      Effect.provide(PostgresDatabase.layerAt(address))
    )
    const disk = Effect.sync(() => ({
      rabbitmq: bytesOf(servers.rabbitmq.where.directory),
      postgres: bytesOf(servers.postgres.where.directory)
    }))
    const tracker = Tracking.directly(trackerUrl, appToken)
    const ids = Tracking.accountsOf(0, numbers.influencers)
    for (let first = 0; first < ids.length; first += 5_000)
      yield* tracker.add(ids.slice(first, first + 5_000), numbers.interval)
    // What grows in any case has grown: logs are allocated in advance.
    yield* Effect.sleep("20 seconds")
    yield* Supervisor.stop(servers.series.recipe, servers.series.where)
    const before = yield* disk
    yield* Effect.sleep(numbers.seconds * 1_000)
    const after = yield* disk
    const { payload, points } = yield* waiting
    yield* Supervisor.start(servers.series.recipe, servers.series.where)
    yield* tracker.remove(ids)
    const left = yield* Effect.repeat(waiting, {
      until: (now) => now.points === 0,
      schedule: Schedule.spaced("1 second").pipe(Schedule.intersect(Schedule.recurs(300)))
    }).pipe(Effect.zipRight(waiting))
    return {
      points,
      left: left.points,
      json: rounded(payload / points),
      rabbitmq: rounded((after.rabbitmq - before.rabbitmq) / points),
      postgres: rounded((after.postgres - before.postgres) / points)
    }
  }).pipe(Effect.scoped)

printMachine()
const { json, left, points, postgres, rabbitmq } = await inDirectory((directory) =>
  Effect.runPromise(measure(directory))
)
const hour = (bytes: number, pointsPerSecond: number) => rounded((bytes * pointsPerSecond * 3_600) / 1e9)
const ways = { "one process, outbox and queue as JSON": 2 * json, "RabbitMQ and outbox": rabbitmq + postgres }
table(
  ["bytes per waiting point", "", "GB an hour at 1,000 points/s", "at 16,667"],
  Object.entries(ways).map(([name, bytes]) => [name, bytes, hour(bytes, 1_000), hour(bytes, 16_667)])
)
print(`\nof a point: JSON ${json}, RabbitMQ ${rabbitmq}, PostgreSQL ${postgres}`)
await conclude(
  "tracking-backlog",
  { arguments: numbers, points, json, rabbitmq, postgres },
  [
    { what: "points that waited", required: "> 0", measured: points, met: points > 0 },
    { what: "points that wait in the end", required: "0", measured: left, met: left === 0 }
  ],
  gate
)
