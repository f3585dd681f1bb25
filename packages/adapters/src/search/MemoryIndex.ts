import type { Profile } from "@influscope/domain/Profile"
import type { Facets, SearchQuery } from "@influscope/domain/Search"
import {
  type Columns,
  makeColumns,
  makeVocabulary,
  resizedColumns,
  type Vocabulary,
  writeColumns
} from "./Columns.ts"
import type { PageEnd } from "./Cursor.ts"
import { countFacets } from "./FacetCounter.ts"
import { failuresOf, type SlotList } from "./Filtering.ts"
import { inBio, inName, placement } from "./Placement.ts"
import { parseQuery, type QueryText } from "./QueryWords.ts"
import { type Segment, SegmentBuilder } from "./Segment.ts"
import { Segments } from "./Segments.ts"
import { type MatchMode, TextMatcher } from "./TextMatch.ts"
import { visitHandleParts, visitTokens, wholeTerm } from "./Tokens.ts"
import { TopHits } from "./TopHits.ts"

/** A profile and the number of its row in the store (1 or more), which never changes. */
export interface IndexedProfile {
  readonly row: number
  readonly profile: Profile
}

export interface FoundHit {
  readonly row: number
  readonly score: number
}

export interface Found {
  readonly total: number
  readonly hits: ReadonlyArray<FoundHit>
  readonly facets: Facets
  /** Where this page ended; undefined when nothing comes after it. */
  readonly end: PageEnd | undefined
  readonly text: QueryText
  /** Typos that were forgiven per word. */
  readonly typos: number
}

/** The parts of an index that make it up, for a snapshot. Segments are immutable, the rest is live. */
export interface IndexParts {
  readonly columns: Columns
  readonly vocabulary: Vocabulary
  readonly ids: ReadonlyArray<string>
  readonly segments: ReadonlyArray<Segment>
}

/** Dead slots are given back when they are this many and this share of all. */
const purgeCount = 1_024
const purgeShare = 0.2

/** Hash of everything that is searched by its words. */
const textHashOf = (profile: Profile): bigint => {
  const { name, bio, categories } = profile.fields
  let hash = Bun.hash.wyhash(profile.handle)
  hash = Bun.hash.wyhash(name ?? "", hash)
  hash = Bun.hash.wyhash(bio ?? "", hash)
  for (const category of categories ?? []) hash = Bun.hash.wyhash(category, hash)
  return hash
}

const addName = (builder: SegmentBuilder, slot: number, name: string): void => {
  let position = 0
  visitTokens(name, (term) => builder.add(term, slot, inName(position++)))
  const whole = wholeTerm(name)
  if (whole !== "") builder.add(whole, slot, placement.wholeName)
}

const addHandle = (builder: SegmentBuilder, slot: number, handle: string): void => {
  visitHandleParts(handle, (term) => builder.add(term, slot, placement.handlePart))
  const whole = wholeTerm(handle)
  if (whole !== "") builder.add(whole, slot, placement.wholeHandle)
}

const addCategory = (builder: SegmentBuilder, slot: number, category: string): void => {
  visitTokens(category, (term) => builder.add(term, slot, placement.category))
  const whole = wholeTerm(category)
  if (whole !== "") builder.add(whole, slot, placement.wholeCategory)
}

const addText = (builder: SegmentBuilder, slot: number, profile: Profile): void => {
  const { name, bio, categories } = profile.fields
  addHandle(builder, slot, profile.handle)
  if (name !== undefined) addName(builder, slot, name)
  for (const category of categories ?? []) addCategory(builder, slot, category)
  let position = 0
  if (bio !== undefined) visitTokens(bio, (term) => builder.add(term, slot, inBio(position++)))
}

const sortColumn = (columns: Columns, sort: SearchQuery["sort"]): Float64Array => {
  switch (sort) {
    case "engagement":
      return columns.engagement
    case "recency":
      return columns.observedAt
    case "growth":
      return columns.growth
    case "relevance":
    case "followers":
      return columns.followers
  }
}

