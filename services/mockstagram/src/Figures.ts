import type { Tier } from "@influscope/domain/Tier"

/** What the accounts go through besides their trends. */
export interface Growth {
  /** Sudden jumps of an account, on average; 0 to 4. */
  readonly viralsPerYear: number
  /** Removals of an account's fake followers, on average; 0 to 4. */
  readonly purgesPerYear: number
  /** `display`: followers from 1,000 on are cut to three significant digits, as platforms show them. */
  readonly rounding: "exact" | "display"
}

export const usualGrowth: Growth = { viralsPerYear: 1, purgesPerYear: 2, rounding: "exact" }

/** Counts of an account at one moment. */
export interface Figures {
  readonly followerCount: number
  readonly followingCount: number
  readonly mediaCount: number
  readonly totalLikes: number
  readonly avgLikes: number
  readonly avgComments: number
}

// Only integer hashing and + - * / are used, which every machine and runtime computes alike; Math.sin and its like they
// may round differently.

/** The finalizer of the hash "lowbias32". */
const mixed = (bits: number): number => {
  let h = bits
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d)
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b)
  return h ^ (h >>> 16)
}

/** What a random number is for: one of another purpose is independent of it. */
const purpose = {
  tier: 1,
  size: 2,
  trend: 3,
  engagement: 4,
  comments: 5,
  following: 6,
  cadence: 7,
  age: 8,
  daily: 9,
  likes: 10,
  follows: 11,
  viral: 12,
  viralTime: 13,
  viralSize: 14,
  viralSpeed: 15,
  viralPhase: 16,
  purge: 17,
  purgeTime: 18,
  purgePhase: 19,
  post: 20
} as const

/** Uniform in [0, 1): the `index`-th of an account's numbers for a purpose. */
const random = (account: number, what: number, index = 0): number =>
  (mixed(mixed(account + Math.imul(what, 0x9e3779b1)) + Math.imul(index, 0x85ebca6b)) >>> 0) / 4_294_967_296

const hour = 3_600
const day = 86_400
const week = 7 * day
const year = 365.25 * day

/** 1970-01-05 was the first Monday. */
const firstMonday = 4 * day
/** 2026-01-01: here every account has the size it was drawn with. */
const reference = 1_767_225_600

/** How busy people are, Monday to Sunday and by four hours of the day (UTC); 100 and 10 are the means. */
const weekdays = [82, 85, 90, 95, 110, 125, 113]
const dayparts = [5, 6, 10, 12, 15, 12]
const daypart = 4 * hour
const rates = weekdays.flatMap((ofDay) => dayparts.map((ofPart) => ofDay * ofPart))
const passed = rates.map((_, at) => rates.slice(0, at).reduce((sum, rate) => sum + rate * daypart, 0))

/** Seconds that run faster when people are busier, and alike over a week: never backwards, and without a jump. */
const busyTime = (time: number): number => {
  const since = time - firstMonday
  const inWeek = since - Math.floor(since / week) * week
  const part = Math.floor(inWeek / daypart)
  const busy = (passed[part] ?? 0) + (rates[part] ?? 0) * (inWeek - part * daypart)
  return time - inWeek + busy / 1_000
}

/** Smooth noise in [-1, 1] with a new value every `step` seconds. */
const noise = (account: number, what: number, time: number, step: number): number => {
  const at = Math.floor(time / step)
  const share = time / step - at
  const before = random(account, what, at)
  const after = random(account, what, at + 1)
  return 2 * (before + (after - before) * share * share * (3 - 2 * share)) - 1
}

interface Size {
  readonly tier: Tier
  /** Of all accounts. */
  readonly share: number
  readonly followers: readonly [number, number]
  /** Change over two years as a share, at first; it slows down later. */
  readonly trend: readonly [number, number]
  /** Likes per follower and post. */
  readonly engagement: readonly [number, number]
}

const sizes: readonly [Size, ...ReadonlyArray<Size>] = [
  { tier: "nano", share: 0.5, followers: [1_000, 10_000], trend: [-0.2, 1.4], engagement: [0.03, 0.09] },
  { tier: "micro", share: 0.3, followers: [10_000, 100_000], trend: [-0.15, 1], engagement: [0.02, 0.05] },
  { tier: "mid", share: 0.1, followers: [100_000, 500_000], trend: [-0.1, 0.7], engagement: [0.012, 0.035] },
  { tier: "starter", share: 0.06, followers: [150, 1_000], trend: [-0.2, 2], engagement: [0.04, 0.12] },
  { tier: "macro", share: 0.03, followers: [500_000, 1e6], trend: [-0.08, 0.5], engagement: [0.008, 0.025] },
  { tier: "mega", share: 0.01, followers: [1e6, 1e8], trend: [-0.05, 0.3], engagement: [0.005, 0.02] }
]

const sizeOf = (account: number): Size => {
  let left = random(account, purpose.tier)
  for (const size of sizes) {
    left -= size.share
    if (left < 0) return size
  }
  return sizes[0]
}

