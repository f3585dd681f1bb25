import { median } from "../Median.ts"
import type { AuthorRollup, HourOfWeek } from "./AuthorRollup.ts"
import type { Post } from "./Post.ts"

/** Posts of the usual kind that are added to each hour: with so many of its own, it keeps half of what it differs by. */
const priorPosts = 5

const isoWeekday: Readonly<Record<string, number>> = {
  Mon: 1,
  Tue: 2,
  Wed: 3,
  Thu: 4,
  Fri: 5,
  Sat: 6,
  Sun: 7
}

const hourPattern = /^(\w{3})\D+(\d{1,2})$/

/** Tells the weekday (ISO) and the hour of a moment (epoch ms) in a zone, as one number: 24 * (weekday - 1) + hour. */
const hourOfWeekIn = (zone: string): ((millis: number) => number) => {
  if (zone === "UTC")
    return (millis) => {
      const date = new Date(millis)
      return 24 * ((date.getUTCDay() + 6) % 7) + date.getUTCHours()
    }
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    weekday: "short",
    hour: "2-digit",
    hourCycle: "h23"
  })
  return (millis) => {
    const [, weekday = "", hour = "0"] = hourPattern.exec(format.format(millis)) ?? []
    return 24 * ((isoWeekday[weekday] ?? 1) - 1) + Number(hour)
  }
}

const round2 = (value: number): number => Math.round(value * 100) / 100

/**
 * How an author's posts do by the hour of the week (in `zone`, IANA) in which they are published. A post counts by the logarithm
 * of its figure over the author's median, so that one that went round the world does not decide an hour alone, and an hour
 * by the mean of its posts, drawn towards the usual: n posts count n / (n + 5) (Efron and Morris, Stein's paradox in
 * statistics, Scientific American 236, 1977, with a fixed weight).
 */
export const bestHours = (
  posts: ReadonlyArray<Post>,
  zone: string
): Pick<AuthorRollup, "hours" | "hoursBy"> => {
  const known = (figure: "likes" | "views") =>
    posts.flatMap(({ metrics, publishedAt }) => {
      const value = metrics[figure]
      return value === undefined ? [] : [{ publishedAt, value }]
    })
  const likes = known("likes")
  const views = known("views")
  const [hoursBy, figures] =
    views.length > likes.length ? (["views", views] as const) : (["likes", likes] as const)
  if (figures.length === 0) return { hoursBy: null, hours: [] }
  const usual = median(figures.map(({ value }) => value))
  const hourOf = hourOfWeekIn(zone)
  const cells = new Map<number, { posts: number; sum: number }>()
  for (const { publishedAt, value } of figures) {
    const hour = hourOf(publishedAt)
    const cell = cells.get(hour) ?? { posts: 0, sum: 0 }
    cells.set(hour, cell)
    cell.posts++
    // One is added to both, since nothing at all has no logarithm.
    cell.sum += Math.log((value + 1) / (usual + 1))
  }
  const hours = [...cells].map(
    ([cell, { posts, sum }]): HourOfWeek => ({
      weekday: Math.floor(cell / 24) + 1,
      hour: cell % 24,
      posts,
      relative: round2(Math.exp(sum / (posts + priorPosts)))
    })
  )
  return {
    hoursBy,
    hours: hours.sort(
      (a, b) => b.relative - a.relative || b.posts - a.posts || a.weekday - b.weekday || a.hour - b.hour
    )
  }
}
