import { DelimitedParser, type Dialect } from "./Delimited.ts"

const delimiters: ReadonlyArray<Dialect["delimiter"]> = [",", ";", "\t", "|"]

export const delimiterNames: Readonly<Record<Dialect["delimiter"], string>> = {
  ",": "comma",
  ";": "semicolon",
  "\t": "tab",
  "|": "vertical bar"
}

const sampleRecords = 300

/** How well a delimiter explains a sample: the share of records with the commonest width, more for wider tables. */
const scoreOf = (sample: string, dialect: Dialect): number => {
  const parser = new DelimitedParser(dialect)
  const records = [...parser.push(sample, false), ...parser.end()].slice(0, sampleRecords)
  const widths = new Map<number, number>()
  let counted = 0
  for (const record of records) {
    if (record.cells.length <= 1 && record.cells[0]?.trim() === "") continue
    counted++
    widths.set(record.cells.length, (widths.get(record.cells.length) ?? 0) + 1)
  }
  let best = 0
  for (const [width, count] of widths)
    if (width > 1) best = Math.max(best, (count / counted) * Math.log2(1 + width))
  return best
}

/** Lone carriage returns end lines when there are no line feeds to do so. */
const lineEndOf = (sample: string): Dialect["lineEnd"] => {
  const returns = sample.match(/\r(?!\n)/g)?.length ?? 0
  const feeds = sample.match(/\n/g)?.length ?? 0
  return returns > feeds ? "\r" : "\n"
}

/** Backslash escapes where a quote preceded by one is followed by text and quotes are not doubled. */
const quoteEscapeOf = (sample: string): Dialect["quoteEscape"] =>
  /\\"[^\n,;\t|]/.test(sample) && !/[^,;\t|\n"]""[^,;\t|\n"]/.test(sample) ? "backslash" : "doubled"

/**
 * Finds out how a text is delimited from its beginning. `sample` should end at a line end unless it is the whole text.
 * A file name that ends in .tsv or .tab decides between equals.
 */
export const sniffDialect = (sample: string, fileName: string): Dialect => {
  const rest = { lineEnd: lineEndOf(sample), quoteEscape: quoteEscapeOf(sample) }
  const told = /^\s*sep=([,;\t|])\r?\n/.exec(sample)?.[1]
  const named = delimiters.find((delimiter) => delimiter === told)
  if (named !== undefined) return { delimiter: named, ...rest }
  const byName: Dialect["delimiter"] = /\.(?:tsv|tab)(?:\.gz)?$/i.test(fileName) ? "\t" : ","
  let best: Dialect["delimiter"] = byName
  let bestScore = scoreOf(sample, { delimiter: byName, ...rest })
  for (const delimiter of delimiters) {
    const score = scoreOf(sample, { delimiter, ...rest })
    if (score > bestScore * 1.05 + 0.01) {
      best = delimiter
      bestScore = score
    }
  }
  return { delimiter: best, ...rest }
}
