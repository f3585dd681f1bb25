import type { Observation } from "@influscope/domain/Observation"

/** One message: as large as those of the services. */
export interface Batch {
  readonly observations: ReadonlyArray<Observation>
}

export const batchRows = 500

/** Of the exchange and of the queue. */
export const topic = "bare.profiles.discovered"

/** What the producer is asked for. */
export interface Order {
  readonly file: string
}

/** What the two tell: that they can begin, and how many profiles the broker has confirmed or the index has taken. */
export type Told = "ready" | { readonly done: number }

export const tell = (told: Told): void => {
  process.send?.(told)
}
