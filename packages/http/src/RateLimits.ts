export interface RateLimit {
  /** Requests a second in the long run. */
  readonly perSecond: number
  /** Requests at once. */
  readonly burst: number
}

interface Bucket {
  tokens: number
  /** Epoch ms of when it had so many. */
  at: number
}

/**
 * Token buckets by key. There are `mostKeys` at most: whoever has not asked for longest makes room and begins again with a
 * full bucket.
 */
export const makeRateLimits = ({ burst, perSecond }: RateLimit, mostKeys = 10_000) => {
  const buckets = new Map<string, Bucket>()
  return {
    /** Takes a token at a time (epoch ms); answers the whole seconds until there is one again, 0 when it got one. */
    take: (key: string, now: number): number => {
      const bucket = buckets.get(key) ?? { tokens: burst, at: now }
      // The order of the map is that of the last requests.
      buckets.delete(key)
      buckets.set(key, bucket)
      const [oldest] = buckets.keys()
      if (buckets.size > mostKeys && oldest !== undefined) buckets.delete(oldest)
      const elapsed = Math.max(0, now - bucket.at) / 1_000
      bucket.tokens = Math.min(burst, bucket.tokens + elapsed * perSecond)
      bucket.at = now
      if (bucket.tokens < 1) return Math.ceil((1 - bucket.tokens) / perSecond)
      bucket.tokens -= 1
      return 0
    },
    size: (): number => buckets.size
  }
}
