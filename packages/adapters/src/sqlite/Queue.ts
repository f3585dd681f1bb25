import type { DeadLetters as DeadLettersPort } from "@influscope/ports/DeadLetters"
import type { PubSub as PubSubPort } from "@influscope/ports/PubSub"
import type { StorageError } from "@influscope/ports/StorageError"
import * as Layer from "effect/Layer"
import type { Database } from "./Database.ts"
import * as DeadLetters from "./DeadLetters.ts"
import * as LocalTopics from "./LocalTopics.ts"
import * as PubSub from "./PubSub.ts"

/** Publish/subscribe and its dead letters over one database; build it once, both halves wake the same subscriptions. */
export const layerWith = (
  options: PubSub.QueueOptions
): Layer.Layer<PubSubPort | DeadLettersPort, StorageError, Database> =>
  Layer.merge(PubSub.layer(options), DeadLetters.layer).pipe(Layer.provide(LocalTopics.layer))

export const layer: Layer.Layer<PubSubPort | DeadLettersPort, StorageError, Database> = layerWith(
  PubSub.defaultQueueOptions
)
