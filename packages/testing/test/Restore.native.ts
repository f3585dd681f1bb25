import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as PostgresDatabase from "@influscope/adapters/postgres/Database"
import * as PostgresTimeSeries from "@influscope/adapters/postgres/timeseries/TimeSeries"
import * as RabbitmqTopology from "@influscope/stack/RabbitmqTopology"
import type * as Supervisor from "@influscope/stack/Supervisor"
import { kill } from "@influscope/stack/Supervisor"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { afterAll, assert, describe, it } from "vitest"
import { type Account, accountOf, describeAccount } from "../src/Account.ts"
import { accountId, found, groupsOf, state, unsettled } from "../src/Discovery.ts"
import { start, stop } from "../src/Faults.ts"
import { destroy, type Recovery, recoveryOf } from "../src/Recovery.ts"
import { accountsOf, pointsOf, slot, slotsDue, throughApi } from "../src/Tracking.ts"
import { runningSystem } from "./RunningSystem.ts"

const influencers = 100
const intervalSeconds = 2
const now = (): number => Math.floor(Date.now() / 1_000)

describe("a backup of the stores", () => {
  const { system } = runningSystem({ tracking: true })
  const directory = mkdtempSync(join(tmpdir(), "influscope-recovery-"))
  afterAll(() => rmSync(directory, { recursive: true, force: true }))

  const recovery = Effect.suspend(() => recoveryOf(directory, system().servers))

  const settled = Effect.suspend(() => unsettled(system().url)).pipe(
    Effect.repeat({ until: (left) => left === undefined, schedule: Schedule.spaced("500 millis") }),
    Effect.timeout("3 minutes")
  )

  const stateAll = (name: string, first: number, count: number) =>
    Effect.forEach(
      groupsOf(name, first + count, 25).filter((_, place) => place >= first / 25),
      state(system().url, name),
      { concurrency: 2, discard: true }
    )

  const idsOf = (name: string, count: number): ReadonlySet<string> =>
    new Set(Array.from({ length: count }, (_, n) => accountId(name, n)))

  /** Everything that keeps data, but not the bucket. */
  const stores = (): ReadonlyArray<Supervisor.RunningServer> => {
    const { elasticsearch, postgres, rabbitmq, redis } = system().servers
    return [rabbitmq, elasticsearch, postgres, redis]
  }

  /** Consumers first, as they are started. */
  const services = (): ReadonlyArray<Supervisor.RunningServer> => {
    const { services, sidecars, tracking } = system()
    const pairs = [
      [sidecars.analytics, services.analytics],
      [sidecars.indexer, services.indexer],
      [sidecars.scraper, services.scraper],
      ...(tracking === undefined
        ? []
        : [tracking.collector, tracking.tracker].map(({ service, sidecar }) => [sidecar, service])),
      [sidecars.api, services.api]
    ]
    return pairs.flat()
  }

  /** All is lost at once; then stores that are empty. */
  const disaster = Effect.gen(function* () {
    yield* Effect.forEach(services(), ({ where }) => kill(where), { discard: true })
    yield* Effect.forEach(stores(), destroy, { discard: true })
    yield* Effect.forEach(stores(), start, { concurrency: 2, discard: true })
    const { RABBITMQ_MANAGEMENT_URL: managementUrl = "", RABBITMQ_URL: url = "" } = system().environment
    yield* RabbitmqTopology.declare({ url, managementUrl }, RabbitmqTopology.pipelines)
  })

  const startServices = Effect.suspend(() => Effect.forEach(services(), start, { discard: true }))

  /** What is found of the accounts that were acknowledged; those of `later` may be there. */
  const compare = (
    what: string,
    name: string,
    acknowledged: ReadonlySet<string>,
    later: ReadonlySet<string>
  ) =>
    Effect.gen(function* () {
      const { environment, url } = system()
      yield* Effect.promise(() =>
        fetch(`${environment["ELASTICSEARCH_URL"]}/profiles/_refresh`, { method: "POST" })
      )
      const account = accountOf({ acknowledged, failed: new Set(), unknown: later }, yield* found(url, name))
      process.stdout.write(`${describeAccount(what, account)}\n`)
      return account
    })

  const say = (what: string, steps: ReadonlyArray<{ readonly name: string; readonly seconds: number }>) =>
    process.stdout.write(
      `${what}: ${steps.map(({ name, seconds }) => `${name} ${seconds.toFixed(1)} s`).join(", ")}\n`
    )

  it("has everything that was acknowledged before it, what was on its way included, and the clock of tracking", async () => {
    const name = "restoredx"
    const drilled = Effect.gen(function* () {
      const { backUp, restore } = yield* recovery
      const { environment, services: running, url } = system()
      const tracker = throughApi(url)
      const ids = accountsOf(0, influencers)
      yield* tracker.add(ids, intervalSeconds)
      const from = (yield* tracker.status).dispatchedUntil + 1
      const tracked = yield* tracker.tracked

      yield* stateAll(name, 0, 1_000)
      yield* settled
      // Nobody indexes: what is acknowledged from here on is in outbox and queue alone, and the queue is not backed up.
      yield* stop(running.indexer)
      yield* stateAll(name, 1_000, 500)
      const meanwhile = yield* Effect.fork(stateAll(name, 1_500, 300))
      say("backup", yield* backUp)
      yield* Fiber.join(meanwhile)

      yield* disaster
      say("restore", yield* restore)
      yield* startServices
      yield* settled
      const account = yield* compare(
        "stores lost, restored from a backup",
        name,
        idsOf(name, 1_500),
        idsOf(name, 1_800)
      )

      const until = now()
      yield* tracker.status.pipe(
        Effect.delay("500 millis"),
        Effect.repeat({ until: ({ dispatchedUntil }) => dispatchedUntil >= until }),
        Effect.timeout("3 minutes")
      )
      yield* tracker.remove(ids)
      yield* settled
      const series = PostgresTimeSeries.layer.pipe(
        Layer.provide(PostgresDatabase.layerAt(Redacted.make(environment["DATABASE_URL"] ?? "")))
      )
      const points = yield* Effect.provide(pointsOf(ids, from, until), series)
      const tracking = accountOf(
        { acknowledged: slotsDue(tracked, from, until), failed: new Set(), unknown: new Set() },
        points.map(({ id, time }) => slot(id, time))
      )
      process.stdout.write(`${describeAccount("tracked before, during and after", tracking)}\n`)
      return { account, tracking }
    })
    const complete = ({ duplicates, lost, strange }: Account) =>
      assert.deepStrictEqual({ duplicates, lost, strange }, { duplicates: [], lost: [], strange: [] })
    const { account, tracking } = await Effect.runPromise(drilled)
    complete(account)
    complete(tracking)
    assert.isAbove(tracking.received, influencers)
  }, 600_000)

  it("control: with a snapshot from before the dumps, what was indexed in between is lost", async () => {
    const name = "disorderx"
    const drilled = Effect.gen(function* () {
      const { dumpPostgresql, dumps, restore, snapshotElasticsearch, upload } = yield* recovery
      yield* stateAll(name, 0, 250)
      yield* settled
      yield* dumpPostgresql
      const id = yield* Effect.promise(() => Bun.file(join(dumps, "id")).text())
      yield* snapshotElasticsearch
      yield* stateAll(name, 250, 250)
      yield* settled
      yield* dumpPostgresql
      writeFileSync(join(dumps, "id"), id)
      yield* upload

      yield* disaster
      yield* restore
      yield* startServices
      yield* settled
      return yield* compare("control, the snapshot from before the dumps", name, idsOf(name, 500), new Set())
    })
    const { lost } = await Effect.runPromise(drilled)
    assert.isAtLeast(lost.length, 250)
  }, 600_000)

  const refusal = (use: (recovery: Recovery) => ReturnType<Recovery["script"]>) =>
    Effect.runPromise(Effect.flatMap(recovery, (made) => Effect.flip(use(made))))

  it("is not restored over what is there", async () => {
    const postgresql = await refusal(({ script }) => script("restore-postgresql"))
    assert.match(postgresql.message, /The database of state has \d+ tables/)
    const elasticsearch = await refusal(({ script }) => script("restore-elasticsearch"))
    assert.match(elasticsearch.message, /There is profiles-v3-1 already/)
  })

  it("is not restored when a part of it is missing", async () => {
    const unknown = await refusal(({ script }) => script("download-dumps", { BACKUP: "20260101-000000" }))
    assert.match(unknown.message, /no complete backup 20260101-000000/)
    writeFileSync(join(directory, "id"), "20260101-000000")
    const cluster = await refusal(({ script }) =>
      script("restore-elasticsearch", { DUMPS: directory, ELASTICSEARCH_INDEX: "others" })
    )
    assert.match(cluster.message, /snapshot does not exist/)
  })

  it("says so when there is nothing to take a snapshot of", async () => {
    writeFileSync(join(directory, "id"), "20260101-000000")
    const nothing = await refusal(({ script }) =>
      script("backup-elasticsearch", { DUMPS: directory, ELASTICSEARCH_INDEX: "others" })
    )
    assert.match(nothing.message, /is not whole/)
  })

  it("keeps as many snapshots as it is told", async () => {
    writeFileSync(join(directory, "id"), "29990101-000000")
    const keep = (made: Recovery) => made.script("backup-elasticsearch", { DUMPS: directory, KEEP: "1" })
    const { said } = await Effect.runPromise(Effect.flatMap(recovery, keep))
    assert.match(said, /^took the snapshot 29990101-000000\n(removed the snapshot 2\d{7}-\d{6}\n?)+$/)
  })
})
