import { type UserCreateRequested, usersCreateRequested } from "@influscope/domain/Events"
import { consume } from "@influscope/pipeline/Consumer"
import { outage } from "@influscope/pipeline/Outage"
import type { AppliedCounts } from "@influscope/ports/Outbox"
import { Reject, Retry } from "@influscope/ports/PubSub"
import { usersCreated } from "@influscope/telemetry/Metrics"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import { UserRecords } from "./UserRecords.ts"

const options = { concurrency: 8, maxAttempts: 25, timeout: "30 seconds" } as const

const created = Metric.tagged(usersCreated, "by", "queue").register()

/** Makes a user whose number has been given; asked for again, or deleted since, it stays as it is. */
const apply = Effect.fn("Users.createRequested")(function* ({
  createdAt,
  name,
  tenant,
  user
}: UserCreateRequested) {
  const records = yield* UserRecords
  const made = yield* records.ensure(tenant, { id: user, name, roles: [], createdAt, revision: 1 }).pipe(
    Effect.catchAll(({ message, reason }): Effect.Effect<never, Retry | Reject> => {
      if (reason === "corrupt") return new Reject({ reason: message })
      return reason === "conflict" ? new Retry({ reason: message }) : outage(message)
    })
  )
  const isNew = made._tag === "Created"
  if (isNew) yield* Metric.increment(created)
  return { created: isNew ? 1 : 0, updated: 0, unchanged: isNew ? 0 : 1 } satisfies AppliedCounts
})

/** Makes the users of `users.create-requested` for as long as the layer lives. */
export const CreateRequestedLive = Layer.scopedDiscard(consume(usersCreateRequested, options, apply))
