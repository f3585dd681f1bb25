import { squeeze } from "./Text.ts"

/** What can be said about a record of a delimited table besides its cells. */
export type RowKind = "row" | "blank" | "header" | "footer"

const summaryStart =
  /^(?:(?:grand |sub ?)?totals?|total general|totales|sum|suma|average|averages|promedio|media|mean|count|recuento)\s*:?$/i
const noteStart =
  /^(?:source|sources|fuente|fuentes|note|notes|nota|notas|generated|generado|exported|exportado|created|data (?:from|as of|provided)|datos|last update|updated|©|\(c\)|copyright|\*+|†)(?=[\s:.(]|$)/i
const numeric = /^[~+-]?[\d.,\s]+(?:e\+?\d+)?\s*[kmb%]?$/i

const isBlankCell = (cell: string): boolean => cell === "" || cell.trim() === "" || cell === "\u001a"

export const isBlankRow = (cells: ReadonlyArray<string>): boolean => cells.every(isBlankCell)

/** A line below (or amid) the table that is not about one account: totals, sources, notes. */
const isFooter = (cells: ReadonlyArray<string>, width: number): boolean => {
  const first = cells.find((cell) => !isBlankCell(cell))?.trim() ?? ""
  // Most rows start with a number or a plain handle: one look at the first word decides.
  if (/^\d/.test(first)) return false
  const filled = cells.filter((cell) => !isBlankCell(cell))
  if (summaryStart.test(first)) return filled.slice(1).every((cell) => numeric.test(cell.trim()))
  if (width < 3) return false
  if (filled.length === 1) return noteStart.test(first) || (/\s/.test(first) && first.length > 20)
  return filled.length <= 3 && filled.length < width / 2 && noteStart.test(first) && /[\s:]/.test(first)
}

/** Tells rows from what only stands among them. `header` is the header as it stands in the file. */
export const makeRowKind = (
  header: ReadonlyArray<string> | undefined,
  width: number
): ((cells: ReadonlyArray<string>) => RowKind) => {
  const squeezed = header?.map(squeeze)
  const isHeader = (cells: ReadonlyArray<string>): boolean =>
    squeezed !== undefined &&
    squeezed[0] === squeeze(cells[0] ?? "") &&
    squeezed.length === cells.length &&
    squeezed.every((name, index) => name === squeeze(cells[index] ?? ""))
  return (cells) => {
    if (isBlankCell(cells[0] ?? "") && isBlankRow(cells)) return "blank"
    if (isHeader(cells)) return "header"
    return isFooter(cells, width) ? "footer" : "row"
  }
}

export interface Header {
  /** Index in the sample of the record that is the header; -1 when the table has none. */
  readonly index: number
  /** The names as they stand in the file, one per column; empty for columns without a name. */
  readonly names: ReadonlyArray<string>
}

const commonestWidth = (records: ReadonlyArray<ReadonlyArray<string>>): number => {
  const widths = new Map<number, number>()
  for (const cells of records) widths.set(cells.length, (widths.get(cells.length) ?? 0) + 1)
  let width = 1
  let most = 0
  for (const [candidate, count] of widths)
    if (count > most) {
      width = candidate
      most = count
    }
  return width
}

const isNumeric = (cell: string): boolean => numeric.test(cell.trim())

const headerIndex = (
  records: ReadonlyArray<ReadonlyArray<string>>,
  width: number,
  isKnownName: (name: string) => boolean
): number => {
  let best = -1
  let bestKnown = 0
  for (const [index, cells] of records.slice(0, 60).entries()) {
    const filled = cells.filter((cell) => !isBlankCell(cell))
    const known = filled.filter((cell) => cell.length <= 120 && isKnownName(cell)).length
    // A name can be a day, written as a number would be: 31.01.2026.
    const numbers = filled.filter((cell) => isNumeric(cell) && !isKnownName(cell)).length
    const sure = known >= 2 && numbers <= filled.length / 3
    const likely =
      known === 1 && numbers === 0 && filled.length >= Math.min(width, 2) / 2 && cells.length === width
    if ((sure || likely) && known > bestKnown) {
      best = index
      bestKnown = known
    }
  }
  if (best !== -1) return best
  // No name is known: a full first row of distinct words over rows with numbers still reads as a header.
  const first = records.findIndex((cells) => cells.length === width)
  const cells = records[first]
  if (cells === undefined || width < 2) return -1
  const words = cells.every((cell) => !isBlankCell(cell) && !isNumeric(cell) && !/^@|:\/\//.test(cell.trim()))
  const distinct = new Set(cells.map(squeeze)).size === cells.length
  const below = records.slice(first + 1, first + 50).filter((row) => row.length === width)
  const numbersBelow = below.some((row) => row.some(isNumeric)) && !cells.some(isNumeric)
  return words && distinct && numbersBelow ? first : -1
}

const isCounter = (rows: ReadonlyArray<ReadonlyArray<string>>): boolean =>
  rows.length > 1 && rows.slice(1).every((row, index) => Number(row[0]) === Number(rows[index]?.[0]) + 1)

/** Finds the header among the first records (without blank ones), below any junk. */
export const findHeader = (
  records: ReadonlyArray<ReadonlyArray<string>>,
  isKnownName: (name: string) => boolean
): Header => {
  const width = commonestWidth(records.slice(0, 300))
  const index = headerIndex(records, width, isKnownName)
  const header = records[index]
  if (header === undefined) return { index: -1, names: Array.from({ length: width }, () => "") }
  const rows = records.slice(index + 1)
  const rowWidth = rows.length === 0 ? header.length : commonestWidth(rows.slice(0, 300))
  if (rowWidth === header.length + 1 && isCounter(rows.filter((row) => row.length === rowWidth).slice(0, 20)))
    return { index, names: ["", ...header] }
  const missing = Math.max(0, rowWidth - header.length)
  return { index, names: [...header, ...Array.from({ length: missing }, () => "")] }
}

/** Names for people: trimmed, blanks run together, positions for columns without a name or with a repeated one. */
export const displayNames = (names: ReadonlyArray<string>): ReadonlyArray<string> => {
  const plain = names.map((name) => name.replace(/\s+/g, " ").trim())
  const counts = new Map<string, number>()
  for (const name of plain) counts.set(name.toLowerCase(), (counts.get(name.toLowerCase()) ?? 0) + 1)
  return plain.map((name, index) => {
    if (name === "") return `column ${index + 1}`
    return (counts.get(name.toLowerCase()) ?? 0) > 1 ? `${name} [${index + 1}]` : name
  })
}
