/** What a cell turned out to be. `repaired` says what was mended in the text; undefined when it was in order. */
export type Outcome<A> =
  | { readonly _tag: "Value"; readonly value: A; readonly repaired: string | undefined }
  | { readonly _tag: "Missing" }
  | { readonly _tag: "Invalid"; readonly reason: string }

export const missing: Outcome<never> = { _tag: "Missing" }
export const invalid = (reason: string): Outcome<never> => ({ _tag: "Invalid", reason })
export const value = <A>(of: A, repaired?: string): Outcome<A> => ({ _tag: "Value", value: of, repaired })

const missingWords = new Set([
  ...[
    "",
    "nan",
    "null",
    "none",
    "nil",
    "n/a",
    "na",
    "n.a.",
    "n.a",
    "n/d",
    "nd",
    "s/d",
    "undefined",
    "(blank)",
    "blank"
  ],
  ...[
    "-",
    "--",
    "---",
    "–",
    "—",
    "?",
    "??",
    ".",
    "…",
    "unknown",
    "desconocido",
    "desconocida",
    "not available"
  ],
  ...[
    "no disponible",
    "not specified",
    "no especificado",
    "sin datos",
    "sin especificar",
    "no data",
    "hidden",
    "tbd"
  ],
  ...[
    "not found",
    "<na>",
    "nat",
    "unavailable",
    "empty",
    "vacío",
    "vacio",
    "ninguno",
    "ninguna",
    "\\n",
    "[]",
    "{}"
  ]
])
const spreadsheetError = /^#.*[!?]$|^#n\/[ad]$/

