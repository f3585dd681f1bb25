import { ObjectStore } from "@influscope/ports/ObjectStore"
import { Outbox } from "@influscope/ports/Outbox"
import { PubSub } from "@influscope/ports/PubSub"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import { StateStore } from "@influscope/ports/StateStore"
import { StorageError, type StorageReason } from "@influscope/ports/StorageError"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

export type Operation = "set state" | "append" | "publish" | "put object" | "index"

/** What befalls a write right before or after it took effect in the real store. */
export type Trouble = (operation: Operation, when: "before" | "after") => Effect.Effect<void, StorageError>

export const noTrouble: Trouble = () => Effect.void

const around =
  (trouble: Trouble, operation: Operation) =>
  <A extends ReadonlyArray<unknown>, B>(write: (...args: A) => Effect.Effect<B, StorageError>) =>
  (...args: A): Effect.Effect<B, StorageError> =>
    trouble(operation, "before").pipe(
      Effect.zipRight(write(...args)),
      Effect.zipLeft(trouble(operation, "after"))
    )

/** The stores below, as they are, with trouble around their writes. */
export const troubled = (trouble: Trouble) =>
  Layer.mergeAll(
    Layer.effect(
      StateStore,
      Effect.map(StateStore, (store) => ({ ...store, set: around(trouble, "set state")(store.set) }))
    ),
    Layer.effect(
      Outbox,
      Effect.map(Outbox, (outbox) => ({ ...outbox, append: around(trouble, "append")(outbox.append) }))
    ),
    Layer.effect(
      PubSub,
      Effect.map(PubSub, (pubsub) => ({ ...pubsub, publish: around(trouble, "publish")(pubsub.publish) }))
    ),
    Layer.effect(
      ObjectStore,
      Effect.map(ObjectStore, (store) => ({ ...store, put: around(trouble, "put object")(store.put) }))
    ),
    Layer.effect(
      SearchIndex,
      Effect.map(SearchIndex, (index) => ({ ...index, bulk: around(trouble, "index")(index.bulk) }))
    )
  )

/**
 * Stops the producer at the n-th moment (from 1), as a crash would: nothing of it is written any more from then on. The
 * consumer goes on, since closing the scope waits for it.
 */
export const crashAt = (moment: number) =>
  Effect.map(Deferred.make<void>(), (crashed) => {
    let moments = 0
    let armed = true
    const trouble: Trouble = (operation) => {
      if (operation === "index" || !armed) return Effect.void
      moments++
      return moments < moment
        ? Effect.void
        : Effect.zipRight(Deferred.succeed(crashed, undefined), Effect.interruptible(Effect.never))
    }
    return {
      trouble,
      crashed: Deferred.await(crashed),
      /** Nothing counts that is done within. */
      spare: <A, E, R>(effect: Effect.Effect<A, E, R>) =>
        Effect.suspend(() => {
          armed = false
          return Effect.ensuring(
            effect,
            Effect.sync(() => {
              armed = true
            })
          )
        })
    }
  })

/** Fails those writes for which `fails` says so, by the number of the write among those of its operation, from 0. */
export const failing = (
  fails: (operation: Operation, number: number) => boolean,
  reason: StorageReason = "unavailable"
): Trouble => {
  const writes = new Map<Operation, number>()
  return (operation, when) => {
    if (when === "after") return Effect.void
    const number = writes.get(operation) ?? 0
    writes.set(operation, number + 1)
    return fails(operation, number)
      ? Effect.fail(new StorageError({ reason, operation, cause: "made to fail" }))
      : Effect.void
  }
}
