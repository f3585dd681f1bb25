import type { MetricName } from "@influscope/domain/tracking/DataPoint"
import type { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"

/** An influencer's figures as the provider tells them. */
export interface Figures {
  readonly id: InfluencerId
  /** Epoch seconds: when the figures were true. */
  readonly observedAt: number
  readonly values: { readonly [M in MetricName]?: number }
}

export interface Fetched {
  readonly figures: ReadonlyArray<Figures>
  /** Asked for, and not known to the provider. */
  readonly unknown: ReadonlyArray<InfluencerId>
}

/** The provider did not answer, or said that it will not yet: try again after `retryAfterSeconds`, when it said. */
export class ProviderUnavailable extends Data.TaggedError("ProviderUnavailable")<{
  readonly provider: string
  readonly reason: string
  readonly retryAfterSeconds: number | undefined
}> {
  override get message(): string {
    return `${this.provider}: ${this.reason}`
  }
}

/** Where the figures of some influencers come from. */
export interface Provider {
  readonly name: string
  /** Seconds between two points unless somebody says otherwise. */
  readonly defaultIntervalSeconds: number
  /** Whether it can be asked about this influencer. */
  readonly knows: (id: InfluencerId) => boolean
  /** Figures as of now of up to 500 influencers, in any order. Respects the provider's limits: it may take long. */
  readonly fetch: (ids: ReadonlyArray<InfluencerId>) => Effect.Effect<Fetched, ProviderUnavailable>
}

/** All providers; of several that know an influencer the first is asked. */
export class MetricsProviders extends Context.Tag("@influscope/ports/MetricsProviders")<
  MetricsProviders,
  ReadonlyArray<Provider>
>() {}
