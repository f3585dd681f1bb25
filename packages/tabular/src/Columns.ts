import type { ColumnReport } from "@influscope/domain/Imports"
import type { GivenFieldName } from "@influscope/domain/Observation"
import { type ColumnProfile, describeProfile, profileColumn } from "./ColumnProfile.ts"
import { FileUnreadable } from "./FileUnreadable.ts"
import { fieldOfScope, type Meaning, meaningOf, type Target, type Unscoped } from "./HeaderMeaning.ts"
import { type MapTarget, profileFields, readMapping } from "./Mapping.ts"
import { repairMojibake } from "./Mojibake.ts"
import type { Table } from "./TableReader.ts"
import {
  type DayOrder,
  dayOrderOf,
  type NumberStyle,
  numberStyle,
  parseCount,
  parsePercent,
  plainStyle
} from "./Values.ts"

/** What a column feeds once roles are settled. Several columns can feed `categories`; every other role has one. */
export type Role = GivenFieldName | "handle" | "channelId" | "platform" | "observedAt"

/** How one column is read. */
export interface ColumnUse {
  readonly index: number
  readonly name: string
  readonly role: Role
  readonly style: NumberStyle
  readonly unit: number
  /** 100 when the column holds fractions of one instead of percent. */
  readonly percentFactor: number
  readonly dayOrder: DayOrder
}

export interface ColumnPlan {
  readonly uses: ReadonlyArray<ColumnUse>
  readonly reports: ReadonlyArray<ColumnReport>
  readonly profiles: ReadonlyArray<ColumnProfile>
  readonly notes: ReadonlyArray<string>
}

interface Column {
  readonly index: number
  readonly name: string
  readonly profile: ColumnProfile
  readonly meaning: Meaning
  role: Role | undefined
  confidence: number
  why: string
}

const countRoles: ReadonlySet<string> = new Set([
  ...[
    "followers",
    "following",
    "posts",
    "avgLikes",
    "avgComments",
    "avgShares",
    "avgSaves",
    "avgViews",
    "avgImpressions"
  ],
  ...[
    "avgViewers",
    "totalLikes",
    "totalViews",
    "likes",
    "comments",
    "shares",
    "saves",
    "views",
    "impressions"
  ]
])
const wholeRoles: ReadonlySet<string> = new Set([
  "followers",
  "following",
  "posts",
  "totalLikes",
  "totalViews",
  "likes",
  "views"
])

export const isCountRole = (role: string): boolean => countRoles.has(role)

/** Whether the values can be what the header says. */
const fits = (target: Target | Role, profile: ColumnProfile): boolean => {
  if (profile.filled === 0) return true
  if (countRoles.has(target))
    return profile.count >= 0.6 && profile.percent < 0.5 && (target === "posts" || !isIds(profile))
  switch (target) {
    case "reportedEngagementRate":
      return profile.percent >= 0.5 || profile.count >= 0.6
    case "engagement":
      return profile.percent >= 0.5
    case "country":
      return profile.country >= 0.5
    case "language":
      return profile.language >= 0.5
    case "verified":
      return profile.boolean >= 0.6
    case "url":
      return profile.profileLink >= 0.5
    case "channelId":
      return profile.channelId >= 0.6
    case "observedAt":
      return profile.date >= 0.7
    case "platform":
      return profile.platform >= 0.6 || profile.profileLink >= 0.6
    case "handle":
      return (
        profile.handleLike + profile.profileLink + profile.withHandle >= 0.5 &&
        !profile.counter &&
        profile.fraction < 0.5
      )
    case "categories":
      return profile.count < 0.5 && profile.link < 0.5 && profile.date < 0.5 && profile.surelyCountry < 0.8
    case "name":
    case "person":
      return (
        profile.count < 0.8 &&
        profile.link - profile.profileLink < 0.5 &&
        profile.date < 0.8 &&
        !isCountries(profile)
      )
    default:
      return profile.count < 0.8
  }
}

const isCountries = (profile: ColumnProfile): boolean => profile.surelyCountry >= 0.8 && profile.filled >= 3

