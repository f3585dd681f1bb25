import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"

/** Ids for jobs and batches that sort by age, and the moments of ingestion that order statements about an account. */
export class Ids extends Effect.Service<Ids>()("@influscope/scraper/Ids", {
  effect: Effect.gen(function* () {
    const last = yield* Ref.make(0)

    /** Epoch ms, never twice the same in one process: two statements of one millisecond still have an order. */
    const ingestedAt = Effect.flatMap(Clock.currentTimeMillis, (now) =>
      Ref.updateAndGet(last, (previous) => Math.max(now, previous + 1))
    )

    const make = (prefix: string, at: number) =>
      Effect.sync(() => `${prefix}-${at.toString(36).padStart(9, "0")}-${crypto.randomUUID().slice(0, 8)}`)

    return { ingestedAt, make }
  })
}) {}
