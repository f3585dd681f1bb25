import * as Schema from "effect/Schema"
import { Tenant } from "./access/Principal.ts"
import { CampaignId, OutreachId } from "./messages/Campaign.ts"
import { Observation } from "./Observation.ts"
import { Post } from "./posts/Post.ts"
import { DataPoint, EpochSeconds } from "./tracking/DataPoint.ts"
import { InfluencerId } from "./tracking/InfluencerId.ts"
import { AlertId } from "./tracking/RaisedAlert.ts"
import { UserId, UserName } from "./users/User.ts"

/** A topic: its name on the broker and the shape of one message, which always carries a batch. */
export interface Topic<A, I> {
  readonly name: string
  readonly schema: Schema.Schema<A, I>
}

/** Most items of one message; a message is also kept below `maxBatchBytes`. */
export const maxBatchItems = 500
export const maxBatchBytes = 512 * 1024

/** A batch of observations on its way to the index. `id` is the same on every delivery of the same batch. */
export const ProfilesDiscovered = Schema.Struct({
  version: Schema.Literal(1),
  id: Schema.NonEmptyString,
  /** The import or discovery this batch belongs to; its outcome is counted there. */
  job: Schema.NullOr(Schema.String),
  observations: Schema.NonEmptyArray(Observation).pipe(Schema.maxItems(maxBatchItems))
}).annotations({ identifier: "ProfilesDiscovered" })
export type ProfilesDiscovered = typeof ProfilesDiscovered.Type

export const profilesDiscovered: Topic<ProfilesDiscovered, typeof ProfilesDiscovered.Encoded> = {
  name: "profiles.discovered",
  schema: ProfilesDiscovered
}

/** Influencers whose figures are to be fetched for one nominal time. `id` is the same whoever finds out that they are due. */
export const InfluencersDue = Schema.Struct({
  version: Schema.Literal(1),
  id: Schema.NonEmptyString,
  provider: Schema.NonEmptyString,
  /** Epoch seconds. */
  time: EpochSeconds,
  /** Seconds to the next nominal time. */
  interval: Schema.Int.pipe(Schema.positive()),
  influencers: Schema.NonEmptyArray(InfluencerId).pipe(Schema.maxItems(maxBatchItems))
}).annotations({ identifier: "InfluencersDue" })
export type InfluencersDue = typeof InfluencersDue.Type

export const influencersDue: Topic<InfluencersDue, typeof InfluencersDue.Encoded> = {
  name: "influencers.due",
  schema: InfluencersDue
}

/** Points on their way to the time series. `id` is the same on every delivery of the same batch. */
export const DataPointsCollected = Schema.Struct({
  version: Schema.Literal(1),
  id: Schema.NonEmptyString,
  /** History that somebody gave us, or figures that were fetched as they were. */
  origin: Schema.Literal("given", "fetched"),
  points: Schema.NonEmptyArray(DataPoint).pipe(Schema.maxItems(maxBatchItems))
}).annotations({ identifier: "DataPointsCollected" })
export type DataPointsCollected = typeof DataPointsCollected.Type

export const dataPointsCollected: Topic<DataPointsCollected, typeof DataPointsCollected.Encoded> = {
  name: "datapoints.collected",
  schema: DataPointsCollected
}

/** The webhook of an alert is to be called for the `attempt`-th time. */
export const AlertRaised = Schema.Struct({
  version: Schema.Literal(1),
  id: Schema.NonEmptyString,
  alert: AlertId,
  attempt: Schema.Int.pipe(Schema.positive())
}).annotations({ identifier: "AlertRaised" })
export type AlertRaised = typeof AlertRaised.Type

export const alertsRaised: Topic<AlertRaised, typeof AlertRaised.Encoded> = {
  name: "alerts.raised",
  schema: AlertRaised
}

/** Posts on their way to their analysis. `id` is the same on every delivery of the same batch. */
export const PostsSubmitted = Schema.Struct({
  version: Schema.Literal(1),
  id: Schema.NonEmptyString,
  /** The import this batch belongs to; its outcome is counted there. */
  job: Schema.NullOr(Schema.String),
  /** Whether the store has them: posts of an import are stored by who analyses them. */
  stored: Schema.Boolean,
  posts: Schema.NonEmptyArray(Post).pipe(Schema.maxItems(maxBatchItems))
}).annotations({ identifier: "PostsSubmitted" })
export type PostsSubmitted = typeof PostsSubmitted.Type

export const postsSubmitted: Topic<PostsSubmitted, typeof PostsSubmitted.Encoded> = {
  name: "posts.submitted",
  schema: PostsSubmitted
}

/** A user whose id has been given is to be made. `id` is the same whenever the same user was asked for. */
export const UserCreateRequested = Schema.Struct({
  version: Schema.Literal(1),
  id: Schema.NonEmptyString,
  tenant: Tenant,
  user: UserId,
  name: UserName,
  createdAt: Schema.Date.pipe(Schema.validDate())
}).annotations({ identifier: "UserCreateRequested" })
export type UserCreateRequested = typeof UserCreateRequested.Type

export const usersCreateRequested: Topic<UserCreateRequested, typeof UserCreateRequested.Encoded> = {
  name: "users.create-requested",
  schema: UserCreateRequested
}

/** Messages of a campaign whose turn it is. `id` is the same on every delivery, and that of their batch in the store. */
export const MessagesSendRequested = Schema.Struct({
  version: Schema.Literal(1),
  id: Schema.NonEmptyString,
  campaign: CampaignId,
  messages: Schema.NonEmptyArray(OutreachId).pipe(Schema.maxItems(maxBatchItems))
}).annotations({ identifier: "MessagesSendRequested" })
export type MessagesSendRequested = typeof MessagesSendRequested.Type

export const messagesSendRequested: Topic<MessagesSendRequested, typeof MessagesSendRequested.Encoded> = {
  name: "messages.send-requested",
  schema: MessagesSendRequested
}
