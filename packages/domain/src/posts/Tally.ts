/** How often each value is in a list, most often first, those equally often in their own order (by code units). */
export const tally = (values: Iterable<string>): ReadonlyArray<readonly [value: string, count: number]> => {
  const counts = new Map<string, number>()
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1)
  return [...counts].sort(([a, countOfA], [b, countOfB]) => countOfB - countOfA || (a < b ? -1 : 1))
}
