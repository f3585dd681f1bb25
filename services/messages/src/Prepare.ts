import type { CampaignPlan } from "@influscope/domain/messages/Campaign"
import { OutreachStore } from "@influscope/ports/OutreachStore"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { Recipients } from "./Recipients.ts"

/**
 * Looks up the recipients of campaigns that were made, some at a time. When the process ends in the middle it is begun again:
 * recipients that are there stay as they are.
 */
export class Prepare extends Effect.Service<Prepare>()("@influscope/messages/Prepare", {
  dependencies: [Recipients.Default],
  effect: Effect.gen(function* () {
    const store = yield* OutreachStore
    const recipients = yield* Recipients

    const prepare = Effect.fn("Prepare.prepare")(function* (plan: CampaignPlan) {
      const { audience, campaign, content, tenant } = plan
      const purpose = { tenant, campaign: campaign.id, channel: campaign.channel, content }
      const problem = yield* recipients.all(audience, purpose).pipe(
        Stream.runForEach((some) =>
          Effect.flatMap(Clock.currentTimeMillis, (now) => store.addRecipients(campaign.id, some, now))
        ),
        Effect.as(null),
        // What can never be read would keep the campaigns behind it waiting.
        Effect.catchIf(
          ({ reason }) => reason === "corrupt",
          (error) => Effect.succeed(error.message)
        )
      )
      yield* store.prepared(campaign.id, problem)
    })

    return {
      /** Prepares the campaigns that wait for it. */
      round: store.nextUnprepared.pipe(
        Effect.flatMap(
          Option.match({
            onNone: () => Effect.succeed(true),
            onSome: (plan) => Effect.as(prepare(plan), false)
          })
        ),
        Effect.repeat({ until: (isOver) => isOver }),
        Effect.asVoid
      )
    }
  })
}) {}
