import type { GivenPost } from "@influscope/domain/api/PostsApi"
import { isObservable } from "@influscope/domain/Observation"
import type { Platform } from "@influscope/domain/Platform"
import { makeProfileId } from "@influscope/domain/ProfileId"
import {
  type MediaKind,
  maxPostText,
  maxPostTitle,
  maxPostUrl,
  PostId,
  type PostMetricName,
  postMetricNames
} from "@influscope/domain/posts/Post"
import { postKeyIn } from "@influscope/domain/posts/PostKey"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Mapped, Problem } from "./FileReader.ts"
import {
  type Identity,
  identityOfLink,
  isChannelId,
  isHandleLike,
  parseHandle,
  platformOf
} from "./Handles.ts"
import { listSeparator } from "./JsonRecords.ts"
import { mayBeMojibake, repairMojibake } from "./Mojibake.ts"
import type { PlatformPlan } from "./PlatformEvidence.ts"
import { isHidden, type PostColumn, type PostRole, yearFirst } from "./PostColumns.ts"
import { type CellCheck, RowFit } from "./RowFit.ts"
import type { TableRow } from "./TableReader.ts"
import { shortened } from "./Text.ts"
import { invalid, isMissing, missing, type Outcome, parseCount, parseDate, value } from "./Values.ts"

/** A row that names a post, and what it says about it. */
export interface PostRow {
  readonly line: number
  readonly post: GivenPost
}

const decodeId = Schema.decodeUnknownOption(PostId)

/** A spreadsheet has taken a long id for a number, and what it left is that of many posts. */
const roundedId = /^\d(?:[.,]\d+)?E\+\d+$/i

const mediaWords: ReadonlyArray<readonly [RegExp, MediaKind]> = [
  [/reel|short|clips/, "short"],
  [/carousel|sidecar|album|gallery/, "carousel"],
  [/stor(?:y|ies)|historia/, "story"],
  [/live|stream|directo/, "live"],
  [/video|igtv|vod|movie/, "video"],
  [/image|photo|picture|imagen|foto/, "image"],
  [/audio|podcast|music/, "audio"],
  [/link|article|document|enlace/, "link"],
  [/text|status|tweet|note|texto/, "text"]
]

const parseMedia = (cell: string): MediaKind | undefined => {
  const words = cell.toLowerCase()
  return mediaWords.find(([pattern]) => pattern.test(words))?.[1]
}

const parseMetric = (cell: string, { style }: PostColumn): Outcome<number> => {
  if (isHidden(cell)) return missing
  const outcome = parseCount(cell, style)
  if (outcome._tag !== "Value" || Number.isInteger(outcome.value)) return outcome
  return value(Math.round(outcome.value), "fraction of a whole figure")
}

const parseTime = (cell: string, { dayOrder }: PostColumn): Outcome<number> => {
  const [, year, day, month] = yearFirst.exec(cell.trim()) ?? []
  const outcome = parseDate(year === undefined ? cell : `20${year}-${month}-${day}`, dayOrder)
  return outcome._tag === "Value" && !isObservable(outcome.value) ? invalid("this is in the future") : outcome
}

/** Some exports write the two signs `\n` where a line ends. */
const withLines = (text: string): string =>
  text.includes("\n") ? text : text.replaceAll("\\r\\n", "\n").replaceAll("\\n", "\n")

type Draft = { -readonly [K in keyof GivenPost]?: GivenPost[K] }

interface Work {
  readonly row: TableRow
  readonly cells: ReadonlyArray<string>
  readonly leftOut: Array<Problem>
  readonly repairs: Set<string>
}

/** Maps rows of posts by a plan. Pure. */
export class PostMapper {
  private readonly byRole: ReadonlyMap<PostRole, PostColumn>
  private readonly fit: RowFit

  /** `account`: whose posts they are where a row does not say it. */
  constructor(
    columns: ReadonlyArray<PostColumn>,
    private readonly platform: PlatformPlan,
    private readonly account: Identity | undefined,
    width: number,
    separator: string,
    private readonly trusting: boolean,
    private readonly mendedCounts: boolean
  ) {
    this.byRole = new Map(columns.map((column) => [column.role, column]))
    const passes = (column: PostColumn, parse: (cell: string, column: PostColumn) => Outcome<unknown>) => ({
      index: column.index,
      check: (cell: string): boolean => parse(cell, column)._tag !== "Invalid"
    })
    this.fit = new RowFit(
      columns.flatMap((column): ReadonlyArray<CellCheck> => {
        if (postMetricNames.some((name) => name === column.role)) return [passes(column, parseMetric)]
        return column.role === "publishedAt" || column.role === "observedAt"
          ? [passes(column, parseTime)]
          : []
      }),
      width,
      separator
    )
  }

  map(row: TableRow): Mapped<PostRow> {
    const fitted = this.fit.fit(row)
    if ("reason" in fitted) return this.reject(row, null, fitted.value, fitted.reason)
    const work: Work = { row, cells: fitted.cells, leftOut: [], repairs: new Set() }
    if (fitted.joined) work.repairs.add("cells")
    if (row.mended && this.mendedCounts) work.repairs.add("encoding")
    const author = this.author(work)
    if (author === undefined) return this.nobody(work)
    const platform = this.platformOf(work, author.platform)
    if (platform === undefined)
      return this.reject(
        row,
        "platform",
        this.cell(work, "platform"),
        "nothing says which platform it is on; pass --platform"
      )
    const publishedAt = this.time(work, "publishedAt")
    if (publishedAt === undefined)
      return this.reject(
        row,
        "publishedAt",
        this.cell(work, "publishedAt"),
        "it does not say when it was published"
      )
    return {
      row: {
        line: row.line,
        post: this.post(work, { author: makeProfileId(platform, author.handle), publishedAt }, platform)
      },
      rejected: undefined,
      leftOut: work.leftOut,
      repairs: [...work.repairs]
    }
  }

