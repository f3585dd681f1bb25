import type { AddedAlertRule, AlertPage, NewAlertRule } from "@influscope/domain/api/AlertsApi"
import type { AlertRule, AlertRuleId } from "@influscope/domain/tracking/AlertRule"
import type { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { StorageError } from "./StorageError.ts"

/** The rule cannot be added; `path` names the field, `detail` says what is wrong with it. */
export class RuleRefused extends Schema.TaggedError<RuleRefused>()("RuleRefused", {
  path: Schema.String,
  detail: Schema.String
}) {}

export interface AlertFilter {
  readonly influencer: InfluencerId | undefined
  readonly rule: AlertRuleId | undefined
  /** `nextCursor` of the page before. */
  readonly cursor: string | undefined
  readonly limit: number
}

/** Rules on what influencers' figures do, and the alerts they made. Changes are durable when they succeed. */
export class Alerts extends Context.Tag("@influscope/ports/Alerts")<
  Alerts,
  {
    readonly addRule: (given: NewAlertRule) => Effect.Effect<AddedAlertRule, RuleRefused | StorageError>
    /** Oldest first; there are 100 at most. */
    readonly rules: Effect.Effect<ReadonlyArray<AlertRule>, StorageError>
    /** False when there is no such rule. Its alerts stay; those not delivered yet will not be. */
    readonly removeRule: (id: AlertRuleId) => Effect.Effect<boolean, StorageError>
    /** Newest first. None when the cursor is not one. */
    readonly list: (filter: AlertFilter) => Effect.Effect<Option.Option<AlertPage>, StorageError>
  }
>() {}
