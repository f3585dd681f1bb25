/** Another reader of comma-separated text than the importer's, as plain as can be: what it finds is compared with what was imported. */
export type RawRow = { readonly [column: string]: string }

const cellsOf = (text: string): ReadonlyArray<ReadonlyArray<string>> => {
  const rows: Array<ReadonlyArray<string>> = []
  let row: Array<string> = []
  let cell = ""
  let quoted = false
  const endRow = () => {
    row.push(cell)
    cell = ""
    if (row.length > 1 || row[0] !== "") rows.push(row)
    row = []
  }
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at)
    if (quoted && char === '"' && text.charAt(at + 1) === '"') {
      cell += '"'
      at++
    } else if (char === '"') quoted = !quoted
    else if (quoted || (char !== "," && char !== "\n")) cell += char === "\r" && !quoted ? "" : char
    else if (char === ",") {
      row.push(cell)
      cell = ""
    } else endRow()
  }
  if (cell !== "" || row.length > 0) endRow()
  return rows
}

/** Rows by header; of columns with the same header the last. */
export const rawRows = (text: string): ReadonlyArray<RawRow> => {
  const [header = [], ...rows] = cellsOf(text.replace(/^\ufeff/, ""))
  return rows.map((cells) => Object.fromEntries(header.map((name, at) => [name, cells[at] ?? ""])))
}

const units: { readonly [suffix: string]: number } = { "": 1, k: 1e3, m: 1e6, b: 1e9 }

/** `475.8m` and the like; undefined when it is none. */
export const figure = (text: string | undefined): number | undefined => {
  const found = /^([\d.]+)([kmb]?)$/i.exec(text ?? "")
  const unit = units[(found?.[2] ?? "").toLowerCase()]
  return found === null || unit === undefined ? undefined : Number((Number(found[1]) * unit).toPrecision(12))
}

/** Text whose UTF-8 was taken for latin-1 and written as UTF-8 again. */
export const decodedTwice = (text: string | undefined): string =>
  Buffer.from(text ?? "", "latin1").toString("utf8")
