import * as Schema from "effect/Schema"
import { median } from "../Median.ts"
import { type Change, changesOf, type DailySeries, Day, roundingStep } from "./DailySeries.ts"
import { bucketSeconds } from "./Resolution.ts"
import { studentT } from "./StudentT.ts"

/** When a change is an anomaly, and of which kind. All conditions hold together. */
export const anomalyThresholds = {
  /** Robust z beyond which a change is an outlier: Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993. */
  z: 3.5,
  /** Percent per day that a change must exceed: smaller ones matter to nobody. Ours. */
  percentPerDay: 0.5,
  /** A change is compared with those of so many days before it. Ours: eight weeks follow a trend and hold its noise. */
  windowDays: 56,
  /** Fewest changes to compare with. Ours. */
  fewestChanges: 28,
  /** With so many changes of the same weekday, it must be an outlier among those too: some post every Sunday. Ours. */
  fewestOfWeekday: 6,
  /** Bought followers come in round numbers: a rise by a multiple of this count (support.popularpays.com/en/articles/2959087). */
  roundNumber: 1_000,
  /** A fall by so many percent that is not made good within `recoveryDays` is a purge even without a spike before. Ours. */
  purgePercent: 3,
  recoveryDays: 7
} as const

export const AnomalyKind = Schema.Literal("spike", "drop", "purge", "roundNumberJump").annotations({
  identifier: "AnomalyKind"
})
export type AnomalyKind = typeof AnomalyKind.Type

/**
 * A change out of line with those before it, and the evidence. `time` is the day of `after`, which was `before` (counts)
 * `days` days earlier. `change`, `median` and `mad` (median absolute deviation of the changes it was compared with) are
 * percent per day, `step` is how finely the count is told.
 */
export const Anomaly = Schema.Struct({
  kind: AnomalyKind,
  time: Day,
  before: Schema.Number,
  after: Schema.Number,
  days: Schema.Number,
  change: Schema.Number,
  z: Schema.Number,
  median: Schema.Number,
  mad: Schema.Number,
  step: Schema.Number
}).annotations({ identifier: "Anomaly" })
export type Anomaly = typeof Anomaly.Type

/** What the median absolute deviation is of one standard deviation, for a normal distribution. */
const madOfNormal = 0.6745

interface Score {
  readonly z: number
  readonly median: number
  readonly mad: number
}

/**
 * Robust z: 0.6745 (rate - median) / MAD. The spread is never taken for finer than one step of the count, so that flat,
 * rounded and small series, whose MAD may be 0, do not make an outlier of every step.
 */
const scoreOf = (change: Change, others: ReadonlyArray<Change>, step: number): Score => {
  const center = median(others.map(({ rate }) => rate))
  const mad = median(others.map(({ rate }) => Math.abs(rate - center)))
  const spread = Math.max(mad / madOfNormal, ((step / change.before) * 100) / change.days)
  return { z: (change.rate - center) / spread, median: center, mad }
}

const weekdayOf = ({ time }: Change): number => Math.floor(time / bucketSeconds.day) % 7

/** Statistical efficiency of the MAD: from n values it is as uncertain as a standard deviation from 0.37 n. */
const madEfficiency = 0.37

/**
 * How far a change is out of line with others (percent per day), when it is; see `anomalyThresholds`. The fewer the
 * others, the less certain is their MAD: the limit of z is the quantile of the t distribution that answers to 3.5. Gains
 * with a heavier tail than the normal distribution's are flagged more often: to the numbers, they are viral days.
 */
export const outlierScore = (
  change: Change,
  others: ReadonlyArray<Change>,
  step: number
): Score | undefined => {
  const { percentPerDay, fewestOfWeekday, z } = anomalyThresholds
  if (Math.abs(change.rate) <= percentPerDay || Math.abs(change.after - change.before) <= step)
    return undefined
  // A rise that is slower than usual is no fall, and the other way round.
  const towards = Math.sign(change.rate)
  const score = scoreOf(change, others, step)
  if (score.z * towards <= studentT(z, madEfficiency * others.length)) return undefined
  const sameWeekday = others.filter((other) => weekdayOf(other) === weekdayOf(change))
  if (sameWeekday.length < fewestOfWeekday) return score
  return scoreOf(change, sameWeekday, step).z * towards > z ? score : undefined
}

const kindOf = (
  change: Change,
  step: number,
  later: ReadonlyArray<Change>,
  earlier: ReadonlyArray<Anomaly>
): AnomalyKind => {
  const { purgePercent, recoveryDays, roundNumber, windowDays } = anomalyThresholds
  const difference = change.after - change.before
  if (difference > 0) return step === 1 && difference % roundNumber === 0 ? "roundNumberJump" : "spike"
  const follows = earlier.some(
    ({ time, before, after }) => after > before && time >= change.time - windowDays * bucketSeconds.day
  )
  if (follows) return "purge"
  const settled = change.time + recoveryDays * bucketSeconds.day
  const recovered = later.some(({ time, after }) => time <= settled && after >= change.before)
  const known = later.some(({ time }) => time >= settled)
  return known && !recovered && -difference >= (purgePercent / 100) * change.before ? "purge" : "drop"
}

/**
 * The anomalies of a series of counts, oldest first: changes per day with |robust z| above 3.5 (more, with few changes to
 * compare with), above one rounding step and above 0.5 %; see `anomalyThresholds`. Empty until there are 28 changes
 * within 56 days. A change over a gap counts as spread evenly over it; one from 0 has no rate and is none.
 *
 * - `spike`: a rise; `roundNumberJump`: one by a multiple of 1,000 in counts that are not rounded
 * - `purge`: a fall within 56 days after a rise that was an anomaly, or one of 3 % or more without recovery in 7 days
 * - `drop`: any other fall. A recent one can turn out to be a purge.
 */
export const anomaliesOf = (series: DailySeries): ReadonlyArray<Anomaly> => {
  const { fewestChanges, windowDays } = anomalyThresholds
  const changes = changesOf(series)
  const found: Array<Anomaly> = []
  for (const [index, change] of changes.entries()) {
    const others = changes
      .slice(Math.max(0, index - windowDays), index)
      .filter(({ time }) => time >= change.time - windowDays * bucketSeconds.day)
    if (others.length < fewestChanges) continue
    const step = roundingStep([...others, change].map(({ after }) => after))(change.before)
    const score = outlierScore(change, others, step)
    if (score === undefined) continue
    const { time, before, after, days, rate } = change
    const kind = kindOf(change, step, changes.slice(index + 1), found)
    found.push({ kind, time, before, after, days, change: rate, ...score, step })
  }
  return found
}
