import { meaningOf, type Target } from "./HeaderMeaning.ts"
import { sampleRows, type Table, type TableEvent, type TableRow } from "./TableReader.ts"
import { shortened } from "./Text.ts"
import { type DayOrder, dayOrderOf, isMissing, parseDate } from "./Values.ts"

/** A date in the name of a column, and what else the name says. */
interface Dated {
  readonly date: string
  readonly rest: string
}

const dateWithin = /(?<![\d.])(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})(?![\d.])/
/** What stands between a date and a figure: `followers_2026-01-31`, `Views (31.01.2026)`. */
const joints = /^[\s_.:()[\]-]+|[\s_.:()[\]-]+$/g

const datedOf = (name: string): Dated | undefined => {
  const plain = name.replace(/ \[\d+\]$/, "")
  const within = dateWithin.exec(plain)
  if (within !== null) {
    const [date] = within
    const rest = `${plain.slice(0, within.index)} ${plain.slice(within.index + date.length)}`
    return { date, rest: rest.replace(joints, "") }
  }
  // Dates with the month's name, and without marks; not the numbers that could be seconds.
  const isDate = !/^\d{9,}$/.test(plain) && parseDate(plain)._tag === "Value"
  return isDate ? { date: plain, rest: "" } : undefined
}

/** Whether a column is named by a day. */
export const isDated = (name: string): boolean => datedOf(name) !== undefined

/** What says who an account is and what it is like; other undated columns are figures of one moment that nobody knows. */
const undated: ReadonlySet<Target | undefined> = new Set<Target | undefined>([
  undefined,
  ...(["handle", "person", "name", "channelId", "url", "platform"] as const),
  ...(["bio", "categories", "country", "language", "verified"] as const)
])

/** The figures of one day: the place of each in a row. */
interface Day {
  readonly iso: string
  readonly columns: ReadonlyMap<string, number>
}

interface Layout {
  readonly kept: ReadonlyArray<number>
  readonly days: ReadonlyArray<Day>
  readonly figures: ReadonlyArray<string>
}

/** Columns named by a date alone are about followers. */
const bareFigure = "followers"

const layoutOf = (names: ReadonlyArray<string>): Layout | undefined => {
  if (names.some((name) => meaningOf(name).target === "observedAt")) return undefined
  const dated = names.map(datedOf)
  const order: DayOrder = dayOrderOf(dated.flatMap((one) => one?.date ?? [])) ?? "month-day"
  const days = new Map<string, Map<string, number>>()
  for (const [index, one] of dated.entries()) {
    if (one === undefined) continue
    const parsed = parseDate(one.date, order)
    if (parsed._tag !== "Value") continue
    const iso = new Date(parsed.value).toISOString()
    const columns = days.get(iso) ?? new Map<string, number>()
    days.set(iso, columns)
    const figure = one.rest === "" ? bareFigure : one.rest.toLowerCase()
    if (!columns.has(figure)) columns.set(figure, index)
  }
  if (days.size < 2) return undefined
  const sorted = [...days]
    .map(([iso, columns]) => ({ iso, columns }))
    .sort((a, b) => (a.iso < b.iso ? -1 : 1))
  return {
    kept: names.flatMap((name, index) =>
      dated[index] === undefined && undated.has(meaningOf(name).target) ? [index] : []
    ),
    days: sorted,
    figures: [...new Set(sorted.flatMap(({ columns }) => [...columns.keys()]))]
  }
}

/** The cells of each day that has any; of a row without figures those of the first day, so that it is accounted for. */
const unfoldCells = (
  { days, figures, kept }: Layout,
  cells: ReadonlyArray<string>
): ReadonlyArray<ReadonlyArray<string>> => {
  const who = kept.map((index) => cells[index] ?? "")
  const rows = days.map(({ columns, iso }) => [
    ...who,
    iso,
    ...figures.map((figure) => cells[columns.get(figure) ?? -1] ?? "")
  ])
  const filled = rows.filter((row) => row.slice(who.length + 1).some((cell) => !isMissing(cell)))
  return filled.length === 0 ? rows.slice(0, 1) : filled
}

/** A table in another shape than the file's, and how its rows come of those of the file. */
export interface Reshaped {
  readonly table: Table
  readonly expand: (event: TableEvent) => ReadonlyArray<TableEvent>
}

/**
 * Turns a table with a column for each day (`handle, 2026-01-01, 2026-01-02`, also `views 2026-01-01`) into one with a row
 * for each: what its columns mean and whether its cells are in order is then found out as of any table. Undefined when
 * there are not at least two such columns, or when a column holds dates: then the rows are what they should be.
 */
export const unfold = (table: Table): Reshaped | undefined => {
  const layout = layoutOf(table.names)
  if (layout === undefined) return undefined
  const { days, figures, kept } = layout
  const names = [...kept.map((index) => table.names[index] ?? ""), "date", ...figures]
  const first = days[0]?.iso.slice(0, 10)
  const last = days.at(-1)?.iso.slice(0, 10)

  const expandRow = (row: TableRow): ReadonlyArray<TableEvent> =>
    row.cells.length > table.names.length
      ? [
          {
            _tag: "Reject",
            line: row.line,
            value: shortened(row.cells.join(table.delimiter ?? ", ")),
            reason: `the row has ${row.found} cells, the header has ${table.names.length}`
          }
        ]
      : unfoldCells(layout, row.cells).map((cells) => ({ ...row, cells, found: cells.length }))

  return {
    table: {
      ...table,
      names,
      notes: [
        ...table.notes,
        `The table has a column for each of ${days.length} days, ${first} to ${last}: each figure counts as a row.`
      ],
      sample: table.sample.flatMap((cells) => unfoldCells(layout, cells)).slice(0, sampleRows)
    },
    expand: (event) => (event._tag === "Row" ? expandRow(event) : [event])
  }
}
