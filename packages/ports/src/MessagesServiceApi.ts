import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import { Tenant } from "@influscope/domain/access/Principal"
import {
  AddedCampaign,
  CampaignPreview,
  NewCampaign,
  PreviewParams
} from "@influscope/domain/api/CampaignsApi"
import * as Schema from "effect/Schema"
import { NoTemplate, OutreachRefused } from "./Outreach.ts"
import { StorageError } from "./StorageError.ts"

/**
 * What the API asks of the messages service when they are processes of their own: the port Outreach, call by call, with its
 * errors. An internal contract: nothing outside speaks it.
 */
export class MessagesServiceApi extends HttpApi.make("messages").add(
  HttpApiGroup.make("outreach")
    .add(
      HttpApiEndpoint.post("addCampaign", "/messages/v1/campaigns")
        .setPayload(Schema.Struct({ tenant: Tenant, given: NewCampaign, key: Schema.String }))
        .addSuccess(AddedCampaign)
        .addError(OutreachRefused, { status: 400 })
        .addError(NoTemplate, { status: 404 })
        .addError(StorageError, { status: 500 })
    )
    .add(
      HttpApiEndpoint.post("preview", "/messages/v1/campaigns/preview")
        .setPayload(Schema.Struct({ tenant: Tenant, given: PreviewParams }))
        .addSuccess(CampaignPreview)
        .addError(OutreachRefused, { status: 400 })
        .addError(NoTemplate, { status: 404 })
        .addError(StorageError, { status: 500 })
    )
    .add(
      HttpApiEndpoint.post("unsubscribe", "/messages/v1/unsubscribe")
        .setPayload(Schema.Struct({ token: Schema.String, source: Schema.Literal("link", "one-click") }))
        .addSuccess(Schema.Boolean)
        .addError(StorageError, { status: 500 })
    )
) {}
