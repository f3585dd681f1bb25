import { Retry } from "@influscope/ports/PubSub"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/** Before a batch is given back: all that waits would otherwise come again and again, at once. */
const rest = Duration.seconds(1)

/** What the batch needs does not answer. It comes again, however long that lasts; the worker rests before the next one. */
export const outage = (reason: string): Effect.Effect<never, Retry> =>
  Effect.zipRight(Effect.sleep(rest), new Retry({ reason, outage: true }))
