import { type DataPointsCollected, dataPointsCollected, maxBatchItems } from "@influscope/domain/Events"
import type { DataPoint } from "@influscope/domain/tracking/DataPoint"
import { batchBytes } from "@influscope/pipeline/BatchSize"
import { Publisher } from "@influscope/pipeline/Publisher"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"

/** The most that a point takes in a message: a handle of 100 letters of four bytes, and seven figures. */
const pointBytes = 700

/** Hands points of a history to the pipeline, up to 500 in a message. Publishing the same batch again changes nothing. */
export class PublishPoints extends Effect.Service<PublishPoints>()("@influscope/scraper/PublishPoints", {
  effect: Effect.gen(function* () {
    const publisher = yield* Publisher
    const perMessage = Math.min(maxBatchItems, Math.floor((yield* batchBytes) / pointBytes))

    const publish = Effect.fn("PublishPoints.publish")(function* (
      points: ReadonlyArray<DataPoint>,
      { batch, job }: { readonly batch: string; readonly job: string }
    ) {
      yield* Effect.forEach(Arr.chunksOf(points, perMessage), (part, place) => {
        if (!Arr.isNonEmptyReadonlyArray(part)) return Effect.void
        const id = place === 0 ? batch : `${batch}.${place}`
        const event: DataPointsCollected = { version: 1, id, origin: "given", points: part }
        return publisher.publish(dataPointsCollected, event, { items: part.length, job })
      })
    })

    return {
      publish,
      awaitRoom: publisher.awaitRoom(dataPointsCollected.name),
      hasRoom: publisher.hasRoom(dataPointsCollected.name)
    }
  })
}) {}
