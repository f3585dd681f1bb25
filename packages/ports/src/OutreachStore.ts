import type { Tenant } from "@influscope/domain/access/Principal"
import type {
  Campaign,
  CampaignId,
  CampaignPlan,
  OutreachId,
  Recipient,
  RecipientState
} from "@influscope/domain/messages/Campaign"
import type { Contact, EmailAddress, OptOut } from "@influscope/domain/messages/Contact"
import type { FieldValues, Template, TemplateId } from "@influscope/domain/messages/Template"
import type { ProfileId } from "@influscope/domain/ProfileId"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { StorageError } from "./StorageError.ts"

/** Where a page of campaigns goes on: after one made at a time (epoch ms) with an id. */
export interface CampaignPlace {
  readonly at: number
  readonly id: CampaignId
}

/** A recipient before anything was sent; `skipped` is why nothing will be. */
export interface NewRecipient {
  readonly id: ProfileId
  readonly message: OutreachId
  readonly address: EmailAddress | null
  readonly values: FieldValues
  readonly skipped: string | null
}

/** A campaign that has something to send now; `underway`: recipients that were taken and have no outcome yet. */
export interface DueCampaign {
  readonly id: CampaignId
  readonly tenant: Tenant
  /** The address that its messages are from. */
  readonly sender: string
  readonly underway: number
}

/** Recipients that were taken together, to be sent to together. */
export interface TakenBatch {
  readonly id: string
  readonly campaign: CampaignId
  readonly messages: ReadonlyArray<OutreachId>
}

/** What is needed to send a batch: `queued` was not begun, `sending` was begun by somebody who never said how it ended. */
export interface BatchToSend {
  readonly plan: Omit<CampaignPlan, "audience">
  readonly recipients: ReadonlyArray<{
    readonly id: ProfileId
    readonly message: OutreachId
    readonly address: EmailAddress | null
    readonly values: FieldValues
    readonly state: "queued" | "sending" | "failed"
    /** Made before. */
    readonly attempts: number
  }>
}

/** What became of an attempt. `queued` waits for the next one at `nextAt`; `givenUp` was the last of many. Times are epoch ms. */
export interface Outcome {
  readonly message: OutreachId
  readonly attempts: number
  readonly reason: string | null
  readonly result:
    | { readonly _tag: "sent" | "delivered" | "failed" | "givenUp" | "unknown" | "skipped" }
    | { readonly _tag: "queued"; readonly nextAt: number }
}

/** What somebody else tells of a message. */
export interface Report {
  readonly kind: "replied" | "delivered" | "failed"
  readonly text: string
  /** Epoch ms. */
  readonly at: number
}

/** Whom a message was for. */
export interface MessageOwner {
  readonly tenant: Tenant
  readonly campaign: CampaignId
  readonly id: ProfileId
  readonly address: EmailAddress | null
}

/**
 * Templates, campaigns, their recipients, and who wants to hear nothing. Writes are durable when they succeed. What is asked
 * for with a tenant is not there for another. All times are epoch ms.
 */
