import { createHmac, timingSafeEqual } from "node:crypto"
import { OutreachId } from "@influscope/domain/messages/Campaign"
import { StateStore } from "@influscope/ports/StateStore"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { linksConfig } from "./Config.ts"

const secretKey = "messages/link-secret"

/** A token is the message and its signature, 128 bits of it. */
const tokenPattern = /^([0-9a-f]{32})\.([A-Za-z0-9_-]{22})$/

/** The one that everybody keeps: whoever comes first makes it, where the store can tell who that is. */
const keptSecret = Effect.gen(function* () {
  const state = yield* StateStore
  const kept = state.get(secretKey)
  const isKept = Option.isSome(yield* kept)
  const made = JSON.stringify(Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url"))
  if (!isKept)
    yield* state.set(secretKey, made, state.capabilities.has("etag") ? { ifMatch: null } : {}).pipe(
      Effect.catchIf(
        ({ reason }) => reason === "conflict",
        () => Effect.void
      )
    )
  return Redacted.make(Option.match(yield* kept, { onNone: () => made, onSome: ({ value }) => value }))
})

/** Links by which whoever got a message opts out: signed, so that nobody opts out for others, and good for ever. */
export class UnsubscribeLinks extends Effect.Service<UnsubscribeLinks>()(
  "@influscope/messages/UnsubscribeLinks",
  {
    effect: Effect.gen(function* () {
      const { publicUrl, secret: given } = yield* linksConfig
      const secret = yield* Option.match(given, { onNone: () => keptSecret, onSome: Effect.succeed })
      const base = publicUrl.href.replace(/\/$/, "")
      const signatureOf = (message: string): string =>
        createHmac("sha256", Redacted.value(secret))
          .update(`unsubscribe/${message}`)
          .digest()
          .subarray(0, 16)
          .toString("base64url")

      return {
        linkOf: (message: OutreachId): string => `${base}/unsubscribe/${message}.${signatureOf(message)}`,
        /** The message that a token was made for; none when we did not make it. */
        messageOf: (token: string): Option.Option<OutreachId> => {
          const [, message, signature] = tokenPattern.exec(token) ?? []
          if (message === undefined || signature === undefined) return Option.none()
          const isOurs = timingSafeEqual(Buffer.from(signature), Buffer.from(signatureOf(message)))
          return isOurs ? Option.some(OutreachId.make(message)) : Option.none()
        }
      }
    })
  }
) {}
