import type { Platform } from "@influscope/domain/Platform"
import type * as Stream from "effect/Stream"
import { planColumns } from "./Columns.ts"
import { encodedTwice } from "./EncodedTwice.ts"
import { type FileOptions, listed, type RowBatch, type RowPlan, readRows } from "./FileReader.ts"
import { FileUnreadable } from "./FileUnreadable.ts"
import { meaningOf } from "./HeaderMeaning.ts"
import { ofAccount } from "./OneAccount.ts"
import { planPlatform } from "./PlatformEvidence.ts"
import { type ProfileRow, RowMapper } from "./RowMapper.ts"
import type { Table } from "./TableReader.ts"
import { isDated, type Reshaped, unfold } from "./Unfold.ts"

export interface ReadOptions extends FileOptions {
  /** The platform of all rows; found out from the file when undefined. */
  readonly platform: Platform | undefined
  /** `column=field` entries: see `readMapping`. */
  readonly map: ReadonlyArray<string>
  /** Whether columns may be named by the days that their figures are of: see `unfold`. */
  readonly hasDays: boolean
  /** `platform:handle` of the one account that a file without a column for it is about. */
  readonly account: string | undefined
}

const relevance = (columns: ReadonlyArray<string>, hasDays: boolean): number => {
  const targets = new Set(
    columns.map((column) => meaningOf(column).target).filter((target) => target !== undefined)
  )
  const names = ["handle", "person", "url", "channelId", "name"] as const
  const figures = [
    "followers",
    "following",
    "posts",
    "likes",
    "views",
    "avgLikes",
    "avgViews",
    "bio",
    "verified"
  ] as const
  const who = names.some((name) => targets.has(name))
  const what =
    figures.filter((name) => targets.has(name)).length + (hasDays ? columns.filter(isDated).length : 0)
  return who && what > 0 ? 1 + what : 0
}

/** The table as it is to be read. */
const reshape = (table: Table, { account, hasDays }: ReadOptions): Reshaped | FileUnreadable => {
  const asItIs: Reshaped = { table, expand: (event) => [event] }
  const byRows = (hasDays ? unfold(table) : undefined) ?? asItIs
  return account === undefined ? byRows : ofAccount(account, byRows)
}

const makePlan = (file: Table, options: ReadOptions): RowPlan<ProfileRow> | FileUnreadable => {
  const reshaped = reshape(file, options)
  if (reshaped instanceof FileUnreadable) return reshaped
  const { expand, table } = reshaped
  const trusting = encodedTwice(table)
  const columns = planColumns(table, options.map, trusting)
  if (columns instanceof FileUnreadable) return columns
  if (!columns.uses.some((use) => use.role === "handle" || use.role === "url" || use.role === "channelId"))
    return new FileUnreadable({
      reason: "identity",
      message:
        "No column of the file holds handles, profile links or channel ids, so nobody knows whose figures these are.",
      hint: `Pass --map COLUMN=handle with one of its columns: ${table.names.slice(0, 40).join(", ")}.${options.hasDays ? " Or --of platform:handle when all of it is about one account." : ""}`
    })
  const platform = planPlatform(table, columns.uses, options.platform, options.fileName)
  if (platform instanceof FileUnreadable) return platform
  const separator = table.delimiter ?? ", "
  const mapper = new RowMapper(columns, platform, table.names.length, separator, trusting, table.mendedCounts)
  const reports = listed(columns.reports)
  const twice = trusting ? ["The text was encoded as UTF-8 twice; it is repaired."] : []
  return {
    map: (row) => mapper.map(row),
    width: table.names.length,
    columns: reports.columns,
    notes: [...table.notes, ...twice, ...columns.notes, platform.note, ...reports.notes],
    expand
  }
}

/**
 * Reads a file of influencer figures (CSV in any dialect, JSON, JSON Lines, each also gzipped) as a stream of batches, the
 * last of which carries the whole report. Fails with `FileUnreadable` when the file as a whole cannot be read (further);
 * batches before the failure stand. Errors of the byte stream are passed on.
 */
export const read = <E, R>(
  bytes: Stream.Stream<Uint8Array, E, R>,
  options: ReadOptions
): Stream.Stream<RowBatch<ProfileRow>, E | FileUnreadable, R> =>
  readRows(bytes, options, {
    isKnownName: (name) =>
      meaningOf(name).target !== undefined ||
      meaningOf(name).reason !== "" ||
      (options.hasDays && isDated(name)),
    relevance: (columns) => relevance(columns, options.hasDays),
    plan: (table) => makePlan(table, options),
    textOf: (row) => row.fields.name
  })
