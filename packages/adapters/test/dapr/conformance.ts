import { unique } from "@influscope/ports/conformance/Conformance"
import {
  type PubSubConformanceOptions,
  pubSubConformance
} from "@influscope/ports/conformance/PubSubConformance"
import type { ServerFailed } from "@influscope/stack/Server"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { LedgerMemory, pubSubLayer, type Resource, resiliency, sidecar, writeResources } from "./support.ts"

/** As many as the suite has tests that want one. */
const names = Array.from({ length: 20 }, () => unique("topic"))

/** The suite of the port on a real sidecar and a real broker; restarts are those of both the app and its sidecar. */
export const conformance = (
  name: string,
  /** The component, on a broker that others use too. */
  broker: (purpose: "messages" | "restarts") => Effect.Effect<Resource, ServerFailed>,
  options: Pick<PubSubConformanceOptions<never>, "ordered" | "patience"> = {}
): void => {
  const free = [...names]
  const next: Array<string> = []

  const layerFor = (
    topics: ReadonlyArray<string>,
    memory: LedgerMemory,
    directory: string,
    pubsub: Resource,
    appId: string
  ) =>
    Layer.unwrapScoped(
      Effect.map(
        sidecar(directory, { appId, ...writeResources(directory, [pubsub, resiliency]) }),
        (running) => pubSubLayer(running, memory, topics)
      )
    )

  const layer = Layer.unwrapScoped(
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      return layerFor(names, new LedgerMemory(), directory, yield* broker("messages"), unique("app"))
    })
  )

  const restartable = Effect.gen(function* () {
    const directory = yield* temporaryDirectory
    const pubsub = yield* Effect.orDie(broker("restarts"))
    const topic = unique("topic")
    next.push(topic)
    return layerFor([topic], new LedgerMemory(), directory, pubsub, unique("app"))
  })

  pubSubConformance(name, layer, {
    patience: "30 seconds",
    restartable,
    ...options,
    topic: () => next.pop() ?? free.pop() ?? unique("topic")
  })
}
