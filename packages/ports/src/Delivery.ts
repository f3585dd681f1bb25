import type { Channel, OutreachId, Sender } from "@influscope/domain/messages/Campaign"
import type { EmailAddress } from "@influscope/domain/messages/Contact"
import type { Rendered } from "@influscope/domain/messages/Template"
import type { ProfileId } from "@influscope/domain/ProfileId"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"

/** A message that is ready to go. Its id is the same on every attempt, for the channel to know it by. */
export interface OutgoingMessage {
  readonly id: OutreachId
  readonly channel: Channel
  readonly sender: Sender
  readonly to: { readonly id: ProfileId; readonly address: EmailAddress | null }
  readonly content: Rendered
  /** Where whoever gets it can opt out, by a click and in one step (RFC 8058). */
  readonly unsubscribeUrl: string
  /** Of the channel webhook. */
  readonly webhook: { readonly url: string; readonly secret: Redacted.Redacted } | null
}

/**
 * It did not arrive, as far as we know. `later`: nothing arrived, and another attempt may succeed; `never`: nothing arrived, and
 * nothing will; `perhaps`: the channel may have taken it before it broke off. `reason` is a sentence for whoever sends.
 */
export class NotDelivered extends Data.TaggedError("NotDelivered")<{
  readonly reason: string
  readonly again: "later" | "never" | "perhaps"
}> {}

/**
 * What a channel promises when the process dies while it sends. `exactly-once`: another attempt finds what the first one did;
 * `at-least-once`: it is sent again with the same id, by which the receiver knows it; `at-most-once`: it is not sent again
 * unless the configuration says so, for nobody can know.
 */
export const guarantees: { readonly [C in Channel]: "exactly-once" | "at-least-once" | "at-most-once" } = {
  file: "exactly-once",
  webhook: "at-least-once",
  smtp: "at-most-once"
}

/** The ways out of here. Every attempt ends within bounded time. */
export class Delivery extends Context.Tag("@influscope/ports/Delivery")<
  Delivery,
  {
    /** Those that this installation is configured for. */
    readonly channels: ReadonlySet<Channel>
    /** Answers whether the message arrived, or was taken by somebody who passes it on. */
    readonly send: (message: OutgoingMessage) => Effect.Effect<"delivered" | "sent", NotDelivered>
  }
>() {}
