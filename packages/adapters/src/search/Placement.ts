/**
 * Where a term stands in a document, in 32 bits: flags, then one bit per word position of the name (the last stands for
 * all later ones) and of the bio. Neighbouring words are found by a shift.
 */
export const placement = {
  /** The term is the whole handle without its signs. */
  wholeHandle: 1 << 0,
  handlePart: 1 << 1,
  /** The term is the whole name without blanks and signs. */
  wholeName: 1 << 2,
  category: 1 << 3,
  /** The term is a whole category without blanks and signs. */
  wholeCategory: 1 << 4
} as const

const nameShift = 5
const namePositions = 8
const bioShift = nameShift + namePositions
const bioPositions = 32 - bioShift

const nameMask = ((1 << namePositions) - 1) << nameShift
const bioMask = -1 << bioShift
const firstOfName = 1 << nameShift

const leading = placement.wholeHandle | placement.wholeName | firstOfName
const naming = leading | placement.handlePart | nameMask
const anyCategory = placement.category | placement.wholeCategory
export const wholeIdentity = placement.wholeHandle | placement.wholeName

export const inName = (position: number): number => 1 << (nameShift + Math.min(position, namePositions - 1))

export const inBio = (position: number): number => 1 << (bioShift + Math.min(position, bioPositions - 1))

/** Whether a word placed at `second` directly follows one placed at `first`, in the name or in the bio. */
export const follows = (first: number, second: number): boolean =>
  (((first & nameMask) << 1) & second & nameMask) !== 0 || (((first & bioMask) << 1) & second & bioMask) !== 0

/** The best rank. */
export const maxRank = 15

/**
 * How good a place is for a word to be found, 1 to 15. Handle and name before categories before bio, each found as a
 * whole word before being found by a prefix; a prefix of a handle or name still beats a whole word of a bio.
 */
export const rankOf = (place: number, exact: boolean): number => {
  if ((place & leading) !== 0) return exact ? maxRank : 11
  if ((place & naming) !== 0) return exact ? 14 : 10
  if ((place & anyCategory) !== 0) return exact ? 12 : 6
  return exact ? 8 : 3
}
