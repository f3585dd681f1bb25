import { isObservable, type ProfileFields } from "@influscope/domain/Observation"
import type { Platform } from "@influscope/domain/Platform"
import { parseCategories } from "./Categories.ts"
import { firstPart } from "./ColumnProfile.ts"
import { type ColumnPlan, type ColumnUse, isCountRole, type Role } from "./Columns.ts"
import { parseCountry } from "./Countries.ts"
import type { Mapped, Problem } from "./FileReader.ts"
import {
  channelUrl,
  type Identity,
  identityOfLink,
  isChannelId,
  isHandleLike,
  nameWithHandle,
  parseHandle,
  platformOf
} from "./Handles.ts"
import { listSeparator } from "./JsonRecords.ts"
import { parseLanguage } from "./Languages.ts"
import { mayBeMojibake, repairMojibake } from "./Mojibake.ts"
import type { PlatformPlan } from "./PlatformEvidence.ts"
import { type CellCheck, RowFit } from "./RowFit.ts"
import type { TableRow } from "./TableReader.ts"
import { shortened } from "./Text.ts"
import {
  invalid,
  isMissing,
  missing,
  type Outcome,
  parseBoolean,
  parseCount,
  parseDate,
  parsePercent,
  value
} from "./Values.ts"

/** A row that names an account, and what it says about it. */
export interface ProfileRow {
  readonly line: number
  readonly platform: Platform
  /** Normalized: see `normalizeHandle`. */
  readonly handle: string
  /** Epoch ms, when the row itself says when its figures were true. */
  readonly observedAt: number | undefined
  readonly fields: ProfileFields
}

type MutableFields = { -readonly [K in keyof ProfileFields]: ProfileFields[K] }
type CountField =
  | "followers"
  | "following"
  | "posts"
  | "avgLikes"
  | "avgComments"
  | "avgShares"
  | "avgSaves"
  | "avgViews"
  | "avgImpressions"
  | "avgViewers"
  | "totalLikes"
  | "totalViews"

const countFields: ReadonlyArray<CountField> = [
  ...([
    "followers",
    "following",
    "posts",
    "avgLikes",
    "avgComments",
    "avgShares",
    "avgSaves",
    "avgViews"
  ] as const),
  ...(["avgImpressions", "avgViewers", "totalLikes", "totalViews"] as const)
]
const wholeFields: ReadonlySet<CountField> = new Set<CountField>([
  "followers",
  "following",
  "posts",
  "totalLikes",
  "totalViews"
])

const maxTextLength = 5_000

/** State of one row being mapped. */
interface Work {
  readonly row: TableRow
  readonly fields: MutableFields
  readonly leftOut: Array<Problem>
  readonly repairs: Set<string>
}

type Apply = (cell: string, work: Work) => void

const textOf = (cell: string): Outcome<string> => {
  if (isMissing(cell)) return missing
  // Text cannot keep the mark that separates the items of JSON arrays.
  const text = cell.replaceAll(listSeparator, ", ").trim()
  return value(text.length > maxTextLength ? text.slice(0, maxTextLength) : text)
}

const problemIn = (work: Work, use: ColumnUse, cell: string, reason: string): Problem => ({
  line: work.row.line,
  column: use.name,
  value: shortened(cell),
  reason: `value left out: ${reason}`
})

/** Parses a cell, again with its encoding repaired when that was wrong, and books what was mended or left out. */
const read = <A>(
  use: ColumnUse,
  parse: (cell: string) => Outcome<A>,
  store: (fields: MutableFields, of: A) => void,
  trusting: boolean
): Apply => {
  return (cell, work) => {
    if (cell === "") return
    let outcome: Outcome<A>
    if (mayBeMojibake.test(cell)) {
      const mended = repairMojibake(cell, trusting)
      if (mended.repaired) work.repairs.add("encoding")
      outcome = parse(mended.text)
    } else outcome = parse(cell)
    if (outcome._tag === "Value") {
      if (outcome.repaired !== undefined) work.repairs.add(outcome.repaired)
      store(work.fields, outcome.value)
    } else if (outcome._tag === "Invalid") work.leftOut.push(problemIn(work, use, cell, outcome.reason))
  }
}

const countApply = (use: ColumnUse, field: CountField, trusting: boolean): Apply => {
  const whole = wholeFields.has(field)
  return read(
    use,
    (cell) => {
      const outcome = parseCount(cell, use.style, use.unit)
      if (outcome._tag !== "Value" || !whole || Number.isInteger(outcome.value)) return outcome
      return value(Math.round(outcome.value), "fraction of a whole figure")
    },
    (fields, of) => {
      fields[field] = of
    },
    trusting
  )
}

