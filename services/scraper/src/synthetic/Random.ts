/**
 * A small generator of random numbers whose sequence depends on its two seeds alone: xoshiro128** (Blackman and Vigna,
 * public domain), its state filled by splitmix32. Not for secrets.
 */
export interface Random {
  /** Uniform in [0, 1), with 32 bits. */
  readonly next: () => number
  /** Uniform integer in [0, bound). */
  readonly below: (bound: number) => number
  readonly chance: (probability: number) => boolean
  readonly pick: <A>(from: ReadonlyArray<A>) => A
  /** Normal, mean 0, deviation 1 (Box-Muller). */
  readonly normal: () => number
  /** Log-normal: `median * e^(sigma * normal)`. */
  readonly logNormal: (median: number, sigma: number) => number
}

/** Mixes 32 bits so that neighbouring inputs share nothing visible (the finalizer of splitmix32). */
export const mix32 = (input: number): number => {
  let z = (input + 0x9e3779b9) | 0
  z = Math.imul(z ^ (z >>> 16), 0x21f0aaad)
  z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
  return (z ^ (z >>> 15)) >>> 0
}

/** The generator of item `index` (0 to 2^32 - 1) under `seed` (its low 32 bits count). */
export const randomAt = (seed: number, index: number): Random => {
  const start = mix32(mix32(seed) ^ Math.imul(index, 0x85ebca6b))
  let a = mix32(start)
  let b = mix32(start ^ index)
  let c = mix32(a + b)
  // A state of four zeros would stay there.
  let d = mix32(b + c) | 1
  let spare: number | undefined

  const next = (): number => {
    const scrambled = Math.imul(b, 5)
    const out = Math.imul((scrambled << 7) | (scrambled >>> 25), 9) >>> 0
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = (d << 11) | (d >>> 21)
    return out / 4_294_967_296
  }
  const below = (bound: number): number => Math.floor(next() * bound)
  const normal = (): number => {
    if (spare !== undefined) {
      const kept = spare
      spare = undefined
      return kept
    }
    const radius = Math.sqrt(-2 * Math.log(1 - next()))
    const angle = 2 * Math.PI * next()
    spare = radius * Math.sin(angle)
    return radius * Math.cos(angle)
  }
  const pick = <A>(from: ReadonlyArray<A>): A => {
    const picked = from[below(from.length)]
    if (picked === undefined) throw new RangeError("nothing to pick from")
    return picked
  }
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick,
    normal,
    logNormal: (median, sigma) => median * Math.exp(sigma * normal())
  }
}

/** Picks by weight, in constant memory and a few comparisons. */
export const weighted = <A>(entries: ReadonlyArray<readonly [A, number]>): ((random: Random) => A) => {
  const total = entries.reduce((sum, [, weight]) => sum + weight, 0)
  const last = entries.at(-1)
  if (last === undefined || !(total > 0)) throw new RangeError("weights must add up to more than 0")
  return (random) => {
    let left = random.next() * total
    for (const [value, weight] of entries) {
      left -= weight
      if (left < 0) return value
    }
    return last[0]
  }
}