/** Long numbers of one length are keys, not figures. */
const isIds = (profile: ColumnProfile): boolean => /^\d{16,}$/.test(profile.example)

/** Nothing but "x" ticks something off rather than naming a platform. */
const isTicks = (profile: ColumnProfile): boolean => profile.distinct === 1 && /^x$/i.test(profile.example)

/** What values alone say a column is, strong signs only; numbers never. */
const roleByValues = (profile: ColumnProfile): Role | undefined => {
  if (profile.filled === 0) return undefined
  if (profile.channelId >= 0.8) return "channelId"
  if (profile.profileLink >= 0.8) return "url"
  if (profile.atSign >= 0.8) return "handle"
  if (profile.platform >= 0.9 && !isTicks(profile)) return "platform"
  if (profile.surelyCountry >= 0.8 && (profile.distinct > 1 || profile.filled === 1)) return "country"
  if (profile.category >= 0.6 && profile.distinct > 1) return "categories"
  return undefined
}

const settle = (column: Column, role: Role, confidence: number, why: string): void => {
  column.role = role
  column.confidence = Math.round(confidence * 100) / 100
  column.why = why
}

const leave = (column: Column, why: string): void => {
  column.role = undefined
  column.confidence = 0
  column.why = why
}

const quoted = (column: Column): string => `"${column.name}"`

const plainName = (column: Column): string => column.name.replace(/ \[\d+\]$/, "").toLowerCase()

const countOf = (cell: string | undefined, style: NumberStyle): number | undefined => {
  const outcome = cell === undefined ? undefined : parseCount(cell, style)
  return outcome?._tag === "Value" ? outcome.value : undefined
}