/** What a query selects from: documents, and for a text how well each matches it. */
interface Candidates extends SlotList {
  readonly scores: Float64Array | undefined
}

/**
 * The searchable form of all profiles, in memory. Every document has a slot in the columns. A change of its figures is
 * written in place; a change of its text gives it a new slot and kills the old one, whose postings are skipped until a
 * merge drops them. Synchronous and deterministic.
 */
export class MemoryIndex {
  private columns: Columns
  private readonly vocabulary: Vocabulary
  private readonly ids: Array<string>
  /** Slot plus one by row; 0: the row has no live document. */
  private slotOfRow = new Uint32Array(1_024)
  private readonly segments: Segments
  private readonly matcher = new TextMatcher()
  private readonly free: Array<number> = []
  private dead: Array<number> = []
  private liveCount = 0
  // Of everything, until the next write: browsing is what every visitor does first.
  private live: SlotList | undefined
  private liveFacets: Facets | undefined

  constructor(parts?: IndexParts) {
    this.columns = parts?.columns ?? makeColumns()
    this.vocabulary = parts?.vocabulary ?? makeVocabulary()
    this.ids = [...(parts?.ids ?? [])]
    this.segments = new Segments(parts?.segments ?? [], (slot) => this.columns.alive[slot] === 1)
    for (let slot = 0; slot < this.ids.length; slot++) this.adopt(slot)
  }

  get size(): number {
    return this.liveCount
  }

  get parts(): IndexParts {
    return {
      columns: this.columns,
      vocabulary: this.vocabulary,
      ids: this.ids,
      segments: this.segments.list
    }
  }

  /** Adds profiles, and replaces those whose rows are known. */
  upsert(profiles: ReadonlyArray<IndexedProfile>): void {
    this.forgetLive()
    const builder = new SegmentBuilder()
    for (const { row, profile } of profiles) {
      const hash = textHashOf(profile)
      const known = this.slotOf(row)
      if (known !== undefined && this.columns.textHash[known] === hash) {
        writeColumns(this.columns, this.vocabulary, known, profile)
        continue
      }
      if (known !== undefined) this.kill(known)
      const slot = this.takeSlot()
      writeColumns(this.columns, this.vocabulary, slot, profile)
      this.columns.textHash[slot] = hash
      this.columns.rows[slot] = row
      this.columns.alive[slot] = 1
      this.ids[slot] = profile.id
      this.setSlotOf(row, slot)
      this.liveCount++
      addText(builder, slot, profile)
    }
    this.segments.add(builder.build())
    this.purgeWhenWorthwhile()
  }

  remove(row: number): void {
    const slot = this.slotOf(row)
    if (slot === undefined) return
    this.forgetLive()
    this.kill(slot)
    this.purgeWhenWorthwhile()
  }

  /** Does a slice of upkeep; false when there is none left. */
  tidy(): boolean {
    return this.segments.workIdle()
  }

  search(query: SearchQuery, after: PageEnd | undefined): Found {
    const text = parseQuery(query.q)
    const matches =
      text.words.length === 0
        ? undefined
        : this.matcher.match(this.segments.list, this.columns.alive, text, after?.mode)
    const candidates = matches ?? { ...this.liveSlots(), scores: undefined }
    const failures = failuresOf(this.columns, this.vocabulary, query.filters, candidates)
    const facets =
      matches === undefined && failures === undefined
        ? this.facetsOfLive()
        : countFacets(this.columns, this.vocabulary, candidates, failures)
    const top = new TopHits(query.limit, this.ids, after?.position)
    const total = this.rank(query, candidates, failures, top)
    return this.found(total, top, facets, text, matches?.mode)
  }