export class OutreachStore extends Context.Tag("@influscope/ports/OutreachStore")<
  OutreachStore,
  {
    /** Answers false, and adds nothing, when the tenant has `most` already. */
    readonly addTemplate: (
      tenant: Tenant,
      template: Template,
      most: number
    ) => Effect.Effect<boolean, StorageError>
    /** By id. */
    readonly templates: (
      tenant: Tenant,
      after: TemplateId | undefined,
      limit: number
    ) => Effect.Effect<ReadonlyArray<Template>, StorageError>
    readonly template: (
      tenant: Tenant,
      id: TemplateId
    ) => Effect.Effect<Option.Option<Template>, StorageError>
    readonly removeTemplate: (tenant: Tenant, id: TemplateId) => Effect.Effect<boolean, StorageError>

    /** A campaign whose id is there already is left as it is, and this one forgotten; answers the secret of the one that is kept. */
    readonly addCampaign: (plan: CampaignPlan) => Effect.Effect<string | null, StorageError>
    /** Newest first; states as of `now`. */
    readonly campaigns: (
      tenant: Tenant,
      after: CampaignPlace | undefined,
      limit: number,
      now: number
    ) => Effect.Effect<ReadonlyArray<Campaign>, StorageError>
    readonly campaign: (
      tenant: Tenant,
      id: CampaignId,
      now: number
    ) => Effect.Effect<Option.Option<Campaign>, StorageError>
    /** False when it is not in a state from which that can be done, or is not there. Cancelling cancels its recipients. */
    readonly change: (
      tenant: Tenant,
      id: CampaignId,
      how: "pause" | "resume" | "cancel",
      now: number
    ) => Effect.Effect<boolean, StorageError>
    /** By id. None when there is no such campaign. */
    readonly recipients: (
      tenant: Tenant,
      id: CampaignId,
      state: RecipientState | undefined,
      after: ProfileId | undefined,
      limit: number
    ) => Effect.Effect<Option.Option<ReadonlyArray<Recipient>>, StorageError>
    readonly ownerOf: (message: OutreachId) => Effect.Effect<Option.Option<MessageOwner>, StorageError>
    /** Notes what is told of a message; a reply stays, whatever is told later. None when it is not the tenant's. */
    readonly report: (
      tenant: Tenant,
      message: OutreachId,
      report: Report
    ) => Effect.Effect<Option.Option<Recipient>, StorageError>

    /** Those that are there already stay as they are. */
    readonly addOptOuts: (tenant: Tenant, optOuts: ReadonlyArray<OptOut>) => Effect.Effect<void, StorageError>
    /** By contact. */
    readonly optOuts: (
      tenant: Tenant,
      after: Contact | undefined,
      limit: number
    ) => Effect.Effect<ReadonlyArray<OptOut>, StorageError>
    readonly removeOptOut: (tenant: Tenant, contact: Contact) => Effect.Effect<boolean, StorageError>
    /** Those of the contacts that want to hear nothing. */
    readonly optedOut: (
      tenant: Tenant,
      contacts: ReadonlyArray<Contact>
    ) => Effect.Effect<ReadonlySet<Contact>, StorageError>

    /** The oldest campaign whose recipients are not all there yet. */
    readonly nextUnprepared: Effect.Effect<Option.Option<CampaignPlan>, StorageError>
    /** Recipients that are there already stay as they are; of those with the same address the first one gets the message. */
    readonly addRecipients: (
      campaign: CampaignId,
      recipients: ReadonlyArray<NewRecipient>,
      now: number
    ) => Effect.Effect<void, StorageError>
    /** All recipients are there; with a problem it is cancelled. */
    readonly prepared: (campaign: CampaignId, problem: string | null) => Effect.Effect<void, StorageError>
    /** Campaigns whose time has come, with recipients whose turn it is; longest due first. */
    readonly due: (now: number, limit: number) => Effect.Effect<ReadonlyArray<DueCampaign>, StorageError>
    /**
     * How many messages of `wanted` may be sent now in the name of a sender, at `perSecond` over time and at most as many at
     * once as in `burstSeconds`. They count as sent.
     */
    readonly allow: (
      tenant: Tenant,
      sender: string,
      wanted: number,
      rate: { readonly perSecond: number; readonly burstSeconds: number },
      now: number
    ) => Effect.Effect<number, StorageError>
    /**
     * Takes recipients whose turn it is for a batch, those who have waited longest first: with fewer attempts behind them than
     * `attempts.below`, or with at least `attempts.from`.
     */
    readonly take: (
      campaign: CampaignId,
      batch: string,
      attempts: { readonly below: number } | { readonly from: number },
      limit: number,
      now: number
    ) => Effect.Effect<ReadonlyArray<OutreachId>, StorageError>
    /** Batches with recipients that have no outcome yet, whoever took them. */
    readonly taken: Effect.Effect<ReadonlyArray<TakenBatch>, StorageError>
    /** None when nobody is left to be sent to in that batch. */
    readonly batch: (id: string) => Effect.Effect<Option.Option<BatchToSend>, StorageError>
    /**
     * These are about to be sent. Answers those that may: none of a campaign that is not to be sent now, none that somebody
     * else has brought to an end, and of those that somebody has begun only the ones that may be sent `again`.
     */
    readonly claim: (
      batch: string,
      messages: ReadonlyArray<OutreachId>,
      again: boolean,
      now: number
    ) => Effect.Effect<ReadonlyArray<OutreachId>, StorageError>
    /** An outcome that is known is not replaced by one that is not. What was given up stays in its batch, to be tried again with it. */
    readonly settle: (outcomes: ReadonlyArray<Outcome>, now: number) => Effect.Effect<void, StorageError>
    /**
     * Gives back what was not begun, and what was begun where it may be sent `again`: its turn comes again. Of a campaign that
     * was cancelled, what became of the latter is not known.
     */
    readonly release: (batch: string, again: boolean) => Effect.Effect<void, StorageError>
    /** Notes which campaigns have nobody left to be sent to. */
    readonly finish: (now: number) => Effect.Effect<void, StorageError>
  }
>() {}
