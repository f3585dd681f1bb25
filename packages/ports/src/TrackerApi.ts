import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import type * as HttpClient from "@effect/platform/HttpClient"
import { AddedAlertRule, AlertPage, NewAlertRule } from "@influscope/domain/api/AlertsApi"
import { maxBatchItems } from "@influscope/domain/Events"
import { AlertRule, AlertRuleId } from "@influscope/domain/tracking/AlertRule"
import { DataPoint } from "@influscope/domain/tracking/DataPoint"
import { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import {
  IntervalSeconds,
  TrackedPage,
  TrackingAdded,
  TrackingRemoved,
  TrackingStatus
} from "@influscope/domain/tracking/Tracking"
import * as Context from "effect/Context"
import * as Schema from "effect/Schema"
import { RuleRefused } from "./Alerts.ts"
import { CollectionNotes } from "./CollectionNotices.ts"
import { PipelineBusy } from "./Profiles.ts"
import { StorageError } from "./StorageError.ts"
import { NoProvider, TooMuchTracking } from "./Tracking.ts"

const influencers = { ids: Schema.Array(InfluencerId) }

/**
 * What the API asks of the tracker, and what collectors tell it, when they are processes of their own: the ports Tracking,
 * Alerts and CollectionNotices, call by call, with their errors. An internal contract: nothing outside speaks it.
 */
export class TrackerApi extends HttpApi.make("tracker").add(
  HttpApiGroup.make("tracker")
    .add(
      HttpApiEndpoint.post("add", "/tracker/v1/influencers")
        .setPayload(
          Schema.Struct({ ...influencers, interval: Schema.optionalWith(IntervalSeconds, { exact: true }) })
        )
        .addSuccess(TrackingAdded)
        .addError(NoProvider, { status: 400 })
        .addError(TooMuchTracking, { status: 400 })
        .addError(StorageError, { status: 500 })
    )
    .add(
      HttpApiEndpoint.post("remove", "/tracker/v1/influencers/remove")
        .setPayload(Schema.Struct(influencers))
        .addSuccess(TrackingRemoved)
        .addError(StorageError, { status: 500 })
    )
    .add(
      HttpApiEndpoint.get("list", "/tracker/v1/influencers")
        .setUrlParams(
          Schema.Struct({
            limit: Schema.NumberFromString,
            cursor: Schema.optionalWith(Schema.String, { exact: true })
          })
        )
        .addSuccess(Schema.Option(TrackedPage))
        .addError(StorageError, { status: 500 })
    )
    .add(
      HttpApiEndpoint.get("interval", "/tracker/v1/influencers/:id/interval")
        .setPath(Schema.Struct({ id: InfluencerId }))
        .addSuccess(Schema.Option(Schema.Number))
        .addError(StorageError, { status: 500 })
    )
    .add(
      HttpApiEndpoint.get("status", "/tracker/v1/status")
        .addSuccess(TrackingStatus)
        .addError(StorageError, { status: 500 })
    )
    .add(
      HttpApiEndpoint.post("collect", "/tracker/v1/points")
        .setPayload(
          Schema.Struct({ points: Schema.NonEmptyArray(DataPoint).pipe(Schema.maxItems(maxBatchItems)) })
        )
        .addSuccess(Schema.String)
        .addError(PipelineBusy, { status: 429 })
        .addError(StorageError, { status: 500 })
    )
    .add(
      HttpApiEndpoint.post("addRule", "/tracker/v1/alerts/rules")
        .setPayload(NewAlertRule)
        .addSuccess(AddedAlertRule)
        .addError(RuleRefused, { status: 400 })
        .addError(StorageError, { status: 500 })
    )
    .add(
      HttpApiEndpoint.get("rules", "/tracker/v1/alerts/rules")
        .addSuccess(Schema.Array(AlertRule))
        .addError(StorageError, { status: 500 })
    )
    .add(
      HttpApiEndpoint.del("removeRule", "/tracker/v1/alerts/rules/:id")
        .setPath(Schema.Struct({ id: AlertRuleId }))
        .addSuccess(Schema.Boolean)
        .addError(StorageError, { status: 500 })
    )
    .add(
      HttpApiEndpoint.get("alerts", "/tracker/v1/alerts")
        .setUrlParams(
          Schema.Struct({
            influencer: Schema.optionalWith(InfluencerId, { exact: true }),
            rule: Schema.optionalWith(AlertRuleId, { exact: true }),
            cursor: Schema.optionalWith(Schema.String, { exact: true }),
            limit: Schema.NumberFromString
          })
        )
        .addSuccess(Schema.Option(AlertPage))
        .addError(StorageError, { status: 500 })
    )
    .add(
      HttpApiEndpoint.post("missed", "/tracker/v1/collection/missed")
        .setPayload(Schema.Struct({ slots: Schema.Int.pipe(Schema.positive()) }))
        .addError(StorageError, { status: 500 })
    )
    .add(HttpApiEndpoint.post("note", "/tracker/v1/collection/notes").setPayload(CollectionNotes))
) {}

/** An HTTP client whose requests go to the tracker, whatever lies in between. */
export class TrackerClient extends Context.Tag("@influscope/ports/TrackerClient")<
  TrackerClient,
  HttpClient.HttpClient
>() {}
