import { unique } from "@influscope/ports/conformance/Conformance"
import {
  type PubSubConformanceOptions,
  pubSubConformance
} from "@influscope/ports/conformance/PubSubConformance"
import type { InstallFailed, ServerFailed } from "@influscope/stack/Server"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { temporaryDirectory } from "../TemporaryDirectory.ts"
import { LedgerMemory, pubSubLayer, type Resource, resiliency, sidecar, writeResources } from "./support.ts"

/** As many as the suite has tests that want one. */
const names = Array.from({ length: 20 }, () => unique("topic"))

/** The suite of the port on a real sidecar and a real broker; restarts are those of both the app and its sidecar. */
export const conformance = (
  name: string,
  broker: (directory: string) => Effect.Effect<Resource, InstallFailed | ServerFailed, Scope.Scope>,
  options: Pick<PubSubConformanceOptions<never>, "ordered" | "patience"> = {}
): void => {
  const free = [...names]
  const next: Array<string> = []

  const layerFor = (
    topics: ReadonlyArray<string>,
    memory: LedgerMemory,
    directory: string,
    pubsub: Resource
  ) =>
    Layer.unwrapScoped(
      Effect.map(
        sidecar(directory, { appId: "conformance", ...writeResources(directory, [pubsub, resiliency]) }),
        (running) => pubSubLayer(running, memory, topics)
      )
    )

  const layer = Layer.unwrapScoped(
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const pubsub = yield* broker(directory)
      return layerFor(names, new LedgerMemory(), directory, pubsub)
    })
  )

  const restartable = Effect.gen(function* () {
    const directory = yield* temporaryDirectory
    const pubsub = yield* Effect.orDie(broker(directory))
    const topic = unique("topic")
    next.push(topic)
    return layerFor([topic], new LedgerMemory(), directory, pubsub)
  })

  pubSubConformance(name, layer, {
    patience: "30 seconds",
    restartable,
    ...options,
    topic: () => next.pop() ?? free.pop() ?? unique("topic")
  })
}
