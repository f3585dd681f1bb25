/** Fewer words than this say too little to be compared. */
const fewestWords = 8

/** Bits in which two texts may differ and still count as nearly the same: unrelated ones differ in about 32. */
export const nearBits = 8

/** The finish of MurmurHash3: every bit of the input moves every bit of the output. */
const mix = (seed: number): number => {
  let hash = seed
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

/** FNV-1a over UTF-16 code units. */
const fnv = (text: string, basis: number): number => {
  let hash = basis
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return hash >>> 0
}

const hex = (word: number): string => word.toString(16).padStart(8, "0")

/**
 * A 64-bit fingerprint of words that differs in few bits for texts that differ in few words (Charikar, Similarity estimation
 * techniques from rounding algorithms, STOC 2002), by single words and pairs of neighbours; case does not matter. Null for
 * fewer than 8 words.
 */
export const simhash = (words: ReadonlyArray<string>): string | null => {
  if (words.length < fewestWords) return null
  const votes = new Int32Array(64)
  const vote = (feature: string): void => {
    const high = mix(fnv(feature, 0x811c9dc5))
    const low = mix(fnv(feature, 0x9e3779b9))
    for (let bit = 0; bit < 32; bit++) {
      votes[bit] = (votes[bit] ?? 0) + ((high >>> bit) & 1) * 2 - 1
      votes[32 + bit] = (votes[32 + bit] ?? 0) + ((low >>> bit) & 1) * 2 - 1
    }
  }
  let before = ""
  for (const word of words) {
    const lower = word.normalize("NFC").toLowerCase()
    vote(lower)
    if (before !== "") vote(`${before} ${lower}`)
    before = lower
  }
  const half = (from: number): number => {
    let bits = 0
    for (let bit = 0; bit < 32; bit++) if ((votes[from + bit] ?? 0) > 0) bits |= 1 << bit
    return bits >>> 0
  }
  return hex(half(0)) + hex(half(32))
}

const onesIn = (word: number): number => {
  let bits = word - ((word >>> 1) & 0x55555555)
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333)
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

/** A fingerprint as the two words that `hammingDistance` compares. */
export type FingerprintBits = readonly [high: number, low: number]

export const fingerprintBits = (fingerprint: string): FingerprintBits => [
  Number.parseInt(fingerprint.slice(0, 8), 16),
  Number.parseInt(fingerprint.slice(8), 16)
]

/** Bits in which two fingerprints differ, 0 to 64. */
export const hammingDistance = (a: FingerprintBits, b: FingerprintBits): number =>
  onesIn(a[0] ^ b[0]) + onesIn(a[1] ^ b[1])
