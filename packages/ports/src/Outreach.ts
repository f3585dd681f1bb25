import type { Tenant } from "@influscope/domain/access/Principal"
import type {
  AddedCampaign,
  CampaignPreview,
  NewCampaign,
  PreviewParams
} from "@influscope/domain/api/CampaignsApi"
import { TemplateId } from "@influscope/domain/messages/Template"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { StorageError } from "./StorageError.ts"

/** A campaign cannot be made as it was asked for; `path` names the field, `detail` says what is wrong with it. */
export class OutreachRefused extends Schema.TaggedError<OutreachRefused>()("OutreachRefused", {
  path: Schema.String,
  detail: Schema.String
}) {}

/** The tenant has no such template. */
export class NoTemplate extends Schema.TaggedError<NoTemplate>()("NoTemplate", { id: TemplateId }) {}

/** What takes more than reading and writing what is kept of outreach. */
export class Outreach extends Context.Tag("@influscope/ports/Outreach")<
  Outreach,
  {
    /** With a key that was used before for another campaign of the tenant, answers that one. */
    readonly addCampaign: (
      tenant: Tenant,
      given: NewCampaign,
      key: string | undefined
    ) => Effect.Effect<AddedCampaign, OutreachRefused | NoTemplate | StorageError>
    readonly preview: (
      tenant: Tenant,
      given: PreviewParams
    ) => Effect.Effect<CampaignPreview, OutreachRefused | NoTemplate | StorageError>
    /** Whom the token of an unsubscribe link was made for hears nothing more; false when it is not one of ours. */
    readonly unsubscribe: (
      token: string,
      source: "link" | "one-click"
    ) => Effect.Effect<boolean, StorageError>
  }
>() {}
