import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { RequiredScope } from "../access/Scopes.ts"
import { AlertCondition, AlertRule, AlertRuleId, AlertRuleName, alertScopeOf } from "../tracking/AlertRule.ts"
import { RaisedAlert } from "../tracking/RaisedAlert.ts"
import { WebhookSecret, WebhookUrl } from "../Webhook.ts"
import { allErrors, limitParam, optional, textParam } from "./Params.ts"
import {
  InternalError,
  InvalidRequest,
  NotFound,
  PayloadTooLarge,
  StorageFull,
  Unavailable,
  UnsupportedMediaType
} from "./Problems.ts"
import { GivenInfluencer } from "./TrackingApi.ts"

export const NewAlertRule = Schema.Struct({
  name: AlertRuleName,
  condition: AlertCondition,
  scope: Schema.optionalWith(alertScopeOf(GivenInfluencer), { default: () => ({ kind: "all" as const }) }),
  webhook: WebhookUrl,
  /** Made when it is left out. */
  secret: optional(WebhookSecret)
}).annotations({ identifier: "NewAlertRule" })
export type NewAlertRule = typeof NewAlertRule.Type

/** The secret is told here and never again. */
export const AddedAlertRule = Schema.Struct({ ...AlertRule.fields, secret: WebhookSecret }).annotations({
  identifier: "AddedAlertRule"
})
export type AddedAlertRule = typeof AddedAlertRule.Type

export const AlertRules = Schema.Struct({ rules: Schema.Array(AlertRule) }).annotations({
  identifier: "AlertRules"
})

export const AlertPage = Schema.Struct({
  alerts: Schema.Array(RaisedAlert),
  nextCursor: Schema.NullOr(Schema.String)
}).annotations({ identifier: "AlertPage" })
export type AlertPage = typeof AlertPage.Type

export const AlertParams = Schema.Struct({
  influencer: optional(GivenInfluencer),
  rule: optional(AlertRuleId),
  limit: Schema.optionalWith(limitParam(100), { default: () => 20 }),
  cursor: optional(textParam(20, "nextCursor of the page before, with all other parameters the same."))
}).annotations(allErrors)
export type AlertParams = typeof AlertParams.Type

const rulePath = Schema.Struct({ id: AlertRuleId })

export class AlertsApi extends HttpApiGroup.make("alerts")
  .add(
    HttpApiEndpoint.post("addAlertRule", "/v1/alerts/rules")
      .setPayload(NewAlertRule)
      .addSuccess(AddedAlertRule, { status: 201 })
      .addError(InvalidRequest)
      .addError(PayloadTooLarge)
      .addError(UnsupportedMediaType)
      .addError(Unavailable)
      .addError(StorageFull)
      .annotate(RequiredScope, "alerts:write")
      .annotate(OpenApi.Summary, "Have a webhook called when a rule comes true")
  )
  .add(
    HttpApiEndpoint.get("listAlertRules", "/v1/alerts/rules")
      .addSuccess(AlertRules)
      .addError(Unavailable)
      .annotate(RequiredScope, "alerts:read")
      .annotate(OpenApi.Summary, "The rules, oldest first")
  )
  .add(
    HttpApiEndpoint.get("getAlertRule", "/v1/alerts/rules/:id")
      .setPath(rulePath)
      .addSuccess(AlertRule)
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(Unavailable)
      .annotate(RequiredScope, "alerts:read")
      .annotate(OpenApi.Summary, "One of them")
  )
  .add(
    HttpApiEndpoint.del("removeAlertRule", "/v1/alerts/rules/:id")
      .setPath(rulePath)
      .addSuccess(HttpApiSchema.NoContent)
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(Unavailable)
      .addError(StorageFull)
      .annotate(RequiredScope, "alerts:write")
      .annotate(OpenApi.Summary, "Remove a rule; its alerts stay")
  )
  .add(
    HttpApiEndpoint.get("listAlerts", "/v1/alerts")
      .setUrlParams(AlertParams)
      .addSuccess(AlertPage)
      .addError(InvalidRequest)
      .addError(Unavailable)
      .annotate(RequiredScope, "alerts:read")
      .annotate(OpenApi.Summary, "Alerts and what became of their webhooks, newest first")
  )
  .addError(InternalError)
  .annotate(OpenApi.Title, "Alerts") {}
