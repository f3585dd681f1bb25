import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"

/** What this process alone knows of a topic. A restart forgets it, so that everything unacknowledged is free again. */
export interface LocalTopic {
  /** `seq` of the messages handed to a handler and not settled yet. */
  readonly claimed: Set<number>
  /** Wakes every subscription of the topic. */
  readonly wake: () => void
  /** Registers a latch to be opened by `wake` for as long as the scope is open. */
  readonly join: (latch: Effect.Latch) => Effect.Effect<void, never, Scope.Scope>
  readonly hasSubscribers: () => boolean
}

const makeTopic = (): LocalTopic => {
  const waiting = new Set<Effect.Latch>()
  return {
    claimed: new Set(),
    wake: () => {
      for (const latch of waiting) latch.unsafeOpen()
    },
    join: (latch) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          waiting.add(latch)
        }),
        () => Effect.sync(() => waiting.delete(latch))
      ),
    hasSubscribers: () => waiting.size > 0
  }
}

/** The claims and the wake-up calls of the queue within this process, by topic. */
export class LocalTopics extends Context.Tag("@influscope/adapters/sqlite/LocalTopics")<
  LocalTopics,
  {
    readonly topic: (name: string) => LocalTopic
    /** Topics somebody in this process is subscribed to. */
    readonly subscribed: () => ReadonlyArray<string>
  }
>() {}

export const layer: Layer.Layer<LocalTopics> = Layer.sync(LocalTopics, () => {
  const topics = new Map<string, LocalTopic>()
  return {
    topic: (name) => {
      const known = topics.get(name)
      if (known !== undefined) return known
      const made = makeTopic()
      topics.set(name, made)
      return made
    },
    subscribed: () => [...topics].filter(([, topic]) => topic.hasSubscribers()).map(([name]) => name)
  }
})
