import type { ColumnReport } from "@influscope/domain/Imports"
import { type PostMetricName, postMetricNames } from "@influscope/domain/posts/Post"
import { type ColumnProfile, describeProfile, profileColumn } from "./ColumnProfile.ts"
import { FileUnreadable } from "./FileUnreadable.ts"
import { headerWords } from "./HeaderMeaning.ts"
import { type MapFields, readMapping } from "./Mapping.ts"
import { repairMojibake } from "./Mojibake.ts"
import type { Table } from "./TableReader.ts"
import { type DayOrder, dayOrderOf, type NumberStyle, numberStyle } from "./Values.ts"

/** What a column of a file of posts feeds. `url` is the post's address, `authorUrl` that of its author, `authorName` may be a handle. */
export type PostRole =
  | "id"
  | "url"
  | "author"
  | "authorUrl"
  | "authorName"
  | "channelId"
  | "platform"
  | "publishedAt"
  | "observedAt"
  | "title"
  | "text"
  | "media"
  | PostMetricName

/**
 * What columns are called, English and Spanish: ONE table. Written folded (lower case, no marks) and without `fillers`;
 * `camelCase`, `_`, `.` and brackets separate words. Of several columns for one role the name that stands first here wins.
 */
const roleNames: Readonly<Record<PostRole, ReadonlyArray<string>>> = {
  id: ["short code", "shortcode", "code", "aweme id", "status id", "id", "pk", "urn", "id str"],
  url: ["permalink", "url", "link", "web url", "share url", "address", "uri", "enlace"],
  author: [
    ...[
      "username",
      "user name",
      "owner username",
      "author username",
      "author unique id",
      "unique id",
      "handle"
    ],
    ...[
      "channel handle",
      "author handle",
      "screen name",
      "user screen name",
      "author meta name",
      "user username"
    ],
    ...[
      "account",
      "author",
      "creator",
      "influencer",
      "profile",
      "user",
      "usuario",
      "cuenta",
      "autor",
      "owner",
      "page"
    ],
    ...["channel custom url", "source account"]
  ],
  authorUrl: [
    "profile url",
    "author url",
    "user url",
    "channel url",
    "owner url",
    "account url",
    "profile link",
    "input url"
  ],
  authorName: ["channel title", "channel name", "channel", "author name", "owner full name", "canal"],
  channelId: ["channel id", "author channel id"],
  platform: ["platform", "network", "social network", "social", "red social", "plataforma", "channel type"],
  publishedAt: [
    ...[
      "published at",
      "publish time",
      "published",
      "publish date",
      "publication date",
      "published date",
      "date published"
    ],
    ...[
      "created at",
      "create time iso",
      "create time",
      "created time",
      "created",
      "creation date",
      "date created"
    ],
    ...[
      "posted at",
      "date posted",
      "posted",
      "posted on",
      "taken at",
      "taken at timestamp",
      "upload date",
      "uploaded at"
    ],
    ...["timestamp", "date", "datetime", "date time", "time", "fecha de publicacion", "fecha"]
  ],
  observedAt: [
    ...[
      "observed at",
      "trending date",
      "scraped at",
      "scrape date",
      "fetched at",
      "collected at",
      "collection date"
    ],
    ...["crawled at", "retrieved at", "snapshot date", "extraction date", "as of", "date collected"]
  ],
  title: ["title", "headline", "titulo", "name"],
  text: [
    ...[
      "caption",
      "full text",
      "text",
      "content",
      "message",
      "body",
      "description",
      "desc",
      "copy",
      "caption text"
    ],
    ...["tweet", "post", "texto", "descripcion", "contenido", "commentary"]
  ],
  media: ["product type", "type", "kind", "format", "content type", "tipo", "formato"],
  likes: [
    "likes",
    "like",
    "liked by",
    "digg",
    "favorites",
    "favourites",
    "favorite",
    "favourite",
    "hearts",
    "reactions",
    "me gusta"
  ],
  comments: ["comments", "comment", "replies", "reply", "comentarios", "respuestas", "to comment"],
  shares: ["shares", "share", "retweets", "retweet", "reposts", "repost", "compartidos"],
  saves: ["saves", "save", "saved", "collect", "bookmarks", "bookmark", "guardados"],
  views: ["views", "view", "plays", "play", "visualizaciones", "reproducciones", "vistas"],
  impressions: ["impressions", "impression", "impresiones"],
  reach: ["reach", "alcance"]
}

/** Words that say nothing about what a column of posts holds. */
const fillers = new Set([
  ...[
    "the",
    "of",
    "number",
    "num",
    "no",
    "nr",
    "count",
    "counts",
    "total",
    "stats",
    "statistics",
    "metrics",
    "public"
  ],
  ...[
    "snippet",
    "video",
    "videos",
    "post",
    "posts",
    "tweet",
    "tweets",
    "media",
    "item",
    "node",
    "edge",
    "data",
    "legacy",
    "info"
  ]
])

interface Named {
  readonly role: PostRole
  readonly rank: number
}

const isRole = (name: string): name is PostRole => Object.hasOwn(roleNames, name)
const roles: ReadonlyArray<PostRole> = Object.keys(roleNames).filter(isRole)

const byName = new Map<string, Named>(
  roles.flatMap((role) => roleNames[role].map((name, rank) => [name, { role, rank }] as const))
)

