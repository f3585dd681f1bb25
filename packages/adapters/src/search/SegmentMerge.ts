import { postingCount, type Segment, termCount } from "./Segment.ts"

const sumOf = (segments: ReadonlyArray<Segment>, size: (segment: Segment) => number): number =>
  segments.reduce((sum, segment) => sum + size(segment), 0)

/**
 * Merges segments a slice at a time, so that no other work waits long. Postings of dead slots are left out, and terms
 * without postings with them. The inputs stay in use until the result replaces them.
 */
export class SegmentMerge {
  private readonly cursors: Uint32Array
  private readonly chars: Uint16Array
  private readonly termStarts: Uint32Array
  private readonly postingStarts: Uint32Array
  private readonly slots: Uint32Array
  private readonly places: Uint32Array
  private terms = 0
  private length = 0
  private postings = 0

  constructor(
    readonly inputs: ReadonlyArray<Segment>,
    private readonly isAlive: (slot: number) => boolean
  ) {
    const terms = sumOf(inputs, termCount)
    const postings = sumOf(inputs, postingCount)
    this.cursors = new Uint32Array(inputs.length)
    this.chars = new Uint16Array(sumOf(inputs, (segment) => segment.chars.length))
    this.termStarts = new Uint32Array(terms + 1)
    this.postingStarts = new Uint32Array(terms + 1)
    this.slots = new Uint32Array(postings)
    this.places = new Uint32Array(postings)
  }

  /** Does about `budget` postings' worth of work; the merged segment when that was the rest of it. */
  step(budget: number): Segment | undefined {
    let left = budget
    while (left > 0) {
      const first = this.firstInput()
      if (first < 0) return this.result()
      left -= this.takeTerm(first)
    }
    return undefined
  }

  /** The input whose next term comes first; -1 when all are used up. */
  private firstInput(): number {
    let first = -1
    for (let i = 0; i < this.inputs.length; i++) {
      if (!this.hasNext(i)) continue
      if (first < 0 || this.compareNext(i, first) < 0) first = i
    }
    return first
  }

  private hasNext(input: number): boolean {
    const segment = this.inputs[input]
    return segment !== undefined && (this.cursors[input] ?? 0) < termCount(segment)
  }

  private compareNext(a: number, b: number): number {
    const left = this.inputs[a]
    const right = this.inputs[b]
    if (left === undefined || right === undefined) return 0
    const leftTerm = this.cursors[a] ?? 0
    const rightTerm = this.cursors[b] ?? 0
    const leftStart = left.termStarts[leftTerm] ?? 0
    const rightStart = right.termStarts[rightTerm] ?? 0
    const leftLength = (left.termStarts[leftTerm + 1] ?? 0) - leftStart
    const rightLength = (right.termStarts[rightTerm + 1] ?? 0) - rightStart
    const shared = Math.min(leftLength, rightLength)
    for (let i = 0; i < shared; i++) {
      const difference = (left.chars[leftStart + i] ?? 0) - (right.chars[rightStart + i] ?? 0)
      if (difference !== 0) return difference
    }
    return leftLength - rightLength
  }

  /** Takes the next term of input `first` with its postings from every input that has it; answers the work done. */
  private takeTerm(first: number): number {
    const owner = this.inputs[first]
    if (owner === undefined) return 1
    const term = this.cursors[first] ?? 0
    const before = this.postings
    let work = 1
    // Inputs before `first` have no equal term, or it would have been found there.
    for (let i = this.inputs.length - 1; i >= first; i--) {
      if (i !== first && (!this.hasNext(i) || this.compareNext(i, first) !== 0)) continue
      work += this.copyPostings(i)
      this.cursors[i] = (this.cursors[i] ?? 0) + 1
    }
    if (this.postings > before) this.writeTerm(owner, term, before)
    return work
  }

  private copyPostings(input: number): number {
    const segment = this.inputs[input]
    if (segment === undefined) return 0
    const term = this.cursors[input] ?? 0
    const end = segment.postingStarts[term + 1] ?? 0
    const start = segment.postingStarts[term] ?? 0
    for (let i = start; i < end; i++) {
      const slot = segment.slots[i] ?? 0
      if (!this.isAlive(slot)) continue
      this.slots[this.postings] = slot
      this.places[this.postings] = segment.places[i] ?? 0
      this.postings++
    }
    return end - start
  }

  private writeTerm(owner: Segment, term: number, postingStart: number): void {
    const start = owner.termStarts[term] ?? 0
    const end = owner.termStarts[term + 1] ?? 0
    this.termStarts[this.terms] = this.length
    this.postingStarts[this.terms] = postingStart
    for (let i = start; i < end; i++) this.chars[this.length++] = owner.chars[i] ?? 0
    this.terms++
  }

  private result(): Segment {
    this.termStarts[this.terms] = this.length
    this.postingStarts[this.terms] = this.postings
    return {
      chars: this.chars.slice(0, this.length),
      termStarts: this.termStarts.slice(0, this.terms + 1),
      postingStarts: this.postingStarts.slice(0, this.terms + 1),
      slots: this.slots.slice(0, this.postings),
      places: this.places.slice(0, this.postings)
    }
  }
}