const applyOf = (use: ColumnUse, trusting: boolean): Apply | undefined => {
  const field = countFields.find((name) => name === use.role)
  if (field !== undefined) return countApply(use, field, trusting)
  switch (use.role) {
    case "reportedEngagementRate":
      return read(
        use,
        (cell) => parsePercent(cell, use.percentFactor),
        (fields, of) => {
          fields.reportedEngagementRate = of
        },
        trusting
      )
    case "country":
      return read(
        use,
        remembered(parseCountry),
        (fields, of) => {
          fields.country = of
        },
        trusting
      )
    case "language":
      return read(
        use,
        remembered((cell) => parseLanguage(firstPart(cell))),
        (fields, of) => {
          fields.language = of
        },
        trusting
      )
    case "verified":
      return read(
        use,
        parseBoolean,
        (fields, of) => {
          fields.verified = of
        },
        trusting
      )
    case "bio":
      return read(
        use,
        textOf,
        (fields, of) => {
          fields.bio = of
        },
        trusting
      )
    case "name":
      return read(
        use,
        nameOnly,
        (fields, of) => {
          fields.name = of
        },
        trusting
      )
    case "categories":
      return read(
        use,
        remembered(parseCategories),
        (fields, of) => {
          fields.categories =
            fields.categories === undefined ? of : Array.from(new Set([...fields.categories, ...of]))
        },
        trusting
      )
    default:
      return undefined
  }
}