  private post(work: Work, begun: Pick<GivenPost, "author" | "publishedAt">, platform: Platform): GivenPost {
    const draft: Draft = {}
    const url = this.url(work)
    if (url !== undefined) draft.url = url
    const id = this.id(work, platform)
    if (id !== undefined) draft.id = id
    const observedAt = this.time(work, "observedAt")
    if (observedAt !== undefined) draft.observedAt = observedAt
    const title = this.text(work, "title").slice(0, maxPostTitle)
    if (title !== "") draft.title = title
    const media = parseMedia(this.cell(work, "media"))
    if (media !== undefined) draft.media = media
    const text = withLines(this.text(work, "text")).slice(0, maxPostText)
    return { ...draft, ...begun, text, metrics: this.metrics(work) }
  }

  private cell({ cells }: Work, role: PostRole): string {
    const column = this.byRole.get(role)
    return column === undefined ? "" : (cells[column.index] ?? "").trim()
  }

  private text(work: Work, role: PostRole): string {
    const cell = this.cell(work, role)
    if (isMissing(cell)) return ""
    const joined = cell.replaceAll(listSeparator, ", ")
    if (!mayBeMojibake.test(joined)) return joined
    const mended = repairMojibake(joined, this.trusting)
    if (mended.repaired) work.repairs.add("encoding")
    return mended.text
  }

  /** Whose post it is: the handle, else a link to the author, else the post's own, else the channel, else a name like a handle. */
  private author(work: Work): Identity | undefined {
    const channel = this.cell(work, "channelId")
    const name = this.text(work, "authorName")
    return (
      parseHandle(this.text(work, "author")) ??
      identityOfLink(this.cell(work, "authorUrl")) ??
      identityOfLink(this.cell(work, "url")) ??
      (isChannelId(channel) ? parseHandle(channel) : undefined) ??
      (isHandleLike(name) ? parseHandle(name) : undefined) ??
      this.account
    )
  }

  private nobody(work: Work): Mapped<PostRow> {
    const role = this.byRole.has("author") ? "author" : "authorName"
    const name = this.cell(work, role)
    const reason = /\s/.test(name)
      ? "nothing says whose post it is: this is no handle, it has blanks"
      : "nothing says whose post it is"
    return this.reject(work.row, role, name, reason)
  }

  private platformOf(work: Work, linked: Platform | undefined): Platform | undefined {
    if (this.platform.fixed) return this.platform.fallback
    return platformOf(this.cell(work, "platform")) ?? linked ?? this.platform.fallback
  }

  private time(work: Work, role: "publishedAt" | "observedAt"): Date | undefined {
    const column = this.byRole.get(role)
    if (column === undefined) return undefined
    const cell = this.cell(work, role)
    const outcome = parseTime(cell, column)
    // A row without its time of publication is rejected with it.
    if (outcome._tag === "Invalid" && role === "observedAt") this.leave(work, column, cell, outcome.reason)
    return outcome._tag === "Value" ? new Date(outcome.value) : undefined
  }

  private id(work: Work, platform: Platform): PostId | undefined {
    const column = this.byRole.get("id")
    const key = this.cell(work, "id")
    if (column === undefined || isMissing(key)) return undefined
    if (roundedId.test(key)) {
      this.leave(work, column, key, "a spreadsheet has rounded the id")
      return undefined
    }
    const bare = key.startsWith(`${platform}:`) ? key.slice(platform.length + 1) : key
    const id = Option.getOrUndefined(decodeId(`${platform}:${postKeyIn(platform, bare) ?? bare}`))
    if (id === undefined) this.leave(work, column, key, "this cannot be the key of a post")
    return id
  }

  private url(work: Work): string | undefined {
    const url = this.cell(work, "url")
    return /^https?:\/\/[^\s\p{C}]+$/u.test(url) && url.length <= maxPostUrl ? url : undefined
  }

  private metrics(work: Work): GivenPost["metrics"] {
    const metrics: { [M in PostMetricName]?: number } = {}
    for (const name of postMetricNames) {
      const column = this.byRole.get(name)
      if (column === undefined) continue
      const cell = this.cell(work, name)
      const outcome = parseMetric(cell, column)
      if (outcome._tag === "Invalid") this.leave(work, column, cell, outcome.reason)
      if (outcome._tag !== "Value") continue
      if (outcome.repaired !== undefined) work.repairs.add(outcome.repaired)
      metrics[name] = outcome.value
    }
    return metrics
  }

  private leave({ leftOut, row }: Work, column: PostColumn, cell: string, reason: string): void {
    leftOut.push({
      line: row.line,
      column: column.name,
      value: shortened(cell),
      reason: `value left out: ${reason}`
    })
  }

  private reject(row: TableRow, role: PostRole | null, text: string, reason: string): Mapped<PostRow> {
    const column = role === null ? null : (this.byRole.get(role)?.name ?? null)
    const rejected = { line: row.line, column, value: shortened(text), reason: `row rejected: ${reason}` }
    return { row: undefined, rejected, leftOut: [], repairs: [] }
  }
}
