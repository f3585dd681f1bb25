import type { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import type { CollectionNotes } from "@influscope/ports/CollectionNotices"
import * as Iterable from "effect/Iterable"

export interface Bounds {
  /** Entries of one page. */
  readonly page: number
  /** Influencers with new figures that are remembered, and as many that a provider was asked about. */
  readonly most: number
  /** Influencers with given history that are remembered. */
  readonly mostGiven: number
}

type Ids = ReadonlyArray<InfluencerId>

const takeFrom = (ids: Set<InfluencerId>, count: number): Ids => {
  const some = [...Iterable.take(ids, count)]
  for (const id of some) ids.delete(id)
  return some
}

/** What the tracker was not told of yet: each influencer once, however often something was noted. */
export class Untold {
  readonly #bounds: Bounds
  readonly #changed = new Set<InfluencerId>()
  readonly #given = new Set<InfluencerId>()
  /** Whether a provider knows whom it was asked about, as it said last. */
  readonly #known = new Map<InfluencerId, boolean>()
  #moreGiven = false

  constructor(bounds: Bounds) {
    this.#bounds = bounds
  }

  /** Notes: an influencer may be in several. */
  get size(): number {
    return this.#changed.size + this.#given.size + this.#known.size + (this.#moreGiven ? 1 : 0)
  }

  add(notes: CollectionNotes): void {
    this.#addFigures(notes)
    for (const id of notes.asked ?? []) this.#setKnown(id, true)
    for (const id of notes.unknown ?? []) this.#setKnown(id, false)
  }

  /** Takes a page out; undefined when there is nothing to tell. */
  take(): CollectionNotes | undefined {
    if (this.size === 0) return undefined
    const { page } = this.#bounds
    const given = takeFrom(this.#given, page)
    const changed = takeFrom(this.#changed, page - given.length)
    const answered = [...Iterable.take(this.#known, page - given.length - changed.length)]
    for (const [id] of answered) this.#known.delete(id)
    const moreGiven = this.#moreGiven
    this.#moreGiven = false
    return {
      changed,
      given,
      moreGiven,
      asked: answered.map(([id]) => id),
      unknown: answered.flatMap(([id, known]) => (known ? [] : [id]))
    }
  }

  /** What was taken did not arrive: it is merged with what was noted since, which counts more. */
  putBack(notes: CollectionNotes): void {
    this.#addFigures(notes)
    const unknown = new Set(notes.unknown)
    for (const id of notes.asked ?? []) if (!this.#known.has(id)) this.#setKnown(id, !unknown.has(id))
  }

  #addFigures({ changed = [], given = [], moreGiven = false }: CollectionNotes): void {
    const { most, mostGiven } = this.#bounds
    for (const id of changed) if (this.#changed.size < most) this.#changed.add(id)
    for (const id of given)
      if (this.#given.size < mostGiven) this.#given.add(id)
      else this.#moreGiven = true
    if (moreGiven) this.#moreGiven = true
  }

  #setKnown(id: InfluencerId, known: boolean): void {
    if (this.#known.has(id) || this.#known.size < this.#bounds.most) this.#known.set(id, known)
  }
}
