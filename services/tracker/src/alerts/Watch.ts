import {
  Alert,
  type AlertRule,
  AlertRuleId,
  daysNeeded,
  evaluate
} from "@influscope/domain/tracking/AlertRule"
import { AlertState, advance } from "@influscope/domain/tracking/AlertState"
import type { SeriesByMetric } from "@influscope/domain/tracking/DailySeries"
import type { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import { AlertId } from "@influscope/domain/tracking/RaisedAlert"
import { bucketSeconds } from "@influscope/domain/tracking/Resolution"
import { dailySeries } from "@influscope/ports/DailySeries"
import { StateStore } from "@influscope/ports/StateStore"
import { readStored } from "@influscope/ports/StoredJson"
import { TimeSeries } from "@influscope/ports/TimeSeries"
import { raisedAlerts } from "@influscope/telemetry/Metrics"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { AlertLog } from "./AlertLog.ts"
import { AlertRules } from "./AlertRules.ts"
import { alertsConfig } from "./Config.ts"

const raised = raisedAlerts.register()

const keyOf = (id: InfluencerId): string => `alerts/state/${id}`

/** What is remembered of an influencer's rules, and alerts that may not be in the log yet. */
const Remembered = Schema.Struct({
  states: Schema.Record({ key: AlertRuleId, value: AlertState }),
  unlogged: Schema.Array(Alert)
})
type Remembered = typeof Remembered.Type
const Stored = Schema.parseJson(Remembered)
const nothing: Remembered = { states: {}, unlogged: [] }

/** Rounds a second. */
export const roundsPerSecond = 4
/** Influencers that are looked for in the series in one round. */
const sweepPage = 1_000
/** Influencers that may wait to be looked at: the others have their next point to come in by. */
const mostChanged = 1_000_000
/** Alerts that may wait for their webhooks before no more are raised. */
const mostWaiting = 5_000
/** Figures that end longer ago (seconds) are history: nobody wants to be woken up by them. */
const historySeconds = 2 * bucketSeconds.day

/** The same for the same key, and short and plain enough for a header. */
const idOf = ({ key }: Alert): AlertId =>
  AlertId.make(new Bun.CryptoHasher("sha256").update(key).digest("hex").slice(0, 32))

const lastDay = (series: SeriesByMetric): number =>
  Math.max(0, ...Object.values(series).map((values) => values.at(-1)?.time ?? 0))

/**
 * Looks at the rules of whoever has new figures, some influencers at a time, so that no rule can slow the sink: it only notes
 * who has changed. That note is in memory; a start notes everybody whom a rule watches, and to look twice changes nothing.
 */
export class Watch extends Effect.Service<Watch>()("@influscope/tracker/Watch", {
  dependencies: [AlertRules.Default, AlertLog.Default],
  effect: Effect.gen(function* () {
    const { evaluations } = yield* alertsConfig
    const rules = yield* AlertRules
    const log = yield* AlertLog
    const state = yield* StateStore
    const series = yield* TimeSeries
    const changed = new Set<InfluencerId>()
    /** The series are searched for whom rules watch, from the influencer after this one on. */
    let sweep: { readonly after: InfluencerId | undefined } | undefined

    const note = (id: InfluencerId): void => {
      if (changed.size < mostChanged && rules.watches(id)) changed.add(id)
    }

    const begin = ({ scope }: AlertRule): void => {
      if (scope.kind === "influencers") scope.ids.forEach(note)
      else sweep = { after: undefined }
    }
    rules.all().forEach(begin)

    const goOnSweeping = Effect.gen(function* () {
      if (sweep === undefined || changed.size >= sweepPage) return
      const ids = yield* series.ids(sweep.after, sweepPage)
      ids.forEach(note)
      sweep = ids.length < sweepPage ? undefined : { after: ids.at(-1) }
    })

    const read = (id: InfluencerId) =>
      Effect.map(
        readStored(state, keyOf(id), Stored),
        Option.getOrElse(() => nothing)
      )

    const write = (id: InfluencerId, before: Remembered, after: Remembered) =>
      Effect.gen(function* () {
        const [old, fresh] = yield* Effect.orDie(
          Effect.all([Schema.encode(Stored)(before), Schema.encode(Stored)(after)])
        )
        if (old === fresh) return
        const isEmpty = Object.keys(after.states).length === 0 && after.unlogged.length === 0
        yield* isEmpty ? state.delete(keyOf(id)) : state.set(keyOf(id), fresh)
      })

    const raise = (alert: Alert) =>
      Effect.gen(function* () {
        const { evidence, influencer, rule, time } = alert
        const kept = rules.get(rule)
        // Removed in the meantime.
        if (kept === undefined) return
        const raisedAt = new Date(yield* Clock.currentTimeMillis)
        const delivery = {
          state: "waiting",
          attempts: 0,
          nextAt: raisedAt,
          lastAt: null,
          failure: null
        } as const
        const { name } = kept.rule
        const isNew = yield* log.add({
          id: idOf(alert),
          rule,
          name,
          influencer,
          time,
          evidence,
          raisedAt,
          delivery
        })
        if (isNew) yield* Metric.increment(raised)
      })

    const look = Effect.fn("Watch.look")(function* (id: InfluencerId) {
      const before = yield* read(id)
      const watching = rules.watching(id)
      const now = Math.floor((yield* Clock.currentTimeMillis) / 1_000)
      const days = Math.max(0, ...watching.map(({ condition }) => daysNeeded(condition)))
      const figures = days === 0 ? {} : yield* dailySeries(series, id, now, days)
      const isHistory = lastDay(figures) < now - historySeconds
      const advanced = watching.map((rule) => ({
        id: rule.id,
        ...(isHistory
          ? { state: before.states[rule.id], alert: Option.none() }
          : advance(before.states[rule.id], evaluate(rule, id, figures)))
      }))
      const states = Object.fromEntries(
        advanced.flatMap(({ id: rule, state: known }) => (known === undefined ? [] : [[rule, known]]))
      )
      // What was noted before the process ended is raised now, and what is raised now is noted first: one crossing is
      // neither lost nor raised again, whenever that happens.
      const unlogged = [...before.unlogged, ...advanced.flatMap(({ alert }) => Option.toArray(alert))]
      yield* write(id, before, { states, unlogged })
      yield* Effect.forEach(unlogged, raise, { discard: true })
      yield* write(id, { states, unlogged }, { states, unlogged: [] })
    })

    /** What cannot be read waits for a person; the others do not wait for it. */
    const lookAt = (id: InfluencerId) =>
      Effect.zipRight(Effect.yieldNow(), look(id)).pipe(
        Effect.catchIf(
          ({ reason }) => reason === "corrupt",
          (error) => Effect.logError("The alert rules of an influencer cannot be looked at", error.message)
        )
      )

    const take = (count: number): ReadonlyArray<InfluencerId> => {
      const some = [...changed.values().take(count)]
      for (const id of some) changed.delete(id)
      return some
    }

    const round = Effect.gen(function* () {
      yield* goOnSweeping
      if (changed.size === 0 || log.waiting().length >= mostWaiting) return
      const some = take(Math.ceil(evaluations / roundsPerSecond))
      yield* Effect.forEach(some, lookAt, { concurrency: 4, discard: true }).pipe(
        Effect.tapError(() => Effect.sync(() => some.forEach(note)))
      )
    })

    return {
      /** These have new figures. */
      changed: (ids: ReadonlyArray<InfluencerId>): void => ids.forEach(note),
      /** Looks at everybody whom a new rule watches. */
      begin,
      /** Forgets what is remembered of a rule that was removed and of these influencers. */
      forget: (ids: ReadonlyArray<InfluencerId>): void => {
        for (const id of ids) changed.add(id)
      },
      round
    }
  })
}) {}
