import * as Schema from "effect/Schema"
import { AlertEvidence, AlertRuleId, AlertRuleName } from "./AlertRule.ts"
import { Day } from "./DailySeries.ts"
import { InfluencerId } from "./InfluencerId.ts"

/**
 * How far an alert is on its way to its webhook, which was called `attempts` times, at `lastAt` for the last time. While it
 * waits, the next call is at `nextAt` at the earliest. `failure` is why the last call failed.
 */
export const AlertDelivery = Schema.Struct({
  state: Schema.Literal("waiting", "delivered", "failed"),
  attempts: Schema.Int,
  nextAt: Schema.NullOr(Schema.Date),
  lastAt: Schema.NullOr(Schema.Date),
  failure: Schema.NullOr(Schema.String)
}).annotations({ identifier: "AlertDelivery" })
export type AlertDelivery = typeof AlertDelivery.Type

export const AlertId = Schema.String.pipe(Schema.pattern(/^[0-9a-f]{32}$/), Schema.brand("AlertId"))
export type AlertId = typeof AlertId.Type

/**
 * An alert as it is kept and shown; see Alert. `id` is the same however often it is delivered, and `name` is the rule's, which
 * may have been removed since.
 */
export const RaisedAlert = Schema.Struct({
  id: AlertId,
  rule: AlertRuleId,
  name: AlertRuleName,
  influencer: InfluencerId,
  time: Day,
  evidence: AlertEvidence,
  raisedAt: Schema.Date,
  delivery: AlertDelivery
}).annotations({ identifier: "RaisedAlert" })
export type RaisedAlert = typeof RaisedAlert.Type
