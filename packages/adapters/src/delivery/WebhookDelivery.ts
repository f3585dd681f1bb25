import { NotDelivered, type OutgoingMessage } from "@influscope/ports/Delivery"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { type CallOptions, callWebhook } from "../webhook/Webhook.ts"
import { messageBody } from "./MessageBody.ts"

/**
 * Posts a message. Whether one that broke off was taken is not known, so it is posted again, with the same `webhook-id`: by it the
 * receiver knows what it has already.
 */
export const deliverToWebhook =
  (options: CallOptions) =>
  (message: OutgoingMessage): Effect.Effect<void, NotDelivered> =>
    Effect.gen(function* () {
      if (message.webhook === null)
        return yield* new NotDelivered({ reason: "the campaign has no webhook", again: "never" })
      const { secret, url } = message.webhook
      const timestamp = new Date(yield* Clock.currentTimeMillis).toISOString()
      const body = JSON.stringify({ type: "message.sent", timestamp, data: messageBody(message) })
      yield* callWebhook({ url: new URL(url), secret, id: message.id, body }, options).pipe(
        Effect.mapError(({ reason }) => new NotDelivered({ reason, again: "later" }))
      )
    })
