import { ConsumingLive } from "@influscope/adapters/Distributed"
import { Callbacks } from "@influscope/adapters/dapr/Callbacks"
import { decode } from "@influscope/adapters/dapr/CloudEvent"
import * as Gate from "@influscope/adapters/dapr/Gate"
import * as ElasticsearchIndex from "@influscope/adapters/elasticsearch/ElasticsearchIndex"
import * as GrpcAnalytics from "@influscope/adapters/grpc/GrpcAnalytics"
import { type ProfilesDiscovered, profilesDiscovered } from "@influscope/domain/Events"
import { IndexProfiles } from "@influscope/indexer/IndexProfiles"
import { consume } from "@influscope/pipeline/Consumer"
import { Reject, Retry } from "@influscope/ports/PubSub"
import { randomAt } from "@influscope/scraper/synthetic/Random"
import * as Supervisor from "@influscope/stack/Supervisor"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Runtime from "effect/Runtime"
import * as Schedule from "effect/Schedule"
import { assert, describe, it } from "vitest"
import { accountId, deadBatches } from "../src/Discovery.ts"
import { restart, start, stop, withEnv } from "../src/Faults.ts"
import { settings } from "../src/Settings.ts"
import { runningSystem } from "./RunningSystem.ts"

/** Batches of five. */
const size = { accounts: 2_000, groupSize: 5 } as const
const batches = size.accounts / size.groupSize

/** 1 % of the batches for each of some faults: the fault by the first account of the batch. */
const onePercentEach = <Fault>(name: string, faults: ReadonlyArray<Fault>): ReadonlyMap<string, Fault> => {
  const random = randomAt(6, 0)
  const chosen = new Map<string, Fault>()
  while (chosen.size < (faults.length * batches) / 100) {
    const fault = faults[chosen.size % faults.length]
    const first = accountId(name, random.below(batches) * size.groupSize)
    if (fault !== undefined && !chosen.has(first)) chosen.set(first, fault)
  }
  return chosen
}