  /** Offers every candidate that passes; answers how many they are. */
  private rank(
    query: SearchQuery,
    { slots, count, scores }: Candidates,
    failures: Uint8Array | undefined,
    top: TopHits
  ): number {
    const { popularity } = this.columns
    const column = sortColumn(this.columns, query.sort)
    const byScore = query.sort === "relevance" && scores !== undefined
    const sign = query.order === "asc" ? -1 : 1
    const ceiling = top.after?.key ?? Number.POSITIVE_INFINITY
    let total = 0
    let below = 0
    for (let i = 0; i < count; i++) {
      if (failures !== undefined && failures[i] !== 0) continue
      total++
      const slot = slots[i] ?? 0
      const score = (scores === undefined ? 0 : (scores[i] ?? 0)) + (popularity[slot] ?? 0)
      const value = sign * (byScore ? score : (column[slot] ?? Number.NaN))
      // Unknown comes last in both orders.
      const key = Number.isNaN(value) ? Number.NEGATIVE_INFINITY : value
      if (key > ceiling) continue
      if (key < ceiling && key < top.floor) below++
      else top.offer(slot, key, score)
    }
    top.remaining += below
    return total
  }

  private liveSlots(): SlotList {
    if (this.live !== undefined) return this.live
    const slots = new Uint32Array(this.liveCount)
    let count = 0
    for (let slot = 0; slot < this.ids.length; slot++)
      if (this.columns.alive[slot] === 1) slots[count++] = slot
    this.live = { slots, count }
    return this.live
  }

  private facetsOfLive(): Facets {
    this.liveFacets ??= countFacets(this.columns, this.vocabulary, this.liveSlots(), undefined)
    return this.liveFacets
  }

  private forgetLive(): void {
    this.live = undefined
    this.liveFacets = undefined
  }

  private found(
    total: number,
    top: TopHits,
    facets: Facets,
    text: QueryText,
    mode: MatchMode | undefined
  ): Found {
    const ranked = top.hits()
    const last = ranked[ranked.length - 1]
    return {
      total,
      hits: ranked.map(({ slot, score }) => ({ row: this.columns.rows[slot] ?? 0, score })),
      facets,
      end:
        last === undefined || top.remaining <= ranked.length
          ? undefined
          : { position: { key: last.key, id: this.ids[last.slot] ?? "" }, mode },
      text,
      typos: mode?.typos ?? 0
    }
  }

  /** Takes over a slot of a snapshot. */
  private adopt(slot: number): void {
    if (this.columns.alive[slot] !== 1) {
      this.dead.push(slot)
      return
    }
    this.setSlotOf(this.columns.rows[slot] ?? 0, slot)
    this.liveCount++
  }

  private slotOf(row: number): number | undefined {
    const found = this.slotOfRow[row] ?? 0
    return found === 0 ? undefined : found - 1
  }

  private setSlotOf(row: number, slot: number | undefined): void {
    if (row >= this.slotOfRow.length) {
      const larger = new Uint32Array(Math.max(row + 1, this.slotOfRow.length * 2))
      larger.set(this.slotOfRow)
      this.slotOfRow = larger
    }
    this.slotOfRow[row] = slot === undefined ? 0 : slot + 1
  }

  private takeSlot(): number {
    const reused = this.free.pop()
    if (reused !== undefined) return reused
    const slot = this.ids.push("") - 1
    const capacity = this.columns.rows.length
    if (slot >= capacity) this.columns = resizedColumns(this.columns, slot, Math.ceil(capacity * 1.5) + 1_024)
    return slot
  }

  private kill(slot: number): void {
    this.setSlotOf(this.columns.rows[slot] ?? 0, undefined)
    this.columns.alive[slot] = 0
    this.columns.rows[slot] = 0
    this.ids[slot] = ""
    this.dead.push(slot)
    this.liveCount--
  }

  /** A dead slot may be used again only when no posting names it any more. */
  private purgeWhenWorthwhile(): void {
    if (this.dead.length < Math.max(purgeCount, this.ids.length * purgeShare)) return
    const purged = this.dead
    const started = this.segments.startPurge(() => {
      for (const slot of purged) this.free.push(slot)
    })
    if (started) this.dead = []
  }
}
