import * as RabbitmqTopology from "@influscope/stack/RabbitmqTopology"
import * as Effect from "effect/Effect"
import { assert, describe, it } from "vitest"
import { brokerOf } from "../src/Broker.ts"
import { accountId, state } from "../src/Discovery.ts"
import { crash, restart, start, stop, withEnv } from "../src/Faults.ts"
import { destroy } from "../src/Recovery.ts"
import { runningSystem } from "./RunningSystem.ts"

const queue = "indexer-profiles.discovered"

describe("the discovery pipeline and its broker", () => {
  const { losesNothing, runDrill, system } = runningSystem()

  const subscriberLeaves = Effect.suspend(() =>
    Effect.zipRight(stop(system().services.indexer), stop(system().sidecars.indexer))
  )
  const subscriberComes = Effect.suspend(() =>
    Effect.sleep("6 seconds").pipe(
      Effect.zipRight(start(system().sidecars.indexer)),
      Effect.zipRight(start(system().services.indexer))
    )
  )

  /** The queue takes a few batches only, and nobody takes them out for a time. */
  const whileFull = <A>(drill: (faults: Effect.Effect<unknown, unknown>) => Promise<A>): Promise<A> => {
    const broker = brokerOf(system().servers.rabbitmq)
    return Effect.acquireUseRelease(
      Effect.zipRight(subscriberLeaves, broker.limit(queue, 10)),
      () => Effect.promise(() => drill(subscriberComes)),
      // Not before all is through: RabbitMQ 3.10 goes on refusing who was refused when the limit went.
      () => Effect.orDie(broker.unlimit(queue))
    ).pipe(Effect.runPromise)
  }

  /** As on a broker that no subscriber has ever come to: its sidecar declares the queue. */
  const beforeSubscriber = async <A>(
    drill: (faults: Effect.Effect<unknown, unknown>) => Promise<A>
  ): Promise<A> => {
    const broker = brokerOf(system().servers.rabbitmq)
    await Effect.runPromise(Effect.zipRight(subscriberLeaves, broker.deleteQueue(queue)))
    return drill(subscriberComes)
  }

  /** Its disk goes while messages wait that nobody takes; a new one takes its place. */
  const brokerLost = Effect.suspend(() => {
    const { environment, servers } = system()
    const { RABBITMQ_MANAGEMENT_URL: managementUrl = "", RABBITMQ_URL: url = "" } = environment
    return Effect.sleep("3 seconds").pipe(
      Effect.zipRight(destroy(servers.rabbitmq)),
      Effect.zipRight(start(servers.rabbitmq)),
      Effect.zipRight(RabbitmqTopology.declare({ url, managementUrl }, RabbitmqTopology.pipelines)),
      Effect.zipRight(subscriberComes)
    )
  })

  it("a broker that is lost with all its messages loses nothing", async () => {
    await Effect.runPromise(subscriberLeaves)
    await losesNothing({
      what: "RabbitMQ lost, and a new one in its place",
      name: "lostbrokerx",
      faults: brokerLost
    })
  }, 300_000)

  it("kill -9 of RabbitMQ, three times while accounts are stated, loses nothing", async () => {
    const faults = Effect.repeatN(Effect.delay(crash(system().servers.rabbitmq), "2 seconds"), 2)
    await losesNothing({
      what: "kill -9 of RabbitMQ, three times",
      name: "killedx",
      faults,
      endless: true
    })
  }, 300_000)

  it("a full queue that refuses what is published loses nothing", async () => {
    const what = "RabbitMQ refuses what is published"
    await whileFull((faults) => losesNothing({ what, name: "refusedx", faults }))
  }, 300_000)

  it("alarms of memory and disk, during which nobody can publish, lose nothing", async () => {
    const broker = brokerOf(system().servers.rabbitmq)
    // Ended also when nobody knows whether it began.
    const alarm = <E>(begin: Effect.Effect<void, E>, end: Effect.Effect<void, E>) =>
      Effect.ensuring(Effect.zipRight(begin, Effect.sleep("6 seconds")), Effect.orDie(end))
    await losesNothing({
      what: "RabbitMQ out of memory, then out of disk",
      name: "alarmx",
      faults: Effect.zipRight(
        alarm(broker.runOutOfMemory, broker.haveMemory),
        alarm(broker.runOutOfDisk, broker.haveDisk)
      ),
      endless: true
    })
  }, 300_000)

  it("what is stated before the first subscriber exists is not lost, though no queue was declared", async () => {
    const what = "before the first subscriber"
    await beforeSubscriber((faults) => losesNothing({ what, name: "earlyx", faults }))
  }, 300_000)

  describe("control: without the outbox", () => {
    const withoutOutbox = () =>
      restart(withEnv(system().services.scraper, { INFLUSCOPE_OUTBOX: "off" })).pipe(
        // Until the circuit to it is closed again, nothing would be stated while the fault lasts.
        Effect.zipRight(state(system().url, "warmx")([accountId("warmx", 0)])),
        Effect.runPromise
      )

    it("a broker that is lost takes what was acknowledged with it", async () => {
      await withoutOutbox()
      await Effect.runPromise(subscriberLeaves)
      const { lost } = await runDrill({
        what: "control, outbox off, RabbitMQ lost",
        name: "lostcontrolx",
        faults: brokerLost,
        unaudited: true
      })
      assert.isAbove(lost.length, 0)
    }, 300_000)

    it("a full queue loses what was acknowledged", async () => {
      await withoutOutbox()
      const what = "control, outbox off, RabbitMQ refuses what is published"
      const { lost } = await whileFull((faults) =>
        runDrill({ what, name: "refusedcontrolx", faults, unaudited: true })
      )
      assert.isAbove(lost.length, 0)
    }, 300_000)

    it("what is stated before the first subscriber exists is lost", async () => {
      await withoutOutbox()
      const what = "control, outbox off, before the first subscriber"
      const { lost } = await beforeSubscriber((faults) =>
        runDrill({ what, name: "earlycontrolx", faults, unaudited: true })
      )
      assert.isAbove(lost.length, 0)
    }, 300_000)
  })
})
