/**
 * Whether parsed JSON has no more values, and no more levels of arrays and objects, than given. Does not recurse: what
 * is nested a million levels deep would end the stack of whoever looks at it next.
 */
export const isWithin = (
  json: unknown,
  limit: { readonly depth: number; readonly values: number }
): boolean => {
  let level: ReadonlyArray<unknown> = [json]
  let values = 0
  for (let depth = 0; level.length > 0; depth++) {
    values += level.length
    if (depth > limit.depth || values > limit.values) return false
    level = level.flatMap((value) =>
      typeof value === "object" && value !== null ? Object.values(value) : []
    )
  }
  return true
}
