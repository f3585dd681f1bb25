/** What became of the writes of a drill, by id, as their senders were told. */
export interface Outcomes {
  /** Answered with success. */
  readonly acknowledged: ReadonlySet<string>
  /** Answered with an error: may or may not be there. */
  readonly failed: ReadonlySet<string>
  /** Never answered: may or may not be there. */
  readonly unknown: ReadonlySet<string>
}

export interface Account {
  readonly sent: number
  readonly acknowledged: number
  readonly received: number
  /** Kept among the dead letters, in order, as often as they are there. */
  readonly dead: ReadonlyArray<string>
  /** Ids that were read more than once. */
  readonly duplicates: ReadonlyArray<string>
  /** Acknowledged, and neither there nor dead. */
  readonly lost: ReadonlyArray<string>
  /** There, and never sent. */
  readonly strange: ReadonlyArray<string>
}

/** Compares what was sent with what a final read found, id by id. `found` and `dead` have an id as often as it was read. */
export const accountOf = (
  outcomes: Outcomes,
  found: ReadonlyArray<string>,
  dead: ReadonlyArray<string> = []
): Account => {
  const { acknowledged, failed, unknown } = outcomes
  const seen = new Set<string>()
  const duplicates = new Set<string>()
  for (const id of found) {
    if (seen.has(id)) duplicates.add(id)
    seen.add(id)
  }
  const sent = new Set([...acknowledged, ...failed, ...unknown])
  const kept = new Set([...seen, ...dead])
  return {
    sent: sent.size,
    acknowledged: acknowledged.size,
    received: seen.size,
    dead: dead.toSorted(),
    duplicates: [...duplicates],
    lost: [...acknowledged].filter((id) => !kept.has(id)),
    strange: [...kept].filter((id) => !sent.has(id))
  }
}

/** "kill -9 of the indexer: sent 2,000, acknowledged 1,950, received 1,960, duplicates 0, lost 0". */
export const describeAccount = (what: string, account: Account): string => {
  const count = (value: number) => value.toLocaleString("en")
  const { acknowledged, dead, duplicates, lost, received, sent, strange } = account
  const numbers = [
    `sent ${count(sent)}`,
    `acknowledged ${count(acknowledged)}`,
    `received ${count(received)}`,
    ...(dead.length > 0 ? [`dead ${count(dead.length)}`] : []),
    `duplicates ${count(duplicates.length)}`,
    `lost ${count(lost.length)}`
  ]
  return `${what}: ${[...numbers, ...(strange.length > 0 ? [`strange ${count(strange.length)}`] : [])].join(", ")}`
}
