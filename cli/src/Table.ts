import { oneLine, styled } from "./Text.ts"

export interface Column<Row> {
  readonly title: string
  readonly cell: (row: Row) => string
  readonly align?: "left" | "right"
  /** Gives up width first when the terminal is narrow. */
  readonly shrinks?: boolean
}

const narrowest = 8
const gap = "  "

/** Cuts text to a width in terminal cells, so that wide letters and emoji do not break the columns. */
const cut = (text: string, width: number): string => {
  if (Bun.stringWidth(text) <= width) return text
  let kept = ""
  let used = 1
  for (const letter of new Intl.Segmenter().segment(text)) {
    used += Bun.stringWidth(letter.segment)
    if (used > width) break
    kept += letter.segment
  }
  return `${kept}…`
}

const pad = (text: string, width: number, align: "left" | "right" = "left"): string => {
  const blanks = " ".repeat(Math.max(0, width - Bun.stringWidth(text)))
  return align === "right" ? blanks + text : text + blanks
}

/** Widths that fit into the terminal: columns that may shrink share what is too much, the widest first. */
const fit = (widths: ReadonlyArray<number>, shrinks: ReadonlyArray<boolean>, room: number): Array<number> => {
  const fitted = [...widths]
  let over = fitted.reduce((sum, width) => sum + width, gap.length * (fitted.length - 1)) - room
  while (over > 0) {
    const candidates = fitted.map((width, place) => (shrinks[place] === true ? width : 0))
    const widest = Math.max(0, ...candidates)
    if (widest <= narrowest) break
    fitted[candidates.indexOf(widest)] = widest - 1
    over--
  }
  return fitted
}

/** Rows as aligned columns; as wide as they are where nobody looks, as wide as the terminal where somebody does. */
export const table = <Row>(columns: ReadonlyArray<Column<Row>>, rows: ReadonlyArray<Row>): string => {
  const cells = rows.map((row) => columns.map((column) => oneLine(column.cell(row))))
  const natural = columns.map((column, place) =>
    Math.max(Bun.stringWidth(column.title), ...cells.map((row) => Bun.stringWidth(row[place] ?? "")))
  )
  const room = process.stdout.isTTY ? process.stdout.columns : Number.POSITIVE_INFINITY
  const widths = fit(
    natural,
    columns.map((column) => column.shrinks === true),
    room
  )
  const line = (texts: ReadonlyArray<string>): string =>
    texts
      .map((text, place) => pad(cut(text, widths[place] ?? 0), widths[place] ?? 0, columns[place]?.align))
      .join(gap)
      .trimEnd()
  return [styled("bold", line(columns.map((column) => column.title))), ...cells.map((row) => line(row))].join(
    "\n"
  )
}
