import type { Database as BunDatabase } from "bun:sqlite"
import { type Resolution, resolutions } from "@influscope/domain/tracking/Resolution"
import { keptFrom, type Retention } from "@influscope/domain/tracking/Retention"

/** From when each level is kept (epoch seconds); the generation counts the changes. */
export type Kept = { readonly [L in Resolution]: number } & { readonly generation: number }

const none: Kept = { generation: 0, raw: 0, hour: 0, day: 0, week: 0, month: 0 }

export const readKept = (db: BunDatabase): Kept =>
  db.query<Kept, []>("SELECT generation, raw, hour, day, week, month FROM kept").get() ?? none

export const writeKept = (db: BunDatabase, kept: Kept): void => {
  db.query<never, [number, number, number, number, number, number]>(
    "UPDATE kept SET generation = ?, raw = ?, hour = ?, day = ?, week = ?, month = ?"
  ).run(kept.generation, kept.raw, kept.hour, kept.day, kept.week, kept.month)
}

/** What is kept from `now` on: what was dropped once stays dropped. */
export const keptAsOf = (before: Kept, now: number, retention: Retention): Kept => {
  const from = (level: Resolution): number => Math.max(before[level], keptFrom(retention, level, now))
  const [raw, hour, day, week, month] = [from("raw"), from("hour"), from("day"), from("week"), from("month")]
  const kept = { raw, hour, day, week, month }
  const changed = resolutions.some((level) => kept[level] !== before[level])
  return { ...kept, generation: before.generation + (changed ? 1 : 0) }
}