const between = ([low, high]: readonly [number, number], share: number): number => low + (high - low) * share

/** Pareto with exponent 1, bounded: of ten times the followers there are a tenth as many accounts. */
const followersOf = ([low, high]: readonly [number, number], share: number): number =>
  (low * high) / (high - share * (high - low))

/** 1 at the reference, with the slope `trend` per two years there, flattening out on both sides. */
const trendAt = (trend: number, busy: number): number => {
  const x = (busy - reference) / (2 * year)
  return x >= 0 ? 1 + (trend * x) / (1 + x) : 1 / (1 - (trend * x) / (1 - x))
}

/** A jump is over when the next window has ended, so two windows are all that has to be looked at. */
const viralWindow = 90 * day

/** What viral posts add, as a share: fast gains that wear off over 90 days. */
const viralLift = (account: number, time: number, perYear: number): number => {
  const since = time - random(account, purpose.viralPhase) * viralWindow
  const latest = Math.floor(since / viralWindow)
  let lift = 0
  for (let window = latest - 1; window <= latest; window++) {
    if (random(account, purpose.viral, window) * year >= perYear * viralWindow) continue
    const age = since - (window + random(account, purpose.viralTime, window)) * viralWindow
    if (age < 0 || age >= viralWindow) continue
    const size = random(account, purpose.viralSize, window)
    const speed = between([12 * hour, 48 * hour], random(account, purpose.viralSpeed, window))
    const left = 1 - age / viralWindow
    lift += between([0.08, 0.6], size * size) * (age / (age + speed)) * left * left
  }
  return lift
}

const purgePeriod = 91 * day
const purgeLength = 2 * hour

/** Fake followers as a share: they gather until a purge, at the end of a period common to all, takes them within hours. */
const fakeShare = (seed: number, account: number, time: number, perYear: number): number => {
  const since = time - random(seed, purpose.purgePhase) * purgePeriod
  const period = Math.floor(since / purgePeriod)
  const draw = (random(account, purpose.purge, period) * year) / purgePeriod
  if (draw >= perYear) return 0
  const inPeriod = since - period * purgePeriod
  const start = purgePeriod - purgeLength - random(account, purpose.purgeTime, period) * 12 * hour
  const share = between([0.005, 0.08], draw / perYear)
  return inPeriod < start
    ? (share * inPeriod) / start
    : share * Math.max(0, 1 - (inPeriod - start) / purgeLength)
}

const threeDigits = (count: number): number => {
  let unit = 1
  while (count >= 1_000 * unit) unit *= 10
  return Math.floor(count / unit) * unit
}

/**
 * The figures of an account at a time (epoch seconds): the same whenever, wherever and in whatever order they are asked
 * for. Followers move by less than 0.3 % in a minute; `mediaCount` and `totalLikes` never fall.
 */
export const figuresAt = (
  seed: number,
  pk: number,
  epochSeconds: number,
  growth: Growth = usualGrowth
): Figures => {
  const account = mixed(mixed(seed) + pk)
  const size = sizeOf(account)
  const busy = busyTime(epochSeconds)
  const base = followersOf(size.followers, random(account, purpose.size))
  const trend = trendAt(between(size.trend, random(account, purpose.trend)), busy)
  const lift = viralLift(account, epochSeconds, growth.viralsPerYear)
  const daily = 1 + 0.003 * noise(account, purpose.daily, epochSeconds, day)
  const people = base * trend * daily * (1 + lift)
  const followers = Math.floor(
    people * (1 + fakeShare(mixed(seed), account, epochSeconds, growth.purgesPerYear))
  )

  const engagement = between(size.engagement, random(account, purpose.engagement))
  const cadence = random(account, purpose.cadence)
  const postsPerDay = between([0.05, 2], cadence * cadence)
  const age = between([200, 3_000], random(account, purpose.age))
  // Posts so far if they came evenly; each comes at a moment of its own within its turn.
  const even = Math.max(0, postsPerDay * ((busy - reference) / day + age))
  const turn = Math.floor(even)
  const posted = even - turn > random(account, purpose.post, turn) ? 1 : 0
  const avgLikes =
    people * engagement * (1 + 0.2 * noise(account, purpose.likes, epochSeconds, 3 * day)) * (1 + lift)

  return {
    followerCount: growth.rounding === "display" ? threeDigits(followers) : followers,
    followingCount: Math.floor(
      between([50, 2_000], random(account, purpose.following)) *
        (1 + 0.05 * noise(account, purpose.follows, epochSeconds, 30 * day))
    ),
    mediaCount: turn + posted,
    // Old posts go on gathering likes, so the total grows between posts too.
    totalLikes: Math.floor(base * engagement * Math.max(0, even - 1)),
    avgLikes: Math.floor(avgLikes),
    avgComments: Math.floor(avgLikes * between([0.01, 0.05], random(account, purpose.comments)))
  }
}
