import { postingCount, type Segment } from "./Segment.ts"
import { SegmentMerge } from "./SegmentMerge.ts"

/** Segments of one size class that are merged into one of the next. */
const fanIn = 4
const smallestClass = 4_096

/** Work done per posting written: merging stays ahead of writing without ever stopping it. */
const mergeQuota = 8
const leastWork = 32_768

/** Merges up to this many postings are done at once, so segments of this size class and smaller. */
const inlinePostings = 65_536
const largestInlineClass = 1

const sizeClass = (segment: Segment): number =>
  Math.max(0, Math.ceil(Math.log(postingCount(segment) / smallestClass) / Math.log(fanIn)))

/**
 * The segments of an index, newest last. Each batch of writes brings one; equal-sized ones are merged in passing, a
 * bounded slice at each write.
 */
export class Segments {
  private current: ReadonlyArray<Segment>
  private merge: SegmentMerge | undefined
  private afterMerge: (() => void) | undefined

  constructor(
    initial: ReadonlyArray<Segment>,
    private readonly isAlive: (slot: number) => boolean
  ) {
    this.current = initial
  }

  get list(): ReadonlyArray<Segment> {
    return this.current
  }

  add(segment: Segment): void {
    if (postingCount(segment) === 0) return
    this.current = [...this.current, segment]
    this.mergeEqualSized()
    this.work(Math.max(leastWork, postingCount(segment) * mergeQuota))
  }

  /**
   * Starts merging everything, which leaves no posting of a slot that is dead now; `done` is called when that is
   * finished. False when another merge is under way.
   */
  startPurge(done: () => void): boolean {
    if (this.merge !== undefined) return false
    if (this.current.length === 0) {
      done()
      return true
    }
    this.merge = new SegmentMerge(this.current, this.isAlive)
    this.afterMerge = done
    return true
  }

  /** Does a slice of merging; false when there is nothing left to merge, given that nobody writes. */
  workIdle(): boolean {
    if (this.merge === undefined) {
      const worth = this.worthMerging()
      if (worth.length < 2) return false
      this.merge = new SegmentMerge(worth, this.isAlive)
    }
    this.work(leastWork)
    return true
  }

  /**
   * All segments, or all but a largest one that is not worth being rewritten for the others. Typos are looked for in every
   * segment from its first term on: one large segment is searched in half the time of four.
   */
  private worthMerging(): ReadonlyArray<Segment> {
    const [largest, ...others] = [...this.current].sort((a, b) => postingCount(b) - postingCount(a))
    const small = others.reduce((sum, segment) => sum + postingCount(segment), 0)
    return largest !== undefined && small * fanIn < postingCount(largest) ? others : this.current
  }

  /** Merges small segments at once; begins to merge large ones unless that is under way already. */
  private mergeEqualSized(): void {
    for (let group = this.nextGroup(); group !== undefined; group = this.nextGroup()) {
      const merge = new SegmentMerge(group, this.isAlive)
      if (group.reduce((sum, segment) => sum + postingCount(segment), 0) > inlinePostings) {
        this.merge = merge
        return
      }
      const merged = merge.step(Number.POSITIVE_INFINITY)
      if (merged !== undefined) this.replace(group, merged)
    }
  }

  /** Equal-sized segments to be merged next: small ones at any time, large ones when no merge is under way. */
  private nextGroup(): ReadonlyArray<Segment> | undefined {
    const busy = new Set(this.merge?.inputs)
    const classes = new Map<number, Array<Segment>>()
    for (const segment of this.current) {
      if (busy.has(segment)) continue
      const size = sizeClass(segment)
      if (this.merge !== undefined && size > largestInlineClass) continue
      classes.set(size, [...(classes.get(size) ?? []), segment])
    }
    for (const segments of classes.values()) if (segments.length >= fanIn) return segments.slice(0, fanIn)
    return undefined
  }

  private work(budget: number): void {
    if (this.merge === undefined) return
    const merged = this.merge.step(budget)
    if (merged === undefined) return
    const inputs = this.merge.inputs
    this.merge = undefined
    this.replace(inputs, merged)
    const done = this.afterMerge
    this.afterMerge = undefined
    done?.()
  }

  private replace(inputs: ReadonlyArray<Segment>, merged: Segment): void {
    const gone = new Set(inputs)
    const rest = this.current.filter((segment) => !gone.has(segment))
    this.current = postingCount(merged) === 0 ? rest : [merged, ...rest]
  }
}
