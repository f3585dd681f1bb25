import type { Platform } from "@influscope/domain/Platform"

/** A published engagement benchmark for accounts from `low` up to the next row's `low` (followers). */
export interface Benchmark {
  readonly low: number
  /** Published band of the typical rate, percent. */
  readonly from: number
  readonly to: number
  /** Spread: standard deviation of the logarithm. */
  readonly sigma: number
}

/** From a band called average and the bound of the rates called high, taken as the upper tenth. */
const banded = (low: number, from: number, to: number, high: number): Benchmark => ({
  low,
  from,
  to,
  sigma: Math.log(high / Math.sqrt(from * to)) / 1.2816
})

/** From quartiles. The band is a tenth around the median. */
const quartiles = (low: number, p25: number, p50: number, p75: number): Benchmark => ({
  low,
  from: p50 / 1.1,
  to: p50 * 1.1,
  sigma: Math.log(p75 / p25) / (2 * 0.6745)
})

/**
 * Rates as published, smallest accounts first; below the first row the first row holds. Instagram (72 million accounts, by
 * followers), TikTok (November 2025, by views) and YouTube (8 million channels, by views): Modash; where it prints no bound
 * for high rates the neighbouring rows give the spread. X and LinkedIn: SociaVault 2026. Twitch: BuzzGuru, whose own
 * formula is not public; taken as viewers by followers, with a spread of ours.
 */
export const benchmarks: { readonly [P in Platform]: readonly [Benchmark, ...ReadonlyArray<Benchmark>] } = {
  instagram: [
    banded(1_000, 3.38, 4.42, 7.97),
    banded(5_000, 1.25, 1.62, 3.54),
    banded(10_000, 0.84, 1.11, 2.61),
    banded(50_000, 0.75, 1.01, 2.47),
    banded(100_000, 0.87, 1.14, 2.63),
    banded(500_000, 0.88, 1.13, 2.46),
    banded(1_000_000, 1.02, 1.27, 2.6)
  ],
  tiktok: [
    banded(1_000, 12.06, 14.04, 18.51),
    { low: 5_000, from: 10.5, to: 11.83, sigma: 0.27 },
    { low: 10_000, from: 8.38, to: 9.37, sigma: 0.26 },
    { low: 50_000, from: 7.22, to: 8.03, sigma: 0.25 },
    { low: 100_000, from: 6.66, to: 7.39, sigma: 0.24 },
    { low: 500_000, from: 6.19, to: 6.85, sigma: 0.23 },
    banded(1_000_000, 6.2, 6.84, 8.69)
  ],
  youtube: [
    banded(1_000, 1.47, 2.02, 6.42),
    { low: 5_000, from: 0.59, to: 0.82, sigma: 1.03 },
    { low: 10_000, from: 0.36, to: 0.51, sigma: 1.03 },
    { low: 50_000, from: 0.23, to: 0.33, sigma: 1.04 },
    { low: 100_000, from: 0.19, to: 0.27, sigma: 1.04 },
    { low: 500_000, from: 0.16, to: 0.24, sigma: 1.04 },
    banded(1_000_000, 0.13, 0.18, 0.59)
  ],
  x: [
    quartiles(1_000, 1.32, 2.18, 3.47),
    quartiles(10_000, 0.87, 1.42, 2.24),
    quartiles(50_000, 0.58, 0.97, 1.54),
    quartiles(100_000, 0.37, 0.63, 1.02),
    quartiles(500_000, 0.18, 0.35, 0.61)
  ],
  linkedin: [
    quartiles(1_000, 3.74, 5.62, 8.31),
    quartiles(10_000, 2.51, 3.83, 5.64),
    quartiles(50_000, 1.62, 2.47, 3.71),
    quartiles(100_000, 1.08, 1.68, 2.54),
    quartiles(500_000, 0.71, 1.12, 1.73)
  ],
  twitch: [
    { low: 1_000, from: 17, to: 27, sigma: 0.35 },
    { low: 5_000, from: 14, to: 25, sigma: 0.35 },
    { low: 10_000, from: 12, to: 20, sigma: 0.35 },
    { low: 50_000, from: 7, to: 9, sigma: 0.35 },
    { low: 100_000, from: 5, to: 7, sigma: 0.35 }
  ]
}

/** The row for a follower count. */
export const benchmarkFor = (platform: Platform, followers: number): Benchmark => {
  const rows = benchmarks[platform]
  let [row] = rows
  for (const candidate of rows) if (followers >= candidate.low) row = candidate
  return row
}

/** The rate in the middle of a row's band, percent. */
export const typicalRate = ({ from, to }: Benchmark): number => Math.sqrt(from * to)

/** Share of creators below 1,000 followers: few lists carry any. Ours. */
export const starterShare = 0.05

/**
 * Of the creators with 1,000 followers and more, 75.9 % have less than 10,000 (Instagram; Statista and HypeAuditor, in
 * organicmediabuying.com/blog/micro-vs-nano-vs-macro-influencers.html). A Pareto tail has no other freedom: this exponent.
 */
export const nanoShare = 0.759
export const tailExponent = -Math.log10(1 - nanoShare)

/** Above a million followers the tail is steeper, or every hundredth creator would be a world star. Ours. */
export const megaExponent = 1.1

/** Largest accounts there are, rounded. */
export const largestAccount: { readonly [P in Platform]: number } = {
  instagram: 300_000_000,
  tiktok: 150_000_000,
  youtube: 250_000_000,
  x: 100_000_000,
  twitch: 20_000_000,
  linkedin: 20_000_000
}