describe("the discovery pipeline and a handler that fails", () => {
  const { runDrill, system } = runningSystem()

  type Fault = "throws" | "cannot do it now" | "cannot ever do it" | "hangs"

  /** In the place of the indexer: the same consumer beside the same sidecar, whose handler fails on some batches. */
  const faultyIndexer = (faults: ReadonlyMap<string, Fault>) => {
    const { indexer } = system().services
    const env = indexer.recipe.command(indexer.where).env ?? {}
    const fail = (fault: Fault | undefined, batch: ProfilesDiscovered) => {
      if (fault === "throws") throw new TypeError("thrown by the handler")
      if (fault === "cannot do it now") return new Retry({ reason: "the handler answered 500" })
      if (fault === "cannot ever do it") return new Reject({ reason: "the handler answered 404" })
      return fault === "hangs" ? Effect.never : Effect.flatMap(IndexProfiles, ({ apply }) => apply(batch))
    }
    const opened = Layer.scopedDiscard(
      Effect.gen(function* () {
        const options = { concurrency: 8, maxAttempts: 3, timeout: "3 seconds" } as const
        yield* consume(profilesDiscovered, options, (batch) =>
          fail(faults.get(batch.observations[0].id), batch)
        )
        yield* (yield* Callbacks).open
        yield* Gate.wait({ components: [{ name: "pubsub", type: "pubsub." }] })
      })
    )
    return opened.pipe(
      Layer.provide(IndexProfiles.Default),
      Layer.provide(Layer.mergeAll(ElasticsearchIndex.layer, GrpcAnalytics.layerConfig)),
      Layer.provide(ConsumingLive),
      // Every one of the failures is said.
      Layer.provide(Logger.minimumLogLevel(LogLevel.None)),
      Layer.provide(settings(env))
    )
  }

  it("throws, answers 500 or 404, or hangs for 1 % of the batches each: those die once, all others get through", async () => {
    const name = "poisonx"
    const { indexer } = system().services
    const reasons: Readonly<Record<Fault, RegExp>> = {
      throws: /after 3 attempts: .*thrown by the handler/s,
      "cannot do it now": /after 3 attempts: the handler answered 500/,
      "cannot ever do it": /the handler answered 404/,
      hangs: /not handled within 3s/
    }
    const faults = onePercentEach<Fault>(name, ["throws", "cannot do it now", "cannot ever do it", "hangs"])
    await Effect.runPromise(stop(indexer))
    const account = await Effect.gen(function* () {
      yield* Layer.build(faultyIndexer(faults))
      return yield* Effect.promise(() =>
        runDrill({
          what: "handler fails for 4 % of the batches",
          name,
          faults: Effect.void,
          pause: "10 millis",
          ...size
        })
      )
    }).pipe(Effect.scoped, Effect.runPromise)
    await Effect.runPromise(start(indexer))
    assert.deepStrictEqual([account.lost, account.duplicates, account.strange], [[], [], []])
    assert.strictEqual(account.received, account.sent - account.dead.length)
    const dead = await Effect.runPromise(deadBatches(system().url, name))
    assert.deepStrictEqual(dead.map(({ accounts }) => accounts[0]).sort(), [...faults.keys()].sort())
    for (const { accounts, reason } of dead) {
      const fault = faults.get(accounts[0] ?? "")
      assert.match(reason, fault === undefined ? /never/ : reasons[fault])
    }
  }, 300_000)

  /**
   * Something in the indexer's place that answers the first delivery of some batches with a status of its own, as a
   * process that lacks the route does, and passes everything else on to the indexer behind it.
   */
  const answering = (statuses: ReadonlyMap<string, number>) =>
    Effect.gen(function* () {
      const run = Runtime.runPromise(yield* Effect.runtime<never>())
      const { indexer } = system().services
      const left = new Map(statuses)
      const behind = yield* Supervisor.freePort
      const moved = {
        ...indexer,
        where: { ...indexer.where, ports: { ...indexer.where.ports, app: behind } }
      }
      yield* stop(indexer)
      yield* Effect.acquireRelease(
        Effect.try(
          () =>
            Bun.serve({
              hostname: "127.0.0.1",
              port: indexer.where.ports["app"] ?? 0,
              idleTimeout: 0,
              fetch: async (request) => {
                const body = await request.text()
                const payload = await run(
                  decode(body).pipe(
                    Effect.map((message) => message.payload),
                    // Health checks and questions about topics are no events.
                    Effect.orElseSucceed(() => "")
                  )
                )
                const met = [...left].find(([id]) => payload.includes(`"id":"${id}"`))
                if (met !== undefined) {
                  left.delete(met[0])
                  return new Response(null, { status: met[1] })
                }
                const { pathname } = new URL(request.url)
                const { headers, method } = request
                return fetch(`http://127.0.0.1:${behind}${pathname}`, {
                  method,
                  headers,
                  ...(method === "GET" ? {} : { body })
                }).catch(() => new Response(null, { status: 503 }))
              }
            })
          // The threads of the process that was stopped may hold the port a little longer.
        ).pipe(Effect.retry({ times: 20, schedule: Schedule.spaced("100 millis") })),
        (server) =>
          Effect.zipRight(
            Effect.promise(() => server.stop(true)),
            Effect.orDie(start(indexer))
          )
      )
      yield* Effect.acquireRelease(start(moved), () => stop(moved))
      return left
    })

  /** 1 % of the batches are answered with 500 the first time, and 1 % with 404, which daprd takes for "handled". */
  const drillOfAnswers = (what: string, name: string, unaudited = false) => {
    const statuses = onePercentEach(name, [500, 404])
    return Effect.gen(function* () {
      const left = yield* answering(statuses)
      const account = yield* Effect.promise(() =>
        runDrill({ what, name, faults: Effect.void, pause: "10 millis", unaudited, ...size })
      )
      assert.strictEqual(left.size, 0, "every one of them has been answered so")
      return { account, statuses }
    }).pipe(Effect.scoped, Effect.runPromise)
  }

  it("what is answered with 500 or 404 on the way to it is sent again", async () => {
    const { account } = await drillOfAnswers("500 for 1 % of the batches, 404 for 1 %", "answeredx")
    assert.strictEqual(account.received, account.sent)
    assert.deepStrictEqual([account.lost, account.dead, account.duplicates], [[], [], []])
  }, 300_000)

  it("control: without the outbox, what is answered with 404 is lost", async () => {
    await Effect.runPromise(restart(withEnv(system().services.scraper, { INFLUSCOPE_OUTBOX: "off" })))
    const what = "control, outbox off, 500 for 1 % of the batches, 404 for 1 %"
    const { account, statuses } = await drillOfAnswers(what, "answeredcontrolx", true)
    const forgotten = [...statuses].flatMap(([id, status]) => (status === 404 ? [id] : []))
    assert.includeMembers([...account.lost], forgotten)
    assert.strictEqual(account.lost.length, forgotten.length * size.groupSize)
  }, 300_000)
})