/** What a header says; undefined when it names nothing that is looked for. */
export const postRoleOf = (name: string): Named | undefined => {
  const words = headerWords(name.replace(/ \[\d+\]$/, "").slice(0, 200))
  return byName.get(words.join(" ")) ?? byName.get(words.filter((word) => !fillers.has(word)).join(" "))
}

/** What scrapers write for a count that the platform hides. */
export const isHidden = (cell: string): boolean => cell.trim() === "-1"

const isMetric = (role: PostRole): role is PostMetricName => postMetricNames.some((name) => name === role)

/** Whether the values can be what the header says. */
const fits = (role: PostRole, profile: ColumnProfile): boolean => {
  if (isMetric(role)) return profile.count >= 0.6 && profile.percent < 0.5
  switch (role) {
    case "id":
      return !profile.counter && profile.link < 0.5
    case "url":
      return profile.link >= 0.5
    case "authorUrl":
      return profile.profileLink >= 0.5
    case "channelId":
      return profile.channelId >= 0.6
    case "platform":
      return profile.platform >= 0.6
    case "publishedAt":
      return profile.date >= 0.7
    case "observedAt":
      return profile.date >= 0.7 || yearFirst.test(profile.example)
    case "author":
      return profile.count < 0.8 || profile.atSign > 0.5
    default:
      return profile.count < 0.8
  }
}

/** The day of a YouTube trending list: year, day, month, as in 17.14.11. */
export const yearFirst = /^(\d\d)\.(\d\d)\.(\d\d)$/

export interface PostColumn {
  readonly index: number
  readonly name: string
  readonly role: PostRole
  readonly style: NumberStyle
  readonly dayOrder: DayOrder
}

export interface PostColumnPlan {
  readonly uses: ReadonlyArray<PostColumn>
  readonly reports: ReadonlyArray<ColumnReport>
}

const fields: MapFields<PostRole> = {
  targets: roles,
  aliases: { handle: "author", caption: "text", description: "text" },
  repeatable: new Set()
}

interface Column {
  readonly index: number
  readonly name: string
  readonly cells: ReadonlyArray<string>
  readonly profile: ColumnProfile
  readonly named: Named | undefined
}

interface Settled {
  readonly column: Column
  readonly confidence: number
  readonly why: string
}

/** The better one first: the name that says more, then the column that holds more. */
const preferred = (a: Column, b: Column): number =>
  (a.named?.rank ?? 0) - (b.named?.rank ?? 0) || b.profile.filled - a.profile.filled || a.index - b.index

const whyUnused = ({ name, named, profile }: Column, taken: ReadonlyMap<PostRole, Settled>): string => {
  const what = `the values are ${describeProfile(profile)}`
  if (named === undefined) return `the name is not known; ${what}`
  if (profile.filled === 0)
    return `the name means ${named.role}, but the column holds no values in the sampled rows`
  const other = taken.get(named.role)?.column
  return other !== undefined && other.name !== name
    ? `the name means ${named.role} too, but "${other.name}" fits better`
    : `the name means ${named.role}, but ${what}: not used`
}

const useOf = (role: PostRole, { cells, index, name, profile }: Column): PostColumn => ({
  index,
  name,
  role,
  style: numberStyle(profile.marks, true, undefined),
  dayOrder: dayOrderOf(cells) ?? "month-day"
})

/**
 * Decides what each column of a table of posts feeds, by its name, as far as the values of the sampled rows agree. What the
 * caller maps wins. Fails with `mapping` when that does not fit the table.
 */
export const planPostColumns = (
  table: Table,
  map: ReadonlyArray<string>,
  trusting: boolean
): PostColumnPlan | FileUnreadable => {
  const mapping = readMapping(map, table.names, fields)
  if (mapping instanceof FileUnreadable) return mapping
  const columns = table.names.map((name, index): Column => {
    const cells = table.sample
      .map((row) => repairMojibake(row[index] ?? "", trusting).text)
      .map((cell) => (isHidden(cell) ? "" : cell))
    return { index, name, cells, profile: profileColumn(cells), named: postRoleOf(name) }
  })
  const taken = new Map<PostRole, Settled>()
  for (const column of columns) {
    const role = mapping.get(column.index)
    if (role !== undefined && role !== "ignore")
      taken.set(role, { column, confidence: 1, why: "mapped by hand" })
  }
  for (const column of columns.toSorted(preferred)) {
    const { index, named, profile } = column
    if (named === undefined || mapping.has(index) || taken.has(named.role)) continue
    if (profile.filled === 0 || !fits(named.role, profile)) continue
    const why = `the name means ${named.role}; the values are ${describeProfile(profile)}`
    taken.set(named.role, { column, confidence: 0.95, why })
  }
  const roleAt = new Map([...taken].map(([role, { column }]) => [column.index, role]))
  return {
    uses: [...taken].map(([role, { column }]) => useOf(role, column)).sort((a, b) => a.index - b.index),
    reports: columns.map((column) => {
      const role = roleAt.get(column.index)
      const settled = role === undefined ? undefined : taken.get(role)
      return {
        name: column.name,
        mappedTo: role ?? null,
        confidence: settled?.confidence ?? 0,
        why:
          settled?.why ??
          (mapping.get(column.index) === "ignore" ? "left out by --map" : whyUnused(column, taken))
      }
    })
  }
}