/** A name without the handle in brackets behind it. In `Pina | IG: @pina` the handle is part of what the name says. */
const nameOnly = (cell: string): Outcome<string> => {
  const name = /[([@]/.test(cell) ? nameWithHandle(cell, false)?.name : undefined
  const announces =
    name !== undefined && (/[:=]$/.test(name) || platformOf(name.split(/\s+/).at(-1) ?? "") !== undefined)
  return textOf(announces ? cell : (name ?? cell))
}

const rememberedValues = 5_000

/** Columns of few distinct values are parsed once per value. */
const remembered = <A>(parse: (cell: string) => Outcome<A>): ((cell: string) => Outcome<A>) => {
  const seen = new Map<string, Outcome<A>>()
  return (cell) => {
    const known = seen.get(cell)
    if (known !== undefined) return known
    const outcome = parse(cell)
    if (seen.size < rememberedValues && cell.length <= 200) seen.set(cell, outcome)
    return outcome
  }
}

/** Whether a cell can stand in a column read this way; used to fit rows with too many or too few cells. */
const checkOf = (use: ColumnUse): ((cell: string) => boolean) | undefined => {
  const passes = (parse: (cell: string) => Outcome<unknown>) => (cell: string) =>
    parse(cell)._tag !== "Invalid"
  if (isCountRole(use.role)) return passes((cell) => parseCount(cell, use.style))
  switch (use.role) {
    case "reportedEngagementRate":
      return passes(parsePercent)
    case "country":
      return passes(parseCountry)
    case "language":
      return passes(parseLanguage)
    case "verified":
      return passes(parseBoolean)
    case "observedAt":
      return passes(parseDate)
    case "url":
      return (cell) => isMissing(cell) || identityOfLink(cell) !== undefined
    case "handle":
      return (cell) => isHandleLike(cell) || identityOfLink(cell) !== undefined
    default:
      return undefined
  }
}

interface Settled {
  readonly platform: Platform
  readonly identity: Identity
  readonly channelId: string | undefined
}

/** Maps rows by a plan. Pure but for its memory of values parsed before. */
export class RowMapper {
  private readonly applies: ReadonlyArray<{ readonly index: number; readonly apply: Apply }>
  private readonly fit: RowFit
  private readonly byRole = new Map<Role, ColumnUse>()

  constructor(
    private readonly columns: ColumnPlan,
    private readonly platform: PlatformPlan,
    width: number,
    separator: string,
    private readonly trusting: boolean,
    private readonly mendedCounts: boolean
  ) {
    for (const use of columns.uses) if (!this.byRole.has(use.role)) this.byRole.set(use.role, use)
    this.applies = columns.uses.flatMap((use) => {
      const apply = applyOf(use, trusting)
      return apply === undefined ? [] : [{ index: use.index, apply }]
    })
    const checks = [
      ...columns.uses.flatMap((use) => {
        const check = checkOf(use)
        return check === undefined ? [] : [{ index: use.index, check }]
      }),
      ...this.unusedNumbers()
    ]
    this.fit = new RowFit(checks, width, separator)
  }

  map(row: TableRow): Mapped<ProfileRow> {
    const repairs = new Set<string>()
    if (row.mended && this.mendedCounts) repairs.add("encoding")
    const fitted = this.fit.fit(row)
    if ("reason" in fitted) return this.reject(row, null, fitted.value, fitted.reason)
    const { cells } = fitted
    if (fitted.joined) repairs.add("cells")
    const settled = this.identify(row, cells, repairs)
    if (!("identity" in settled)) return { row: undefined, rejected: settled, leftOut: [], repairs: [] }
    const work: Work = { row, fields: {}, leftOut: [], repairs }
    for (const { index, apply } of this.applies) apply(cells[index] ?? "", work)
    const { identity, channelId } = settled
    if (work.fields.name === undefined && identity.name !== undefined) work.fields.name = identity.name
    const url = this.urlOf(cells, identity, channelId)
    if (url !== undefined) work.fields.url = url
    return {
      row: {
        line: row.line,
        platform: settled.platform,
        handle: identity.handle,
        observedAt: this.observedAt(cells, work),
        fields: work.fields
      },
      rejected: undefined,
      leftOut: work.leftOut,
      repairs: repairs.size === 0 ? [] : Array.from(repairs)
    }
  }

  private cell(cells: ReadonlyArray<string>, role: Role): string {
    const use = this.byRole.get(role)
    return use === undefined ? "" : (cells[use.index] ?? "").trim()
  }

  private mend(cell: string, repairs: Set<string>): string {
    if (!mayBeMojibake.test(cell)) return cell
    const mended = repairMojibake(cell, this.trusting)
    if (mended.repaired) repairs.add("encoding")
    return mended.text
  }

  private reject(row: TableRow, column: string | null, text: string, reason: string): Mapped<ProfileRow> {
    return { row: undefined, rejected: this.problem(row, column, text, reason), leftOut: [], repairs: [] }
  }

  private problem(row: TableRow, column: string | null, text: string, reason: string): Problem {
    return { line: row.line, column, value: shortened(text), reason: `row rejected: ${reason}` }
  }

  /** Whose row it is: the handle column, else the link, else the channel id. */
  private identify(row: TableRow, cells: ReadonlyArray<string>, repairs: Set<string>): Settled | Problem {
    const use = this.byRole.get("handle")
    const text = this.mend(this.cell(cells, "handle"), repairs)
    const linked = identityOfLink(this.cell(cells, "url"))
    const id = this.cell(cells, "channelId")
    const channelId = isChannelId(id) ? id : isChannelId(text) ? text : undefined
    const shared = use !== undefined && this.byRole.get("name") === use
    const own = use === undefined || (shared && !isHandleLike(text)) ? undefined : this.ownIdentity(text)
    const identity = own ?? linked ?? (channelId === undefined ? undefined : parseHandle(channelId))
    if (identity === undefined) return this.nobody(row, use, text)
    const platform = this.platformOf(cells, own?.platform ?? linked?.platform)
    if (platform === undefined) {
      const column = this.byRole.get("platform")?.name ?? null
      return this.problem(
        row,
        column,
        this.cell(cells, "platform"),
        "nothing says which platform the account is on; pass --platform"
      )
    }
    const cell = platformOf(this.cell(cells, "platform"))
    if (cell !== undefined && cell !== platform)
      return this.problem(
        row,
        this.byRole.get("platform")?.name ?? null,
        this.cell(cells, "platform"),
        `the row is of ${cell}, the import is of ${platform}`
      )
    const said = own?.platform ?? linked?.platform
    if (said !== undefined && said !== platform && this.platform.fixed)
      return this.problem(
        row,
        this.byRole.get("url")?.name ?? use?.name ?? null,
        linked?.url ?? text,
        `the link leads to ${said}, the import is of ${platform}`
      )
    return { platform, identity, channelId }
  }

  private ownIdentity(text: string): Identity | undefined {
    return text === "" ? undefined : parseHandle(text)
  }

  private nobody(row: TableRow, use: ColumnUse | undefined, text: string): Problem {
    const column = use?.name ?? this.byRole.get("url")?.name ?? this.byRole.get("channelId")?.name ?? null
    const reason = isMissing(text)
      ? "there is no handle, so nobody can be found by it"
      : /\s/.test(text)
        ? "this is not a handle: it has blanks"
        : "this is not a handle"
    return this.problem(row, column, text, reason)
  }

  private platformOf(cells: ReadonlyArray<string>, linked: Platform | undefined): Platform | undefined {
    if (this.platform.fixed) return this.platform.fallback
    return platformOf(this.cell(cells, "platform")) ?? linked ?? this.platform.fallback
  }

  private urlOf(
    cells: ReadonlyArray<string>,
    identity: Identity,
    channelId: string | undefined
  ): string | undefined {
    const text = this.cell(cells, "url")
    const linked = text === "" ? undefined : identityOfLink(text)
    return linked?.url ?? identity.url ?? (channelId === undefined ? undefined : channelUrl(channelId))
  }

  private observedAt(cells: ReadonlyArray<string>, work: Work): number | undefined {
    const use = this.byRole.get("observedAt")
    if (use === undefined) return undefined
    const cell = cells[use.index] ?? ""
    const outcome = parseDate(cell, use.dayOrder)
    if (outcome._tag === "Invalid") work.leftOut.push(problemIn(work, use, cell, outcome.reason))
    if (outcome._tag !== "Value") return undefined
    if (isObservable(outcome.value)) return outcome.value
    work.leftOut.push(problemIn(work, use, cell, "this is in the future"))
    return undefined
  }

  /** Columns that are not used still tell where a cell belongs when they hold nothing but numbers. */
  private unusedNumbers(): ReadonlyArray<CellCheck> {
    const used = new Set(this.columns.uses.map((use) => use.index))
    return this.columns.profiles.flatMap((profile, index) =>
      used.has(index) || profile.count < 0.99 || profile.filled === 0
        ? []
        : [{ index, check: (cell: string): boolean => parseCount(cell)._tag !== invalid("")._tag }]
    )
  }
}
