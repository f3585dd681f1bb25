import type { estypes } from "@elastic/elasticsearch"
import { StorageError } from "@influscope/ports/StorageError"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type { Cluster } from "./Cluster.ts"
import { type Complaint, describe, isWriteBlock, reasonOf } from "./Failure.ts"
import type { IndexedDocument } from "./IndexedDocument.ts"

/** One document to be written, and where. */
export interface BulkItem {
  readonly action: NonNullable<estypes.BulkOperationContainer>
  readonly document: IndexedDocument
}

type ItemOutcome =
  | { readonly _tag: "Written" }
  | { readonly _tag: "Conflict" }
  /** Refused for the moment: nothing was written. */
  | { readonly _tag: "Busy"; readonly complaint: Complaint }
  | { readonly _tag: "Failed"; readonly complaint: Complaint }

/** How long items that are refused for the moment are sent again, and the pauses between. */
const busyPatience = 20_000
const firstPause = 100
const longestPause = 2_000

/** The index that the item was meant for has been replaced since its document was read. */
const isReplaced = ({ action }: BulkItem, { status, type }: Complaint): boolean =>
  status === 404 && type === "index_not_found_exception" && action?.index?.if_seq_no !== undefined

const outcomeOf = (item: BulkItem, answer: estypes.BulkResponseItem | undefined): ItemOutcome => {
  if (answer === undefined) {
    const complaint = { status: 500, type: "no_answer", reason: "the answer lacks an item" }
    return { _tag: "Failed", complaint }
  }
  const { error, status } = answer
  if (error === undefined) return { _tag: "Written" }
  if (status === 409) return { _tag: "Conflict" }
  const complaint: Complaint = { status, type: error.type, reason: error.reason ?? "" }
  if (isReplaced(item, complaint)) return { _tag: "Conflict" }
  // 429 because the node has too much to do, or because its disk is full.
  const isBusy = isWriteBlock(complaint) || (status === 429 && reasonOf(complaint) !== "full")
  return isBusy ? { _tag: "Busy", complaint } : { _tag: "Failed", complaint }
}

/** The failure of a batch some of whose items failed: the worst of their reasons. */
const failureOfItems = (
  operation: string,
  failed: ReadonlyArray<readonly [item: BulkItem, complaint: Complaint]>
): StorageError | undefined => {
  for (const reason of ["corrupt", "full", "unavailable", "conflict"] as const) {
    const [first, ...others] = failed.filter(([, complaint]) => reasonOf(complaint) === reason)
    if (first === undefined) continue
    const [item, complaint] = first
    const more = others.length === 0 ? "" : `, and ${others.length} more`
    return new StorageError({
      reason,
      operation,
      cause: `${item.document.id}: ${describe(complaint)}${more}`
    })
  }
  return undefined
}

/**
 * Writes documents with an outcome for each, true where it was written and false where somebody else was first. Items
 * that are refused for the moment (the node is busy, or an index is about to be replaced) are sent again with growing
 * pauses, up to 20 seconds. Fails when an item is refused for another reason; the others may then be written.
 */
export const writeAll = (
  cluster: Cluster,
  operation: string,
  items: ReadonlyArray<BulkItem>
): Effect.Effect<ReadonlyArray<boolean>, StorageError> =>
  Effect.gen(function* () {
    const outcomes = new Map<BulkItem, ItemOutcome>()
    const deadline = (yield* Clock.currentTimeMillis) + busyPatience
    let pending = items
    let pause = firstPause
    while (pending.length > 0) {
      const sent = pending
      const answer = yield* cluster.write(operation, (client, options) =>
        client.bulk({ operations: sent.flatMap(({ action, document }) => [action, document]) }, options)
      )
      for (const [at, item] of sent.entries()) {
        const answered = answer.items[at]
        outcomes.set(item, outcomeOf(item, answered?.create ?? answered?.index))
      }
      pending = sent.filter((item) => outcomes.get(item)?._tag === "Busy")
      if (pending.length === 0 || (yield* Clock.currentTimeMillis) + pause > deadline) break
      yield* Effect.sleep(pause * (0.5 + (yield* Random.next)))
      pause = Math.min(pause * 2, longestPause)
    }
    const failed = [...outcomes].flatMap(([item, outcome]) =>
      outcome._tag === "Failed" || outcome._tag === "Busy" ? [[item, outcome.complaint] as const] : []
    )
    const failure = failureOfItems(operation, failed)
    if (failure !== undefined) return yield* failure
    return items.map((item) => outcomes.get(item)?._tag === "Written")
  })
