import { type MessagesSendRequested, messagesSendRequested } from "@influscope/domain/Events"
import type { CampaignId, OutreachId } from "@influscope/domain/messages/Campaign"
import { Publisher } from "@influscope/pipeline/Publisher"
import { type DueCampaign, OutreachStore } from "@influscope/ports/OutreachStore"
import * as Arr from "effect/Array"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { sendingConfig } from "./Config.ts"

/** Messages of one batch. */
const batchSize = 200
/** Messages of one campaign that may be on their way. */
const mostUnderway = 5 * batchSize
/** Campaigns looked at in one round. */
const mostCampaigns = 100

/**
 * Hands out messages whose turn it is: takes recipients for a batch, and then asks for it to be sent. When the process ends in
 * between, the batch is found by whoever starts next.
 */
export class Dispatch extends Effect.Service<Dispatch>()("@influscope/messages/Dispatch", {
  effect: Effect.gen(function* () {
    const { attempts, burst, rate } = yield* sendingConfig
    const store = yield* OutreachStore
    const publisher = yield* Publisher

    const ask = (id: string, campaign: CampaignId, messages: ReadonlyArray<OutreachId>) => {
      if (!Arr.isNonEmptyReadonlyArray(messages)) return Effect.void
      const event: MessagesSendRequested = { version: 1, id, campaign, messages }
      return publisher.publish(messagesSendRequested, event, { items: messages.length, job: undefined })
    }

    /** A batch of its own for who gets the last attempt: the dead letter is then of this one alone. */
    const hand = (campaign: CampaignId, limit: number, isLast: boolean, now: number) =>
      Effect.gen(function* () {
        const id = `messages/${crypto.randomUUID()}`
        const range = isLast ? { from: attempts - 1 } : { below: attempts - 1 }
        const messages = yield* store.take(campaign, id, range, isLast ? 1 : limit, now)
        yield* ask(id, campaign, messages)
        return messages.length
      })

    const handOut = Effect.fn("Dispatch.handOut")(function* (due: DueCampaign, now: number) {
      const room = mostUnderway - due.underway
      if (room <= 0) return
      const allow = (wanted: number) =>
        store.allow(due.tenant, due.sender, wanted, { perSecond: rate, burstSeconds: burst }, now)
      let allowed = yield* allow(room)
      while (allowed > 0) {
        const limit = Math.min(allowed, batchSize)
        const taken = (yield* hand(due.id, limit, false, now)) || (yield* hand(due.id, limit, true, now))
        if (taken === 0) break
        allowed -= taken
      }
      if (allowed > 0) yield* allow(-allowed)
    })

    return {
      round: Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        const due = yield* store.due(now, mostCampaigns)
        yield* Effect.forEach(due, (campaign) => handOut(campaign, now), { discard: true })
        yield* store.finish(now)
      }),
      /** Asks once more for whatever has no outcome: of what is in the queue the publisher knows, and asks for nothing. */
      recover: Effect.gen(function* () {
        const batches = yield* store.taken
        yield* Effect.forEach(batches, ({ campaign, id, messages }) => ask(id, campaign, messages), {
          discard: true
        })
      })
    }
  })
}) {}
