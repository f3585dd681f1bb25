import { makeProfileId } from "@influscope/domain/ProfileId"
import { ObjectStore } from "@influscope/ports/ObjectStore"
import { PubSub } from "@influscope/ports/PubSub"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import type { StorageError, StorageReason } from "@influscope/ports/StorageError"
import { Health } from "@influscope/telemetry/Health"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** Anybody may ask for readiness: it says what is wrong, not where our files are. The log says that. */
const sentences: { readonly [R in StorageReason]: string } = {
  full: "There is no space left.",
  unavailable: "It does not answer.",
  conflict: "It does not answer.",
  corrupt: "Its data is damaged."
}

const probeProfile = makeProfileId("x", "readiness")
const probeObject = { bytes: new Uint8Array(), contentType: "application/octet-stream" }

/** What the API cannot serve without, in /readyz for as long as the layer lives. */
export const ChecksLive = Layer.scopedDiscard(
  Effect.gen(function* () {
    const health = yield* Health
    const pubsub = yield* PubSub
    const index = yield* SearchIndex
    const objects = yield* ObjectStore
    // Only a write shows that writing works; asking often must not mean writing often.
    const write = yield* Effect.cachedWithTTL(objects.put("probe/readiness", probeObject), "10 seconds")

    const register = (name: string, run: Effect.Effect<unknown, StorageError>) =>
      health.register({
        name,
        run: run.pipe(
          Effect.tapError((error) => Effect.logWarning(`The ${name} is not ready`, error.message)),
          Effect.mapError((error) => sentences[error.reason]),
          Effect.asVoid
        )
      })

    yield* register("queue", pubsub.stats)
    // The count may be known without the store; reading a profile is not.
    yield* register("search index", Effect.zipRight(index.count, index.getMany([probeProfile])))
    yield* register("object store", write)
  })
)
