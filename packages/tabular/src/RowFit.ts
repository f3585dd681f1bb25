import type { TableRow } from "./TableReader.ts"

/** Whether a cell can stand in a column. */
export interface CellCheck {
  readonly index: number
  readonly check: (cell: string) => boolean
}

/** The cells of a row by columns, or why they cannot be told; `joined`: some were torn apart. */
export type Fitted =
  | { readonly cells: ReadonlyArray<string>; readonly joined: boolean }
  | { readonly value: string; readonly reason: string }

/** Fits rows with too many or too few cells to the columns of their table. */
export class RowFit {
  constructor(
    private readonly checks: ReadonlyArray<CellCheck>,
    private readonly width: number,
    private readonly separator: string
  ) {}

  fit({ cells, found }: TableRow): Fitted {
    const { separator, width } = this
    if (cells.length > width) {
      const joined = this.join(cells)
      return joined === undefined
        ? {
            value: cells.join(separator),
            reason: `the row has ${found} cells, the header has ${width}`
          }
        : { cells: joined, joined: true }
    }
    if (found < width && !this.fits(cells, found))
      return {
        value: cells.slice(0, found).join(separator),
        reason: `the row has only ${found} of ${width} cells and they do not fit the columns`
      }
    return { cells, joined: false }
  }

  private fits(cells: ReadonlyArray<string>, found = cells.length): boolean {
    return this.checks.every(({ index, check }) => index >= found || check((cells[index] ?? "").trim()))
  }

  /** Puts together a cell that an unquoted separator tore apart, when only one way of doing so fits the columns. */
  private join(cells: ReadonlyArray<string>): ReadonlyArray<string> | undefined {
    const extra = cells.length - this.width
    if (extra > 20 || this.checks.length < 2) return undefined
    const ways: Array<ReadonlyArray<string>> = []
    for (let at = 0; at < this.width && ways.length < 2; at++) {
      const way = [
        ...cells.slice(0, at),
        cells.slice(at, at + extra + 1).join(this.separator),
        ...cells.slice(at + extra + 1)
      ]
      if (this.fits(way)) ways.push(way)
    }
    return ways.length === 1 ? ways[0] : undefined
  }
}
