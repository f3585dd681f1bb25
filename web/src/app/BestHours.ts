import type { Rollup } from "./Client.ts"

/** Beginning with Monday, as in the rollup. */
export const weekdays = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"] as const

/** An hour of the week; `level` is 0 without posts, then 1 (far below the usual post) to 5 (far above). */
export interface Cell {
  readonly hour: number
  readonly level: 0 | 1 | 2 | 3 | 4 | 5
  readonly text: string
}

const levelOf = (relative: number): Cell["level"] => {
  if (relative < 0.75) return 1
  if (relative < 0.95) return 2
  if (relative <= 1.05) return 3
  return relative <= 1.25 ? 4 : 5
}

const clock = (hour: number): string => `${String(hour).padStart(2, "0")}:00`

/** The hours of a weekday (1 is Monday), also those without posts. */
export const cellsOf = (hours: Rollup["hours"], weekday: number): ReadonlyArray<Cell> =>
  Array.from({ length: 24 }, (_, hour) => {
    const found = hours.find((each) => each.weekday === weekday && each.hour === hour)
    const when = `${weekdays[weekday - 1] ?? ""} ${clock(hour)}`
    return found === undefined
      ? { hour, level: 0, text: `${when}: no posts` }
      : {
          hour,
          level: levelOf(found.relative),
          text: `${when}: ${found.relative} times the usual post, ${found.posts} ${found.posts === 1 ? "post" : "posts"}`
        }
  })

/** The best hours in words: those that do notably better than the usual post, three at most. */
export const bestOf = (hours: Rollup["hours"]): string =>
  hours
    .filter(({ relative }) => relative > 1.05)
    .slice(0, 3)
    .map(({ hour, weekday }) => `${weekdays[weekday - 1] ?? ""} ${clock(hour)}`)
    .join(", ")
