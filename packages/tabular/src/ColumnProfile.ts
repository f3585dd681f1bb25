import { isKnownCategory } from "./Categories.ts"
import { countryCode } from "./Countries.ts"
import { identityOfLink, isChannelId, isHandleLike, isLink, nameWithHandle, platformOf } from "./Handles.ts"
import { listSeparator } from "./JsonRecords.ts"
import { languageCode } from "./Languages.ts"
import { isMissing, type MarkEvidence, markEvidence, parseBoolean, parseCount, parseDate } from "./Values.ts"

/** What the values of a column look like: shares (0 to 1) of the cells that hold anything. */
export interface ColumnProfile {
  /** Cells in the sample, and those that hold anything. */
  readonly cells: number
  readonly filled: number
  readonly distinct: number
  readonly count: number
  /** Whole numbers in digits only. */
  readonly plain: number
  readonly percent: number
  readonly fraction: number
  readonly country: number
  /** Countries written as names or in capitals: cannot be mistaken for a language. */
  readonly surelyCountry: number
  readonly language: number
  readonly boolean: number
  readonly link: number
  readonly profileLink: number
  readonly channelId: number
  readonly date: number
  readonly handleLike: number
  readonly lowerCase: number
  readonly atSign: number
  readonly blanks: number
  readonly withHandle: number
  readonly category: number
  readonly platform: number
  /** Whether the numbers rise by one from row to row. */
  readonly counter: boolean
  readonly marks: MarkEvidence
  readonly example: string
}

/** Cells looked at closely: enough for shares, few enough to keep the start quick. */
const closeCells = 200

const isOk = (outcome: { readonly _tag: string }): boolean => outcome._tag === "Value"

/** The first of several things in a cell. */
export const firstPart = (cell: string): string =>
  cell.replaceAll(listSeparator, ",").split(/[,;|]/)[0]?.trim() ?? ""

export const profileColumn = (cells: ReadonlyArray<string>): ColumnProfile => {
  const filled = cells.filter((cell) => !isMissing(cell))
  const close = filled.slice(0, closeCells).map((cell) => cell.trim())
  const total = Math.max(1, close.length)
  const share = (test: (cell: string) => boolean): number => {
    let passed = 0
    for (const cell of close) if (test(cell)) passed++
    return passed / total
  }
  const count = share((cell) => isOk(parseCount(cell)))
  const numeric = count > 0.95
  const text = numeric ? (): number => 0 : share
  return {
    cells: cells.length,
    filled: filled.length,
    distinct: new Set(close).size,
    count,
    plain: share((cell) => /^\d+$/.test(cell)),
    percent: share((cell) => /^[~<>≈]?\s*\d[\d.,]*\s*[%％]$/.test(cell)),
    fraction: share((cell) => /^\d*\.\d*[1-9]\d*$/.test(cell)),
    country: text((cell) => countryCode(cell) !== undefined),
    surelyCountry: text(
      (cell) => countryCode(cell) !== undefined && (cell.length > 3 || cell === cell.toUpperCase())
    ),
    language: text((cell) => languageCode(firstPart(cell)) !== undefined),
    boolean: share((cell) => isOk(parseBoolean(cell))),
    link: text(isLink),
    profileLink: text((cell) => identityOfLink(cell) !== undefined),
    channelId: text(isChannelId),
    date: share((cell) => isOk(parseDate(cell))),
    handleLike: share(isHandleLike),
    lowerCase: share((cell) => isHandleLike(cell) && cell === cell.toLowerCase()),
    atSign: text((cell) => cell.startsWith("@") && isHandleLike(cell)),
    blanks: text((cell) => /\s/.test(cell)),
    withHandle: text((cell) => nameWithHandle(cell, true) !== undefined),
    category: text((cell) => cell.split(listSeparator).join(",").split(/[,;|]/).some(isKnownCategory)),
    platform: text((cell) => platformOf(cell) !== undefined && !isLink(cell)),
    counter:
      (close.length > 2 || close[0] === "1") &&
      close
        .slice(1)
        .every((cell, index) => Number(cell) === Number(close[index]) + 1 && /^\d+\.?$/.test(cell)),
    marks: markEvidence(close),
    example: close[0]?.slice(0, 40) ?? ""
  }
}

/** In words for people: what the values are. */
export const describeProfile = (profile: ColumnProfile): string => {
  if (profile.filled === 0) return "no values"
  if (profile.percent >= 0.6) return "percentages"
  if (profile.count >= 0.8) {
    if (profile.counter) return "running numbers"
    if (profile.plain >= 0.95) return "whole numbers"
    return profile.fraction >= 0.3 ? "decimal numbers" : `numbers such as "${profile.example}"`
  }
  if (profile.channelId >= 0.8) return "YouTube channel ids"
  if (profile.profileLink >= 0.6) return "profile links"
  if (profile.link >= 0.6) return "links"
  if (profile.surelyCountry >= 0.6) return "country names"
  if (profile.date >= 0.8) return "dates"
  if (profile.boolean >= 0.8) return "yes and no"
  if (profile.platform >= 0.8) return "names of platforms"
  if (profile.category >= 0.6) return "topics"
  if (profile.withHandle >= 0.6) return "names with handles"
  if (profile.handleLike >= 0.9) return "single words, like handles"
  return "text"
}
