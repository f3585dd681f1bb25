/** Where a document stands in an order: a greater key comes first, equal keys by id. */
export interface Position {
  readonly key: number
  readonly id: string
}

export interface RankedHit {
  readonly slot: number
  readonly key: number
  readonly score: number
}

/** Keeps the first `limit` documents of an order after a position, in a heap whose root is the last of them. */
export class TopHits {
  private readonly keys: Float64Array
  private readonly slots: Uint32Array
  private readonly scores: Float64Array
  private size = 0
  /** Documents after the position, kept or not: those offered, and those the caller did not need to offer. */
  remaining = 0
  /** Documents with lower keys would not be kept. */
  floor = Number.NEGATIVE_INFINITY

  constructor(
    private readonly limit: number,
    private readonly ids: ReadonlyArray<string>,
    readonly after: Position | undefined
  ) {
    this.keys = new Float64Array(limit)
    this.slots = new Uint32Array(limit)
    this.scores = new Float64Array(limit)
  }

  offer(slot: number, key: number, score: number): void {
    if (this.after !== undefined && !this.isAfter(this.after, slot, key)) return
    this.remaining++
    if (this.size < this.limit) {
      this.put(this.size, slot, key, score)
      this.siftUp(this.size++)
    } else {
      const last = this.keys[0] ?? 0
      if (key < last || (key === last && this.idOf(slot) > this.idOf(this.slots[0] ?? 0))) return
      this.put(0, slot, key, score)
      this.siftDown()
    }
    if (this.size === this.limit) this.floor = this.keys[0] ?? Number.NEGATIVE_INFINITY
  }

  /** In order. */
  hits(): ReadonlyArray<RankedHit> {
    const order = Array.from({ length: this.size }, (_, entry) => entry)
    return order
      .sort((a, b) => (this.comesLater(a, b) ? 1 : -1))
      .map((entry) => ({
        slot: this.slots[entry] ?? 0,
        key: this.keys[entry] ?? 0,
        score: this.scores[entry] ?? 0
      }))
  }

  private idOf(slot: number): string {
    return this.ids[slot] ?? ""
  }

  private isAfter(position: Position, slot: number, key: number): boolean {
    return key < position.key || (key === position.key && this.idOf(slot) > position.id)
  }

  private comesLater(a: number, b: number): boolean {
    const left = this.keys[a] ?? 0
    const right = this.keys[b] ?? 0
    return left < right || (left === right && this.idOf(this.slots[a] ?? 0) > this.idOf(this.slots[b] ?? 0))
  }

  private put(entry: number, slot: number, key: number, score: number): void {
    this.keys[entry] = key
    this.slots[entry] = slot
    this.scores[entry] = score
  }

  private swap(a: number, b: number): void {
    const key = this.keys[a] ?? 0
    const slot = this.slots[a] ?? 0
    const score = this.scores[a] ?? 0
    this.put(a, this.slots[b] ?? 0, this.keys[b] ?? 0, this.scores[b] ?? 0)
    this.put(b, slot, key, score)
  }

  private siftUp(from: number): void {
    let entry = from
    while (entry > 0) {
      const parent = (entry - 1) >> 1
      if (!this.comesLater(entry, parent)) return
      this.swap(entry, parent)
      entry = parent
    }
  }

  private siftDown(): void {
    let entry = 0
    for (;;) {
      const left = 2 * entry + 1
      if (left >= this.size) return
      const right = left + 1
      const later = right < this.size && this.comesLater(right, left) ? right : left
      if (!this.comesLater(later, entry)) return
      this.swap(entry, later)
      entry = later
    }
  }
}
