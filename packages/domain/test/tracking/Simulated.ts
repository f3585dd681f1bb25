import type { PCGRandom } from "effect/Utils"
import type { DailySeries } from "../../src/tracking/DailySeries.ts"
import { bucketSeconds } from "../../src/tracking/Resolution.ts"

/** 2024-10-04, epoch seconds. */
export const firstDay = 20_000 * bucketSeconds.day
export const dayAt = (index: number): number => firstDay + index * bucketSeconds.day

/** One value a day from the first day on; undefined is a missing day. */
export const daily = (values: ReadonlyArray<number | undefined>): DailySeries =>
  values.flatMap((value, index) => (value === undefined ? [] : [{ time: dayAt(index), value }]))

export const threeDigits = (count: number): number => {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(count) + 1e-12) - 2)
  return Math.floor(count / step) * step
}

const normal = (random: PCGRandom): number =>
  Math.sqrt(-2 * Math.log(1 - random.number())) * Math.cos(2 * Math.PI * random.number())

const logUniform = (random: PCGRandom, from: number, to: number): number =>
  from * (to / from) ** random.number()

export interface Account {
  readonly start: number
  /** Mean gain a day, as a share of the count. */
  readonly drift: number
  /** Standard deviation of a day's gain, as a share of the gain. */
  readonly spread: number
  /** Amplitude of the week, as a share of the gain. */
  readonly season: number
  readonly rounded: boolean
  /** Share of days without a value. */
  readonly missing: number
}

/** Accounts of 1,000 to 5 million followers that gain 0.01 to 0.5 % a day (0.3 to 16 % a month). */
export const someAccount = (random: PCGRandom): Account => ({
  start: Math.round(logUniform(random, 1_000, 5_000_000)),
  drift: logUniform(random, 0.000_1, 0.005),
  spread: 0.2 + 0.6 * random.number(),
  season: 0.5 * random.number(),
  rounded: random.number() < 0.5,
  missing: random.number() < 0.25 ? 0.1 : 0
})

/**
 * The counts of an account. `events` adds to the count of a day (index) what a function of the count says. Gains vary by
 * the weekday, by the account's spread, and as counts of independent people do (Poisson, by its normal limit).
 */
export const simulate = (
  random: PCGRandom,
  account: Account,
  days: number,
  events: ReadonlyMap<number, (count: number) => number> = new Map()
): DailySeries => {
  let count = account.start
  const values = Array.from({ length: days }, (_, index) => {
    const gain = count * account.drift * (1 + account.season * Math.cos((2 * Math.PI * index) / 7))
    const noise = gain * account.spread * normal(random) + Math.sqrt(gain) * normal(random)
    count = Math.max(1, count + Math.round(gain + noise))
    const event = events.get(index)
    if (event !== undefined) count += event(count)
    const isMissing = !events.has(index) && !events.has(index + 1) && random.number() < account.missing
    if (isMissing) return undefined
    return account.rounded ? threeDigits(count) : count
  })
  return daily(values)
}
