import { maxBatchBytes } from "@influscope/domain/Events"
import * as Config from "effect/Config"

/** Largest batch in bytes, as far as one item fits: less where the broker takes less. */
export const batchBytes = Config.integer("INFLUSCOPE_MAX_BATCH_BYTES").pipe(
  Config.validate({
    message: `expected 1024 to ${maxBatchBytes}`,
    validation: (bytes) => bytes >= 1024 && bytes <= maxBatchBytes
  }),
  Config.withDefault(maxBatchBytes)
)

/** Items in their order, in parts of at most so many bytes; what is larger alone is a part of its own. */
export const splitBySize = <A>(
  items: ReadonlyArray<A>,
  sizeOf: (item: A) => number,
  maxBytes: number
): ReadonlyArray<ReadonlyArray<A>> => {
  const parts: Array<Array<A>> = [[]]
  let bytes = 0
  for (const item of items) {
    const size = sizeOf(item)
    if (bytes > 0 && bytes + size > maxBytes) {
      parts.push([])
      bytes = 0
    }
    parts[parts.length - 1]?.push(item)
    bytes += size
  }
  return parts
}