const median = (numbers: ReadonlyArray<number>): number | undefined => {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

/** Everything the steps of recognition look at. */
interface Recognition {
  readonly columns: ReadonlyArray<Column>
  readonly rows: ReadonlyArray<ReadonlyArray<string>>
  readonly decimalComma: boolean | undefined
  readonly dayFirst: boolean
}

const styleOf = (recognition: Recognition, column: Column, role: string): NumberStyle =>
  numberStyle(column.profile.marks, wholeRoles.has(role), recognition.decimalComma)

const taken = (recognition: Recognition, role: Role): Column | undefined =>
  recognition.columns.find((column) => column.role === role)

const open = (recognition: Recognition): ReadonlyArray<Column> =>
  recognition.columns.filter((column) => column.role === undefined && column.why === "")

/** How much better a column is for a figure than another of the same name: digits are more precise than `3.3k`. */
const precision = (column: Column): number =>
  column.profile.plain * 0.05 + (column.profile.filled > 0 ? 0.05 : 0)

const agreement = (recognition: Recognition, a: Column, b: Column): string => {
  let both = 0
  let agree = 0
  for (const row of recognition.rows) {
    const left = countOf(row[a.index], plainStyle)
    const right = countOf(row[b.index], plainStyle)
    if (left === undefined || right === undefined) continue
    both++
    if (Math.abs(left - right) <= 0.06 * Math.max(left, right)) agree++
  }
  return both === 0 ? "" : `; they agree in ${agree} of ${both} sampled rows`
}

const because = (column: Column, what: string): string =>
  `${what}; the values are ${describeProfile(column.profile)}`

/** Gives each figure and attribute to the column whose name says it best, provided the values agree. */
const assignNamed = (recognition: Recognition): void => {
  const candidates = open(recognition)
    .flatMap((column) => {
      const { target, confidence } = column.meaning
      return target === undefined || !isDirect(target)
        ? []
        : [{ column, role: target, score: confidence + precision(column) }]
    })
    .sort((a, b) => b.score - a.score || a.column.index - b.column.index)
  for (const { column, role } of candidates) {
    if (!fits(role, column.profile)) continue
    if (column.profile.filled === 0) {
      leave(column, `the name means ${role}, but the column holds no values in the sampled rows`)
      continue
    }
    const other = role === "categories" ? undefined : taken(recognition, role)
    if (other === undefined)
      settle(column, role, column.meaning.confidence, because(column, `the name means ${role}`))
    else if (plainName(other) === plainName(column))
      leave(
        column,
        `the same name and figure as ${quoted(other)}, which is the more precise one${agreement(recognition, column, other)}`
      )
    else leave(column, `the name means ${role} too, but ${quoted(other)} fits better`)
  }
}

const direct: ReadonlySet<Target> = new Set<Target>([
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
  ...([
    "avgImpressions",
    "avgViewers",
    "totalLikes",
    "totalViews",
    "reportedEngagementRate",
    "categories"
  ] as const),
  ...(["country", "language", "verified", "bio", "platform", "observedAt", "url", "channelId"] as const)
])
const isDirect = (target: Target): target is Role & Target => direct.has(target)

/**
 * Likes, views, ... without a word on their scope. Compared with the followers of the same rows (median of the ratio):
 * an average per post stays below the followers (likes at most once, views at most three times as many), a total over all
 * posts is far above (likes from three times, views from ten times as many). Between those, fractions tell an average.
 * Comments, shares and saves follow what was found for likes or views, since their ratio is small either way.
 */
const scopeByRatio = (
  figure: Unscoped,
  ratio: number | undefined,
  fractions: boolean
): "average" | "total" | undefined => {
  const [low, high] = figure === "views" ? [3, 10] : [1, 3]
  if (figure !== "views" && figure !== "likes") return fractions ? "average" : undefined
  if (ratio !== undefined && ratio <= low) return "average"
  if (ratio !== undefined && ratio >= high) return "total"
  return fractions ? "average" : undefined
}

const ratioToFollowers = (recognition: Recognition, column: Column): number | undefined => {
  const followers = taken(recognition, "followers")
  if (followers === undefined) return undefined
  const style = styleOf(recognition, column, "views")
  const followerStyle = styleOf(recognition, followers, "followers")
  const ratios = recognition.rows.flatMap((row) => {
    const figure = countOf(row[column.index], style)
    const base = countOf(row[followers.index], followerStyle)
    return figure === undefined || base === undefined || base === 0 || figure === 0 ? [] : [figure / base]
  })
  return median(ratios)
}

const unscoped = (target: Target | undefined): target is Unscoped =>
  target === "likes" ||
  target === "comments" ||
  target === "shares" ||
  target === "saves" ||
  target === "views" ||
  target === "impressions"

const assignUnscoped = (recognition: Recognition): void => {
  const columns = open(recognition)
    .filter((column) => unscoped(column.meaning.target) && fits(column.meaning.target, column.profile))
    .sort((a, b) => precision(b) - precision(a) || a.index - b.index)
  const judged = columns.flatMap((column) => {
    const figure = column.meaning.target
    if (!unscoped(figure)) return []
    const ratio = ratioToFollowers(recognition, column)
    return [{ column, figure, ratio, scope: scopeByRatio(figure, ratio, column.profile.fraction > 0.005) }]
  })
  const lead =
    judged.find((one) => one.figure === "likes" && one.scope !== undefined) ??
    judged.find((one) => one.figure === "views" && one.scope !== undefined)
  for (const { column, figure, ratio, scope } of judged) {
    const decided = scope ?? lead?.scope
    if (decided === undefined) {
      leave(
        column,
        `nothing tells whether these ${figure} are an average per post or a total: map the column by hand`
      )
      continue
    }
    const evidence =
      scope === undefined && lead !== undefined
        ? `${quoted(lead.column)} is one`
        : ratio === undefined
          ? "they have fractions"
          : `the median is ${Number(ratio.toPrecision(2))} times the followers${column.profile.fraction > 0.005 ? " and they have fractions" : ""}`
    const meant = decided === "average" ? "an average per post" : "a total over all posts"
    const field = fieldOfScope(figure, decided)
    if (field === undefined) {
      leave(column, `the values are ${meant} (${evidence}), and there is no field for such ${figure}`)
      continue
    }
    const other = taken(recognition, field)
    if (other === undefined)
      settle(
        column,
        field,
        column.meaning.confidence * 0.85,
        because(column, `the name means ${figure}; ${meant}, since ${evidence}`)
      )
    else if (plainName(other) === plainName(column))
      leave(
        column,
        `the same name and figure as ${quoted(other)}, which is the more precise one${agreement(recognition, column, other)}`
      )
    else leave(column, `${meant} (${evidence}), but ${quoted(other)} already gives ${field}`)
  }
}

/** An engagement column without the word rate is a rate when its values are percentages. */
const assignEngagement = (recognition: Recognition): void => {
  for (const column of open(recognition)) {
    if (column.meaning.target !== "engagement") continue
    const other = taken(recognition, "reportedEngagementRate")
    if (fits("engagement", column.profile) && other === undefined)
      settle(
        column,
        "reportedEngagementRate",
        column.meaning.confidence * 0.9,
        because(column, "the name means engagement")
      )
    else if (other !== undefined) leave(column, `${quoted(other)} already gives the engagement rate`)
    else leave(column, because(column, "the name means engagement, a count we have no field for"))
  }
}

/** A column that names the account and holds links to profiles is the link, whatever it is called. */
const assignLinks = (recognition: Recognition): void => {
  for (const column of open(recognition)) {
    const { target, confidence } = column.meaning
    const naming = target === "person" || target === "name" || target === "handle" || target === "channelId"
    if (!naming || column.profile.profileLink < 0.6 || taken(recognition, "url") !== undefined) continue
    settle(column, "url", confidence * 0.9, because(column, "the name means the account"))
  }
}

/** Who the row is about: the handle and the display name, told apart by their values where names do not. */
const assignIdentity = (recognition: Recognition): void => {
  const candidates = (target: Target): ReadonlyArray<Column> =>
    open(recognition).filter(
      (column) =>
        column.meaning.target === target && fits(target, column.profile) && column.profile.filled > 0
    )
  const likeness = (column: Column): number =>
    column.profile.handleLike +
    column.profile.lowerCase * 0.5 +
    column.profile.atSign +
    column.profile.withHandle +
    column.profile.profileLink
  const byLikeness = (columns: ReadonlyArray<Column>): ReadonlyArray<Column> =>
    columns.toSorted((a, b) => likeness(b) - likeness(a) || a.index - b.index)
  if (taken(recognition, "handle") === undefined) {
    const strict = byLikeness(candidates("handle"))[0]
    if (strict !== undefined)
      settle(strict, "handle", strict.meaning.confidence, because(strict, "the name means handle"))
  }
  const people = byLikeness(candidates("person"))
  const other = taken(recognition, "url") ?? taken(recognition, "channelId")
  const person = people[0]
  if (taken(recognition, "handle") === undefined && person !== undefined) {
    const second = people[1]
    const carries =
      person.profile.withHandle >= 0.5 || person.profile.profileLink >= 0.5 || person.profile.atSign >= 0.5
    const compared =
      second === undefined ? "" : `; of the names it is more like handles than ${quoted(second)}`
    if (other === undefined || carries || (second !== undefined && person.profile.handleLike >= 0.9))
      settle(
        person,
        "handle",
        person.meaning.confidence *
          Math.min(0.95, person.profile.handleLike + person.profile.withHandle + person.profile.profileLink),
        because(
          person,
          `the name means the account${compared}${person.profile.handleLike + person.profile.withHandle < 0.8 ? "; names with blanks are no handles and their rows are rejected" : ""}`
        )
      )
  }
  if (taken(recognition, "name") === undefined) {
    const display =
      candidates("name")[0] ?? candidates("person").toSorted((a, b) => likeness(a) - likeness(b))[0]
    if (display !== undefined)
      settle(
        display,
        "name",
        display.meaning.confidence * 0.95,
        because(display, "the name means the display name")
      )
  }
  if (taken(recognition, "handle") === undefined && other === undefined) {
    const name = recognition.columns.find(
      (column) => column.role === "name" && column.profile.handleLike >= 0.1
    )
    if (name !== undefined)
      settle(
        name,
        "handle",
        0.3,
        because(name, "there is no column of handles, so names of one word are taken as handles")
      )
  }
}

const assignByValues = (recognition: Recognition, wanted: (role: Role) => boolean): void => {
  for (const column of open(recognition)) {
    const { target } = column.meaning
    const role = roleByValues(column.profile)
    if (role !== undefined && !wanted(role)) continue
    const contradiction =
      target === undefined || fits(target, column.profile)
        ? undefined
        : `the header says ${target}, but the values are ${describeProfile(column.profile)}`
    if (target !== undefined && contradiction === undefined) continue
    // Ids of other kinds than channels are no contradiction, only of no use.
    if (target === "channelId" && role === undefined) continue
    if (role === undefined || (target === undefined && column.meaning.reason !== "" && role !== "country")) {
      if (contradiction !== undefined && column.profile.filled > 0 && wanted("name"))
        leave(column, `${contradiction}: not used`)
      continue
    }
    const other = role === "categories" ? undefined : taken(recognition, role)
    if (other !== undefined)
      leave(
        column,
        `${contradiction ?? `the values are ${describeProfile(column.profile)}`}; ${quoted(other)} already gives ${role}`
      )
    else if (contradiction !== undefined) settle(column, role, 0.6, `${contradiction}: re-mapped to ${role}`)
    else
      settle(
        column,
        role,
        0.6,
        `the name is not known, but the values are ${describeProfile(column.profile)}`
      )
  }
}

const leaveRest = (recognition: Recognition): void => {
  for (const column of open(recognition)) {
    const { target, reason } = column.meaning
    const what = describeProfile(column.profile)
    if (column.profile.filled === 0) leave(column, "the column holds no values in the sampled rows")
    else if (target === "channelId") leave(column, "not used: an id that is no handle")
    else if (target !== undefined)
      leave(
        column,
        `the name means ${target}, which another column gives or which is not needed; the values are ${what}`
      )
    else if (reason !== "") leave(column, `not used: ${reason}; the values are ${what}`)
    else if (column.profile.counter) leave(column, "not used: running numbers, a rank")
    else leave(column, `the name is not known; the values are ${what}`)
  }
}

const applyMapping = (recognition: Recognition, mapping: ReadonlyMap<number, MapTarget>): void => {
  for (const [index, target] of mapping) {
    const column = recognition.columns[index]
    if (column === undefined) continue
    if (target === "ignore") leave(column, "left out by --map")
    else settle(column, target, 1, because(column, "mapped by hand"))
  }
}

/** Whether numbers in the file use the comma for decimals; undefined when nothing tells. */
const usesDecimalComma = (profiles: ReadonlyArray<ColumnProfile>): boolean | undefined => {
  let comma = 0
  let point = 0
  for (const { count, marks, percent } of profiles) {
    if (count + percent < 0.6) continue
    comma += marks.commaDecimal + marks.pointThousands
    point += marks.pointDecimal + marks.commaThousands
  }
  return comma === point ? undefined : comma > point
}

/** Fractions of one or percent: percent signs and the header tell; then how close likes over followers come; then size. */
const percentFactorOf = (
  recognition: Recognition,
  column: Column
): { readonly factor: number; readonly why: string } => {
  const percent = { factor: 1, why: "" }
  if (column.profile.percent > 0 || /%|percent|pct|porcentaje/i.test(column.name)) return percent
  const values = recognition.rows.flatMap((row) => {
    const outcome = parsePercent(row[column.index] ?? "")
    return outcome._tag === "Value" ? [{ rate: outcome.value, row }] : []
  })
  if (values.length === 0 || values.some(({ rate }) => rate > 1)) return percent
  const fraction = {
    factor: 100,
    why: "; all are at most 1, so they are read as fractions and turned into percent"
  }
  const followers = taken(recognition, "followers")
  const likes = taken(recognition, "avgLikes")
  if (followers !== undefined && likes !== undefined) {
    const ratios = values.flatMap(({ rate, row }) => {
      const base = countOf(row[followers.index], styleOf(recognition, followers, "followers"))
      const liked = countOf(row[likes.index], styleOf(recognition, likes, "avgLikes"))
      return base === undefined || liked === undefined || base === 0 || liked === 0
        ? []
        : [rate / (liked / base)]
    })
    const typical = median(ratios)
    if (typical !== undefined) return typical < 10 ? fraction : percent
  }
  return values.length >= 20 || values.every(({ rate }) => rate < 0.3) ? fraction : percent
}

const useOf = (recognition: Recognition, column: Column): ReadonlyArray<ColumnUse> => {
  const { role } = column
  if (role === undefined) return []
  const percent =
    role === "reportedEngagementRate" ? percentFactorOf(recognition, column) : { factor: 1, why: "" }
  column.why += percent.why
  const style = styleOf(recognition, column, role)
  if (isCountRole(role)) {
    const { marks } = column.profile
    if (marks.pointUnclear > 0 && !style.pointIsDecimal) column.why += "; points separate thousands"
    if (marks.commaUnclear > 0 && style.commaIsDecimal) column.why += "; commas are decimal marks"
    if (column.meaning.unit !== 1) column.why += `; the header says times ${column.meaning.unit}`
  }
  const cells = recognition.rows.map((row) => row[column.index] ?? "")
  const told = role === "observedAt" ? dayOrderOf(cells) : undefined
  const dayOrder = told ?? (recognition.dayFirst ? "day-month" : "month-day")
  if (
    role === "observedAt" &&
    told === undefined &&
    cells.some((cell) => /^\d{1,2}[/-]\d{1,2}[/-]/.test(cell))
  )
    column.why += `; nothing tells day from month, read as ${dayOrder}`
  return [
    {
      index: column.index,
      name: column.name,
      role,
      style,
      unit: column.meaning.unit,
      percentFactor: percent.factor,
      dayOrder
    }
  ]
}

/** A channel id is the identity where there is no handle, and otherwise makes the link. */
const idFeeds = (recognition: Recognition): string | null => {
  if (taken(recognition, "handle") === undefined) return "handle"
  return taken(recognition, "url") === undefined ? "url" : null
}

const spanish =
  /\b(?:seguidores|suscriptores|nombre|usuario|pais|país|categor[ií]a|publicaciones|fecha|idioma|me gusta)\b/i

/**
 * Decides what each column of a table feeds, by its name and by the values of the sampled rows. What the caller maps wins.
 * Fails with `mapping` when that does not fit the table.
 */
export const planColumns = (
  table: Table,
  map: ReadonlyArray<string>,
  trusting: boolean
): ColumnPlan | FileUnreadable => {
  const mapping = readMapping(map, table.names, profileFields)
  if (mapping instanceof FileUnreadable) return mapping
  const columns = table.names.map((name, index): Column => {
    const cells = table.sample.map((row) => repairMojibake(row[index] ?? "", trusting).text)
    return {
      index,
      name,
      profile: profileColumn(cells),
      meaning: meaningOf(name.replace(/ \[\d+\]$/, "")),
      role: undefined,
      confidence: 0,
      why: ""
    }
  })
  const profiles = columns.map((column) => column.profile)
  const decimalComma = usesDecimalComma(profiles)
  const recognition: Recognition = {
    columns,
    rows: table.sample,
    decimalComma,
    dayFirst:
      decimalComma === true || table.delimiter === ";" || table.names.some((name) => spanish.test(name))
  }
  applyMapping(recognition, mapping)
  assignNamed(recognition)
  assignUnscoped(recognition)
  assignEngagement(recognition)
  assignByValues(recognition, (role) => role === "url" || role === "channelId")
  assignLinks(recognition)
  assignIdentity(recognition)
  assignByValues(recognition, () => true)
  leaveRest(recognition)
  const uses = columns.flatMap((column) => useOf(recognition, column))
  return {
    uses,
    profiles,
    reports: columns.map((column) => ({
      name: column.name,
      mappedTo: column.role === "channelId" ? idFeeds(recognition) : (column.role ?? null),
      confidence: column.confidence,
      why: column.why
    })),
    notes: decimalComma === true ? ["Numbers use the comma as decimal mark."] : []
  }
}