/** Whether a cell says that there is no value: empty, `nan`, `N/A'`, `-`, `#VALOR!`, `unknown` and the like. */
export const isMissing = (cell: string): boolean => {
  if (cell.length > 20) return cell.trim() === ""
  const text = cell
    .trim()
    .toLowerCase()
    .replace(/^['"]+|['"*]+$/g, "")
    .trim()
  return missingWords.has(text) || spreadsheetError.test(text)
}

/** How a column writes numbers: whether its points and commas are decimal marks when a number alone does not tell. */
export interface NumberStyle {
  readonly pointIsDecimal: boolean
  readonly commaIsDecimal: boolean
}

export const plainStyle: NumberStyle = { pointIsDecimal: true, commaIsDecimal: false }

const thousand = 1e3
const million = 1e6
const billion = 1e9

/** Words and letters behind a number, English, Spanish and some neighbours. */
const suffixes: ReadonlyMap<string, number> = new Map([
  ...(["k", "mil", "thousand", "thousands", "tsd", "th"] as const).map((word) => [word, thousand] as const),
  ...(
    [
      "m",
      "mm",
      "mn",
      "mln",
      "mio",
      "mill",
      "mills",
      "millon",
      "millones",
      "million",
      "millions",
      "mi"
    ] as const
  ).map((word) => [word, million] as const),
  ...(["b", "bn", "bln", "bi", "billion", "billions", "mrd", "mil millones", "g"] as const).map(
    (word) => [word, billion] as const
  ),
  ["t", 1e12],
  ["tn", 1e12],
  ["trillion", 1e12],
  ["lakh", 1e5],
  ["lac", 1e5],
  ["crore", 1e7],
  ["cr", 1e7]
])

const units =
  /\s*(?:followers?|seguidores|subscribers?|subs|suscriptores|fans|views?|vistas|visualizaciones|likes?|posts?|videos?|comments?|comentarios|people|personas)\s*$/i
const leadingMarks = /^(?:[~≈>≥+*'"=\s]|aprox\.?|approx\.?|about|c\.|ca\.)+/i
const trailingMarks = /(?:[~+*'"\s†‡]|\[\d+\])+$/
const numberForm = /^([\d.,  '’_]*\d[\d.,]*(?:e[+-]?\d+)?)\s*([\p{L}][\p{L} ]*)?\.?$/iu
const grouped = (separator: string): RegExp =>
  new RegExp(`^\\d{1,3}(?:\\${separator}\\d{2,3})*\\${separator}\\d{3}$`)
const groupedBy = { ".": grouped("."), ",": grouped(",") } as const
const spaced = /^\d{1,3}(?:[ '’_]\d{3})+(?:[.,]\d+)?$/

/** The number written in digits, points and commas; undefined when it is none. `scaled`: a suffix such as `k` follows. */
const digitsOf = (text: string, style: NumberStyle, scaled: boolean): number | undefined => {
  if (/e/i.test(text)) {
    const plain = text.replace(",", ".")
    return /^\d*\.?\d+e[+-]?\d+$/i.test(plain) || /^\d+\.e[+-]?\d+$/i.test(plain) ? Number(plain) : undefined
  }
  if (/[ '’_]/.test(text)) {
    if (!spaced.test(text)) return undefined
    return Number(text.replace(/[ '’_]/g, "").replace(",", "."))
  }
  const point = text.indexOf(".")
  const comma = text.indexOf(",")
  if (point === -1 && comma === -1) return Number(text)
  if (point !== -1 && comma !== -1) {
    const decimal = text.lastIndexOf(".") > text.lastIndexOf(",") ? "." : ","
    const thousands = decimal === "." ? "," : "."
    const [whole, fraction, more] = text.split(decimal)
    if (whole === undefined || fraction === undefined || more !== undefined) return undefined
    if (!groupedBy[thousands].test(whole)) return undefined
    return Number(`${whole.replaceAll(thousands, "")}.${fraction}`)
  }
  const mark = point === -1 ? "," : "."
  const [whole = "", fraction = "", more] = text.split(mark)
  if (more !== undefined) return groupedBy[mark].test(text) ? Number(text.replaceAll(mark, "")) : undefined
  const ambiguous = /^[1-9]\d{0,2}$/.test(whole) && fraction.length === 3
  const decimal = !ambiguous || scaled || (mark === "." ? style.pointIsDecimal : style.commaIsDecimal)
  if (fraction === "") return whole === "" ? undefined : Number(whole)
  return Number(decimal ? `${whole || "0"}.${fraction}` : whole + fraction)
}

const plainDigits = (cell: string): number => {
  if (cell.length === 0 || cell.length > 15) return -1
  let number = 0
  for (let at = 0; at < cell.length; at++) {
    const digit = cell.charCodeAt(at) - 48
    if (digit < 0 || digit > 9) return -1
    number = number * 10 + digit
  }
  return number
}

/** Removes the noise of binary fractions from scaled decimals: 475.8 million is 475800000. */
const rounded = (number: number): number => {
  const near = Math.round(number)
  return Math.abs(number - near) < 1e-6 * Math.max(1, Math.abs(number) / 1e6)
    ? near
    : Number(number.toPrecision(15))
}

/**
 * A count of accounts or events: `3.3k`, `475.8m`, `1,234,567`, `1.234.567`, `1 234 567`, `12,5 mil`, `2.28E+11`,
 * `477900000.00`; `unit` multiplies (a header "followers in millions"). Negative counts are invalid.
 */
export const parseCount = (cell: string, style: NumberStyle = plainStyle, unit = 1): Outcome<number> => {
  const fast = plainDigits(cell)
  if (fast >= 0) return value(fast * unit)
  if (isMissing(cell)) return missing
  if (cell.length > 60) return invalid("this is not a number")
  const normal = cell.normalize("NFKC").trim()
  const bare = normal.replace(leadingMarks, "").replace(trailingMarks, "")
  if (bare === "" || isMissing(bare)) return missing
  const negative = /^[-−–(]/.test(bare)
  const found = numberForm.exec(negative ? bare.replace(/^[-−–(]\s*|\)$/g, "") : bare.replace(units, ""))
  const digits = found?.[1]?.trim()
  if (digits === undefined) return invalid("this is not a number")
  const word = found?.[2]
    ?.normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .toLowerCase()
    .trim()
  const factor = word === undefined || word === "" ? 1 : suffixes.get(word.replace(/ (?:de|of)$/, ""))
  if (factor === undefined) return invalid("this is not a number")
  const number = digitsOf(digits, style, factor !== 1)
  if (number === undefined || !Number.isFinite(number)) return invalid("this is not a number")
  if (negative && number !== 0) return invalid("a count cannot be negative")
  // A unit in the header does not apply to numbers that carry their own.
  const count = rounded(number * (factor === 1 ? unit : factor))
  if (count > Number.MAX_SAFE_INTEGER) return invalid("the number is too large to be a count")
  return value(count, bare === normal ? undefined : "stray mark")
}

/** A rate in percent: `1.39%`, `1,39 %`, `1.39`; `factor` is 100 for columns that hold fractions. */
export const parsePercent = (cell: string, factor = 1): Outcome<number> => {
  const signed = /[%％]/.test(cell)
  const bare = signed ? cell.replace(/[%％]/g, "") : cell
  const outcome = parseCount(bare.trim(), { pointIsDecimal: true, commaIsDecimal: true })
  if (outcome._tag !== "Value") return outcome
  return value(signed ? outcome.value : rounded(outcome.value * factor), outcome.repaired)
}

const yes = new Set([
  "true",
  "yes",
  "y",
  "1",
  "1.0",
  "t",
  "si",
  "sí",
  "s",
  "verdadero",
  "verified",
  "verificado",
  "verificada",
  "✓",
  "✔",
  "✅",
  "☑",
  "on"
])
const no = new Set([
  "false",
  "no",
  "n",
  "0",
  "0.0",
  "f",
  "falso",
  "not verified",
  "unverified",
  "no verificado",
  "✗",
  "✘",
  "❌",
  "off"
])

export const parseBoolean = (cell: string): Outcome<boolean> => {
  const text = cell.trim().toLowerCase()
  if (yes.has(text)) return value(true)
  if (no.has(text)) return value(false)
  return isMissing(cell) ? missing : invalid("this is neither yes nor no")
}

export type DayOrder = "day-month" | "month-day"

const monthNames: ReadonlyArray<ReadonlyArray<string>> = [
  ["jan", "january", "ene", "enero"],
  ["feb", "february", "febrero"],
  ["mar", "march", "marzo"],
  ["apr", "april", "abr", "abril"],
  ["may", "mayo"],
  ["jun", "june", "junio"],
  ["jul", "july", "julio"],
  ["aug", "august", "ago", "agosto"],
  ["sep", "sept", "september", "septiembre", "setiembre"],
  ["oct", "october", "octubre"],
  ["nov", "november", "noviembre"],
  ["dec", "december", "dic", "diciembre"]
]
const monthOf = (name: string): number =>
  monthNames.findIndex((names) => names.includes(name.toLowerCase().replace(/\.$/, ""))) + 1

const earliest = Date.UTC(1990, 0, 1)
const latest = Date.UTC(2100, 0, 1)

const inRange = (millis: number): Outcome<number> =>
  millis >= earliest && millis < latest ? value(millis) : invalid("the date is outside 1990 to 2099")

const dateOf = (year: number, month: number, day: number, time: string | undefined): Outcome<number> => {
  const full = year < 100 ? 2000 + year : year
  const millis = Date.UTC(full, month - 1, day)
  const date = new Date(millis)
  if (month < 1 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day)
    return invalid("there is no such date")
  const clock =
    /^[T\s,]*(\d{1,2}):(\d{2})(?::(\d{2}))?(?:[.,]\d+)?\s*(am|pm)?\s*(Z|UTC|GMT|[+-]\d{2}:?\d{2})?$/i.exec(
      time ?? ""
    )
  if (time !== undefined && time.trim() !== "" && clock === null) return invalid("this is not a date")
  if (clock === null) return inRange(millis)
  const half = clock[4]?.toLowerCase()
  const hour = (Number(clock[1]) % (half === undefined ? 24 : 12)) + (half === "pm" ? 12 : 0)
  const zone = /^([+-])(\d{2}):?(\d{2})$/.exec(clock[5] ?? "")
  const offset = zone === null ? 0 : (zone[1] === "-" ? -1 : 1) * (Number(zone[2]) * 60 + Number(zone[3]))
  return inRange(millis + ((hour * 60 + Number(clock[2]) - offset) * 60 + Number(clock[3] ?? 0)) * 1000)
}

/** A moment in epoch ms, times without zone taken as UTC: ISO 8601, epoch seconds and milliseconds, and usual written dates. */
export const parseDate = (cell: string, order: DayOrder = "month-day"): Outcome<number> => {
  if (isMissing(cell)) return missing
  const text = cell.trim()
  if (text.length > 45) return invalid("this is not a date")
  const iso = /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})([T\s].*)?$/.exec(text)
  if (iso !== null) return dateOf(Number(iso[1]), Number(iso[2]), Number(iso[3]), iso[4])
  if (/^\d{8}$/.test(text) && /^(?:19|20)/.test(text))
    return dateOf(Number(text.slice(0, 4)), Number(text.slice(4, 6)), Number(text.slice(6)), undefined)
  if (/^\d{9,10}(?:\.\d+)?$/.test(text)) return inRange(Math.round(Number(text) * 1000))
  if (/^\d{12,13}$/.test(text)) return inRange(Number(text))
  const parts = /^(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})([T\s,].*)?$/.exec(text)
  if (parts !== null) {
    const first = Number(parts[1])
    const second = Number(parts[3])
    const dayFirst = first > 12 || (second <= 12 && (order === "day-month" || parts[2] === "."))
    return dateOf(Number(parts[4]), dayFirst ? second : first, dayFirst ? first : second, parts[5])
  }
  const named =
    /^(?:\p{L}+,\s*)?(?:(\d{1,2})(?:st|nd|rd|th)?[\s-]+(?:de\s+)?(\p{L}+)\.?|(\p{L}+)\.?[\s-]+(\d{1,2})(?:st|nd|rd|th)?),?[\s-]+(?:de\s+)?(\d{4})(.*)$/u.exec(
      text
    )
  if (named === null) return invalid("this is not a date")
  return dateOf(Number(named[5]), monthOf(named[2] ?? named[3] ?? ""), Number(named[1] ?? named[4]), named[6])
}

/** Day or month first, decided from all values of a column; undefined when none of them tells. */
export const dayOrderOf = (cells: Iterable<string>): DayOrder | undefined => {
  for (const cell of cells) {
    const parts = /^\s*(\d{1,2})[-/](\d{1,2})[-/]\d{2,4}\b/.exec(cell)
    if (parts === null) continue
    if (Number(parts[1]) > 12) return "day-month"
    if (Number(parts[2]) > 12) return "month-day"
  }
  return undefined
}

/** What the numbers of a column say about its marks. */
export interface MarkEvidence {
  pointDecimal: number
  pointThousands: number
  pointUnclear: number
  commaDecimal: number
  commaThousands: number
  commaUnclear: number
}

/** Counts, over the values of a column, what its points and commas must be, and how often that is unclear (`1.234`). */
export const markEvidence = (cells: Iterable<string>): MarkEvidence => {
  const evidence: MarkEvidence = {
    pointDecimal: 0,
    pointThousands: 0,
    pointUnclear: 0,
    commaDecimal: 0,
    commaThousands: 0,
    commaUnclear: 0
  }
  for (const cell of cells) {
    const text = cell.normalize("NFKC").replace(leadingMarks, "").trim()
    const number = /^\d[\d.,]*/.exec(text)?.[0].replace(/[.,]$/, "")
    if (number === undefined) continue
    const scaled = number.length < text.length && /^\s*\p{L}/u.test(text.slice(number.length))
    const points = number.split(".").length - 1
    const commas = number.split(",").length - 1
    if (points > 0 && commas > 0) {
      if (number.lastIndexOf(".") > number.lastIndexOf(",")) {
        evidence.pointDecimal++
        evidence.commaThousands++
      } else {
        evidence.commaDecimal++
        evidence.pointThousands++
      }
    } else if (points > 1) evidence.pointThousands++
    else if (commas > 1) evidence.commaThousands++
    else if (points === 1) {
      if (!scaled && /^[1-9]\d{0,2}\.\d{3}$/.test(number)) evidence.pointUnclear++
      else evidence.pointDecimal++
    } else if (commas === 1) {
      if (!scaled && /^[1-9]\d{0,2},\d{3}$/.test(number)) evidence.commaUnclear++
      else evidence.commaDecimal++
    }
  }
  return evidence
}

/**
 * How a count column writes numbers. Its own values decide; where all are like `1.234`, the mark separates thousands when
 * the figure is a whole number by nature or when the rest of the file (`decimalComma`) uses the other mark for decimals.
 */
export const numberStyle = (
  evidence: MarkEvidence,
  whole: boolean,
  decimalComma: boolean | undefined
): NumberStyle => {
  const pointIsDecimal =
    evidence.pointDecimal !== evidence.pointThousands
      ? evidence.pointDecimal > evidence.pointThousands
      : !whole && decimalComma !== true && evidence.pointUnclear < 3
  const commaIsDecimal =
    evidence.commaDecimal !== evidence.commaThousands
      ? evidence.commaDecimal > evidence.commaThousands
      : !whole && decimalComma === true
  return { pointIsDecimal, commaIsDecimal }
}
