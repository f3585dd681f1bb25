import type { Platform } from "@influscope/domain/Platform"
import { FileUnreadable } from "./FileUnreadable.ts"
import { identityOfLink, isChannelId, platformOf, platformOfLink } from "./Handles.ts"
import { platformsNamed } from "./HeaderMeaning.ts"
import type { Table } from "./TableReader.ts"

/** A column that can tell the platform: `platform`, `url` and `handle` of the account, `postUrl`, `channelId`. */
export interface TellingColumn {
  readonly index: number
  readonly name: string
  readonly role: string
}

/** The platform of rows that do not name one themselves; undefined when each row does. */
export interface PlatformPlan {
  readonly fallback: Platform | undefined
  /** Set when the caller said so: a row whose link says otherwise is then refused. */
  readonly fixed: boolean
  readonly note: string
}

const only = (platforms: Iterable<Platform>): Platform | undefined => {
  const distinct = Array.from(new Set(platforms))
  return distinct.length === 1 ? distinct[0] : undefined
}

const inColumn = (
  table: Table,
  columns: ReadonlyArray<TellingColumn>,
  roles: ReadonlyArray<string>,
  read: (cell: string) => Platform | undefined
): ReadonlyArray<Platform> => {
  const indices = columns.filter(({ role }) => roles.includes(role)).map(({ index }) => index)
  return table.sample.flatMap((row) => indices.flatMap((index) => read(row[index] ?? "") ?? []))
}

const ofFileName = (fileName: string): Platform | undefined => {
  const base = fileName.replace(/^.*[\\/]/, "").replace(/\.(?:csv|tsv|txt|json|jsonl|ndjson|gz|tab)\b/gi, "")
  return (
    only(platformsNamed([base.replace(/[^\p{L}\p{N}]+/gu, " ")], "strong")) ??
    (/^x[-_ ]/i.test(base) ? "x" : undefined)
  )
}

/**
 * Which platform the rows are from. In order of strength: the caller, a platform column, profile links and channel ids,
 * words in the header, the name of the file, words in the header that merely suggest one.
 */
export const planPlatform = (
  table: Table,
  columns: ReadonlyArray<TellingColumn>,
  told: Platform | undefined,
  fileName: string
): PlatformPlan | FileUnreadable => {
  if (told !== undefined) return { fallback: told, fixed: true, note: `Platform: ${told}, as told.` }
  const named = inColumn(table, columns, ["platform"], platformOf)
  const links = [
    ...inColumn(table, columns, ["url", "handle"], (cell) => identityOfLink(cell)?.platform),
    ...inColumn(table, columns, ["postUrl"], platformOfLink)
  ]
  const ids = inColumn(table, columns, ["channelId"], (cell) => (isChannelId(cell) ? "youtube" : undefined))
  const header = only(platformsNamed(table.names, "strong"))
  const weak = only(platformsNamed(table.names, "weak"))
  const file = ofFileName(fileName)
  if (named.length > 0) {
    const column = columns.find(({ role }) => role === "platform")?.name ?? ""
    const fallback = only(named)
    return {
      fallback,
      fixed: false,
      note: `Platform: as the column "${column}" says${fallback === undefined ? ", row by row" : ` (${fallback})`}.`
    }
  }
  const linked = only([...links, ...ids])
  if (linked !== undefined)
    return {
      fallback: linked,
      fixed: false,
      note: `Platform: ${linked}, by the ${links.length > 0 ? "links" : "channel ids"} in the file.`
    }
  if (links.length > 0)
    return { fallback: header ?? file, fixed: false, note: "Platform: as the link of each row says." }
  if (header !== undefined)
    return { fallback: header, fixed: false, note: `Platform: ${header}, by the words of the header.` }
  if (file !== undefined)
    return { fallback: file, fixed: false, note: `Platform: ${file}, by the name of the file.` }
  if (weak !== undefined)
    return {
      fallback: weak,
      fixed: false,
      note: `Platform: ${weak}, suggested by the words of the header; pass --platform if that is wrong.`
    }
  return new FileUnreadable({
    reason: "platform",
    message: "Nothing in the file says which platform the accounts are on.",
    hint: "Pass --platform with one of instagram, tiktok, youtube, x, twitch, linkedin."
  })
}
