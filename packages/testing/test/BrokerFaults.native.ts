import * as Effect from "effect/Effect"
import { assert, describe, it } from "vitest"
import { brokerOf } from "../src/Broker.ts"
import { crash, restart, start, stop, withEnv } from "../src/Faults.ts"
import { runningSystem } from "./RunningSystem.ts"

const queue = "indexer-profiles.discovered"

describe("the discovery pipeline and its broker", () => {
  const { losesNothing, runDrill, system } = runningSystem()

  /** The queue takes a few batches only, and nobody takes them out for a time. */
  const whileFull = <A>(drill: (faults: Effect.Effect<unknown, unknown>) => Promise<A>): Promise<A> => {
    const { servers, services } = system()
    const broker = brokerOf(servers.rabbitmq)
    const halt = stop(services.indexer).pipe(
      Effect.zipRight(Effect.sleep("5 seconds")),
      Effect.zipRight(start(services.indexer))
    )
    return Effect.acquireUseRelease(
      broker.limit(queue, 10),
      () => Effect.promise(() => drill(halt)),
      // Not before all is through: RabbitMQ 3.10 goes on refusing who was refused when the limit went.
      () => Effect.orDie(broker.unlimit(queue))
    ).pipe(Effect.runPromise)
  }

  /** As on a broker that no subscriber has ever come to: its sidecar declares the queue. */
  const withoutSubscriber = Effect.suspend(() => {
    const { servers, services, sidecars } = system()
    return stop(services.indexer).pipe(
      Effect.zipRight(stop(sidecars.indexer)),
      Effect.zipRight(brokerOf(servers.rabbitmq).deleteQueue(queue))
    )
  })
  const firstSubscriber = Effect.suspend(() => {
    const { services, sidecars } = system()
    return Effect.sleep("5 seconds").pipe(
      Effect.zipRight(start(sidecars.indexer)),
      Effect.zipRight(start(services.indexer))
    )
  })

  it("kill -9 of RabbitMQ, three times while accounts are stated, loses nothing", async () => {
    const faults = Effect.repeatN(Effect.delay(crash(system().servers.rabbitmq), "2 seconds"), 2)
    await losesNothing({
      what: "kill -9 of RabbitMQ, three times",
      name: "killedx",
      faults,
      pause: "200 millis"
    })
  }, 300_000)

  it("a full queue that refuses what is published loses nothing", async () => {
    const what = "RabbitMQ refuses what is published"
    await whileFull((faults) => losesNothing({ what, name: "refusedx", faults }))
  }, 300_000)

  it("alarms of memory and disk, during which nobody can publish, lose nothing", async () => {
    const broker = brokerOf(system().servers.rabbitmq)
    const alarm = <E>(begin: Effect.Effect<void, E>, end: Effect.Effect<void, E>) =>
      Effect.acquireUseRelease(
        begin,
        () => Effect.sleep("6 seconds"),
        () => Effect.orDie(end)
      )
    await losesNothing({
      what: "RabbitMQ out of memory, then out of disk",
      name: "alarmx",
      faults: Effect.zipRight(
        alarm(broker.runOutOfMemory, broker.haveMemory),
        alarm(broker.runOutOfDisk, broker.haveDisk)
      ),
      pause: "100 millis"
    })
  }, 300_000)

  it("what is stated before the first subscriber exists is not lost, though no queue was declared", async () => {
    await Effect.runPromise(withoutSubscriber)
    await losesNothing({ what: "before the first subscriber", name: "earlyx", faults: firstSubscriber })
  }, 300_000)

  describe("control: without the outbox", () => {
    const withoutOutbox = () =>
      Effect.runPromise(restart(withEnv(system().services.scraper, { INFLUSCOPE_OUTBOX: "off" })))

    it("a full queue loses what was acknowledged", async () => {
      await withoutOutbox()
      const what = "control, outbox off, RabbitMQ refuses what is published"
      const { lost } = await whileFull((faults) => runDrill({ what, name: "refusedcontrolx", faults }))
      assert.isAbove(lost.length, 0)
    }, 300_000)

    it("what is stated before the first subscriber exists is lost", async () => {
      await withoutOutbox()
      await Effect.runPromise(withoutSubscriber)
      const what = "control, outbox off, before the first subscriber"
      const { lost } = await runDrill({ what, name: "earlycontrolx", faults: firstSubscriber })
      assert.isAbove(lost.length, 0)
    }, 300_000)
  })
})
