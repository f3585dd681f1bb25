import type { Platform } from "@influscope/domain/Platform"
import type * as Stream from "effect/Stream"
import { encodedTwice } from "./EncodedTwice.ts"
import { type FileOptions, listed, type RowBatch, type RowPlan, readRows } from "./FileReader.ts"
import { FileUnreadable } from "./FileUnreadable.ts"
import { identityOfLink } from "./Handles.ts"
import { planPlatform } from "./PlatformEvidence.ts"
import { type PostRole, planPostColumns, postRoleOf } from "./PostColumns.ts"
import { PostMapper, type PostRow } from "./PostMapper.ts"
import type { Table } from "./TableReader.ts"

export interface PostFileOptions extends FileOptions {
  /** The platform of all rows; found out from the file when undefined. */
  readonly platform: Platform | undefined
  /** `column=field` entries: see `readMapping`. */
  readonly map: ReadonlyArray<string>
  /** `platform:handle` of whose posts they are where a row does not say it. */
  readonly account: string | undefined
}

const relevance = (columns: ReadonlyArray<string>): number => {
  const roles = new Set(columns.flatMap((column) => postRoleOf(column)?.role ?? []))
  return roles.has("publishedAt") && roles.size > 1 ? roles.size : 0
}

/** The roles as the platform's evidence has them. */
const telling: Readonly<Partial<Record<PostRole, string>>> = {
  author: "handle",
  authorName: "handle",
  authorUrl: "url",
  url: "postUrl",
  channelId: "channelId",
  platform: "platform"
}

const whoRoles: ReadonlySet<PostRole> = new Set<PostRole>([
  "author",
  "authorUrl",
  "authorName",
  "url",
  "channelId"
])

const namesOf = (table: Table): string => table.names.slice(0, 40).join(", ")

const makePlan = (table: Table, options: PostFileOptions): RowPlan<PostRow> | FileUnreadable => {
  const trusting = encodedTwice(table)
  const columns = planPostColumns(table, options.map, trusting)
  if (columns instanceof FileUnreadable) return columns
  if (!columns.uses.some(({ role }) => role === "publishedAt"))
    return new FileUnreadable({
      reason: "time",
      message: "No column of the file says when the posts were published.",
      hint: `Pass --map COLUMN=publishedAt with one of its columns: ${namesOf(table)}.`
    })
  if (options.account === undefined && !columns.uses.some(({ role }) => whoRoles.has(role)))
    return new FileUnreadable({
      reason: "identity",
      message: "No column of the file says whose posts these are.",
      hint: `Pass --map COLUMN=author with one of its columns: ${namesOf(table)}. Or --of platform:handle when all of them are of one account.`
    })
  const account = options.account === undefined ? undefined : identityOfLink(options.account)
  const platform = planPlatform(
    table,
    columns.uses.map(({ index, name, role }) => ({ index, name, role: telling[role] ?? "" })),
    options.platform ?? account?.platform,
    options.fileName
  )
  if (platform instanceof FileUnreadable) return platform
  const width = table.names.length
  const mapper = new PostMapper(
    columns.uses,
    platform,
    account,
    width,
    table.delimiter ?? ", ",
    trusting,
    table.mendedCounts
  )
  const reports = listed(columns.reports)
  const twice = trusting ? ["The text was encoded as UTF-8 twice; it is repaired."] : []
  return {
    map: (row) => mapper.map(row),
    width,
    columns: reports.columns,
    notes: [...table.notes, ...twice, platform.note, ...reports.notes],
    expand: (event) => [event]
  }
}

/**
 * Reads a file of posts or videos (CSV in any dialect, JSON, JSON Lines, each also gzipped): a row is a post with its author
 * and its time of publication, in UTC unless it says otherwise. As `read` of profiles otherwise.
 */
export const readPostFile = <E, R>(
  bytes: Stream.Stream<Uint8Array, E, R>,
  options: PostFileOptions
): Stream.Stream<RowBatch<PostRow>, E | FileUnreadable, R> =>
  readRows(bytes, options, {
    isKnownName: (name) => postRoleOf(name) !== undefined,
    relevance,
    plan: (table) => makePlan(table, options),
    textOf: ({ post }) => post.text
  })
