import * as MainDatabase from "@influscope/adapters/sqlite/MainDatabase"
import * as SqliteState from "@influscope/adapters/sqlite/StateStore"
import { InfluencersDue, influencersDue, ProfilesDiscovered } from "@influscope/domain/Events"
import { Publisher } from "@influscope/pipeline/Publisher"
import { MetricsProviders, type Provider } from "@influscope/ports/MetricsProvider"
import { Outbox } from "@influscope/ports/Outbox"
import { PubSub } from "@influscope/ports/PubSub"
import { StateStore } from "@influscope/ports/StateStore"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { Cohorts } from "../src/Cohorts.ts"
import { Dispatch } from "../src/Dispatch.ts"
import { Slots } from "../src/Slots.ts"
import { TrackLive } from "../src/Track.ts"

/** What never asks anybody: who may be tracked is all that is asked of it here. */
export const provider = (name: string, namespace = name): Provider => ({
  name,
  defaultIntervalSeconds: 60,
  knows: (id) => id.startsWith(`${namespace}:`),
  fetch: () => Effect.succeed({ figures: [], unknown: [] })
})

const decode = Schema.decodeSync(Schema.parseJson(InfluencersDue))
const decodeProfiles = Schema.decodeSync(Schema.parseJson(ProfilesDiscovered))

/** Remembers what was sent, each id once as an outbox does, and takes it from nobody. */
export class Recorder {
  readonly ids = new Set<string>()
  readonly due: Array<InfluencersDue> = []
  readonly told: Array<ProfilesDiscovered> = []
  /** The same influencers are due every minute: they are read and kept once. */
  readonly #lists = new Map<string, InfluencersDue["influencers"]>()
  /** Messages that nobody has taken yet, as the topics say when they are asked. */
  waiting = 0
  /** The same of collected points. */
  unwritten = 0

  #due(payload: string): InfluencersDue {
    const list = payload.slice(payload.lastIndexOf("["), payload.lastIndexOf("]") + 1)
    const influencers = this.#lists.get(list) ?? decode(payload).influencers
    this.#lists.set(list, influencers)
    return { ...decode(payload.replace(list, JSON.stringify(influencers.slice(0, 1)))), influencers }
  }

  readonly layer = Layer.merge(
    Layer.succeed(Outbox, {
      append: (_topic, message) =>
        Effect.sync(() => {
          if (this.ids.has(message.id)) return false
          this.ids.add(message.id)
          return true
        }),
      confirm: () => Effect.succeed(true),
      markDead: () => Effect.succeed(true),
      overdue: () => Effect.succeed([]),
      resent: () => Effect.void,
      audit: () => Effect.succeed([]),
      progress: () => Effect.dieMessage("nobody asks for a job"),
      prune: () => Effect.succeed(0)
    }),
    Layer.succeed(PubSub, {
      publish: (topic, { payload }) =>
        Effect.sync(() => {
          if (topic === influencersDue.name) this.due.push(this.#due(payload))
          else this.told.push(decodeProfiles(payload))
        }),
      subscribe: () => Effect.void,
      stats: Effect.sync(() => [
        { topic: "influencers.due", messages: this.waiting, items: 0, oldestSeconds: 0 },
        { topic: "datapoints.collected", messages: this.unwritten, items: 0, oldestSeconds: 0 }
      ])
    })
  )
}

/** State that outlives the processes built on it. */
export const stateOf = (directory: string) =>
  SqliteState.layer.pipe(Layer.provide(MainDatabase.layer(directory)))

/** One process that schedules: built again on the same state, it is that process started again. */
export const scheduler = (recorder: Recorder, state: StateStore["Type"], ...more: ReadonlyArray<Provider>) =>
  TrackLive.pipe(
    Layer.provideMerge(Dispatch.Default),
    Layer.provideMerge(Layer.merge(Cohorts.Default, Slots.Default)),
    Layer.provide(Publisher.Default),
    Layer.provide(recorder.layer),
    Layer.provide(Layer.succeed(StateStore, state)),
    Layer.provide(Layer.succeed(MetricsProviders, [provider("mockstagram"), ...more])),
    Layer.fresh
  )
