import { type JsonItem, type JsonLayout, JsonScanner } from "./JsonScanner.ts"

/** Parts of one cell that came from a JSON array are joined with this, which no text contains. */
export const listSeparator = "\u001f"

const maxColumns = 400
const maxFlattenDepth = 6

export type JsonRecord = { readonly [key: string]: unknown }

const isRecord = (value: unknown): value is JsonRecord =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** Python and JavaScript programs write NaN and Infinity where JSON has no word for a missing number. */
const bareWords = /("(?:[^"\\]|\\.)*")|-?\b(?:NaN|Infinity|nan|inf)\b/g

/** Parses JSON text, taking NaN and Infinity for null; undefined when it is not JSON. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    if (!/NaN|Infinity|nan|inf/.test(text)) return undefined
    try {
      return JSON.parse(text.replace(bareWords, (_, quoted: string | undefined) => quoted ?? "null"))
    } catch {
      return undefined
    }
  }
}

const scalarText = (value: unknown): string | undefined => {
  switch (typeof value) {
    case "string":
      return value
    case "number":
    case "boolean":
      return String(value)
    default:
      return undefined
  }
}

const labelText = (value: unknown): string | undefined =>
  isRecord(value)
    ? (scalarText(value["name"]) ?? scalarText(value["title"]) ?? scalarText(value["label"]))
    : scalarText(value)

/** The text of one JSON value: arrays of words (or of things with a name) joined, other structures none. */
const cellText = (value: unknown): string => {
  if (!Array.isArray(value)) return scalarText(value) ?? ""
  return value
    .slice(0, 50)
    .flatMap((item) => labelText(item) ?? [])
    .join(listSeparator)
}

const collectPaths = (
  record: JsonRecord,
  prefix: ReadonlyArray<string>,
  into: Map<string, ReadonlyArray<string>>
): void => {
  for (const key of Object.keys(record)) {
    if (into.size >= maxColumns) return
    const value = record[key]
    const path = [...prefix, key]
    if (!isRecord(value)) into.set(path.join("."), path)
    else if (path.length < maxFlattenDepth) collectPaths(value, path, into)
  }
}

/** The columns of JSON records: the dotted path of every value in them, in order of first appearance. */
export const columnPaths = (records: Iterable<JsonRecord>): ReadonlyMap<string, ReadonlyArray<string>> => {
  const paths = new Map<string, ReadonlyArray<string>>()
  for (const record of records) collectPaths(record, [], paths)
  return paths
}

const valueAt = (record: JsonRecord, path: ReadonlyArray<string>): unknown => {
  let value: unknown = record
  for (const key of path) {
    if (!isRecord(value)) return undefined
    value = Object.hasOwn(value, key) ? value[key] : undefined
  }
  return value
}

export const cellsOf = (
  record: JsonRecord,
  paths: ReadonlyArray<ReadonlyArray<string>>
): ReadonlyArray<string> => paths.map((path) => cellText(valueAt(record, path)))

/** The record in the text of an item, or what is wrong with it. An array of plain values is a record of its places. */
export const recordOf = (text: string): JsonRecord | string => {
  const value = parseJson(text)
  if (value === undefined) return "it is not valid JSON"
  if (Array.isArray(value))
    return Object.fromEntries(
      value.slice(0, maxColumns).map((item, index) => [`${index + 1}`, item] as const)
    )
  return isRecord(value) ? value : "it is not a JSON object"
}

const startsJson = /^\s*(?:\[\s*(?:[[{\]"\d-]|true|false|null)|\{\s*["}])/

/** Whether a text begins like JSON. */
export const looksLikeJson = (text: string): boolean => startsJson.test(text)

const isLines = (sample: string, whole: boolean): boolean => {
  const lines = sample.split(/\r?\n/)
  const complete = (whole ? lines : lines.slice(0, -1)).filter((line) => line.trim() !== "").slice(0, 50)
  if (complete.length < 2) return false
  const records = complete.filter((line) => line.trim().startsWith("{") && isRecord(parseJson(line)))
  return records.length > complete.length / 2
}

interface Candidate {
  readonly path: ReadonlyArray<string>
  readonly records: Array<JsonRecord>
  size: number
}

const candidatesOf = (sample: string): ReadonlyArray<Candidate> => {
  const candidates = new Map<string, Candidate>()
  const scanner = new JsonScanner(
    false,
    () => true,
    (item, path) => {
      const record = item.text === undefined ? undefined : recordOf(item.text)
      if (record === undefined || typeof record === "string") return
      const key = path.join(".")
      const candidate = candidates.get(key) ?? { path, records: [], size: 0 }
      candidates.set(key, candidate)
      candidate.size += item.text?.length ?? 0
      if (candidate.records.length < 20) candidate.records.push(record)
    }
  )
  scanner.push(sample)
  return Array.from(candidates.values())
}

const firstRoot = (sample: string): JsonRecord | undefined => {
  let root: JsonRecord | undefined
  const scanner = new JsonScanner(
    true,
    () => false,
    (item) => {
      const record = item.text === undefined || root !== undefined ? undefined : recordOf(item.text)
      if (typeof record === "object") root = record
    }
  )
  scanner.push(sample)
  return root
}

/**
 * Finds where the records of a JSON text are from its beginning. `relevance` says how much the columns of a record look
 * like what is wanted (0: not at all); an array whose items look like it wins over one that is merely longer, and a root
 * that looks like it is itself the record. `whole`: the sample is the whole text.
 */
export const sniffJsonLayout = (
  sample: string,
  whole: boolean,
  relevance: (columns: ReadonlyArray<string>) => number
): JsonLayout => {
  if (/^\s*\[/.test(sample)) return { _tag: "Array", path: [] }
  const relevanceOf = (records: ReadonlyArray<JsonRecord>): number =>
    relevance(Array.from(columnPaths(records).keys()))
  const root = firstRoot(sample)
  const rootRelevance = root === undefined ? 0 : relevanceOf([root])
  const ranked = candidatesOf(sample)
    .map((candidate) => ({ ...candidate, relevance: relevanceOf(candidate.records) }))
    .sort((a, b) => b.relevance - a.relevance || b.size - a.size)
  const best = ranked[0]
  const contained =
    best !== undefined && (root === undefined || best.relevance > rootRelevance || rootRelevance === 0)
  if (isLines(sample, whole) && !contained) return { _tag: "Lines" }
  if (best !== undefined && contained) return { _tag: "Array", path: best.path }
  return { _tag: "Roots" }
}

/** A scanner that gives the records of a layout other than lines. */
export const scannerOf = (
  layout: Exclude<JsonLayout, { readonly _tag: "Lines" }>,
  onItem: (item: JsonItem) => void
): JsonScanner => {
  if (layout._tag === "Roots") return new JsonScanner(true, () => false, onItem)
  const wanted = layout.path
  return new JsonScanner(
    false,
    (path) => path.length === wanted.length && path.every((key, index) => key === wanted[index]),
    onItem
  )
}

export const describeLayout = (layout: JsonLayout): string => {
  switch (layout._tag) {
    case "Lines":
      return "JSON, one record per line"
    case "Roots":
      return "JSON, each value a record"
    case "Array":
      return layout.path.length === 0
        ? "JSON, an array of records"
        : `JSON, the records in the array at "${layout.path.join(".")}"`
  }
}
