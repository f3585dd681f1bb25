import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type ParsedNode,
  parseAllDocuments,
  type YAMLMap,
  type YAMLSeq
} from "yaml"

/** A value in a YAML file and where it begins; lines count from 1. */
export interface Tree {
  readonly line: number
  /** The text of a scalar as daprd takes it; undefined for anything else, empty for null. */
  readonly text: string | undefined
  readonly entries: ReadonlyArray<Entry> | undefined
  readonly items: ReadonlyArray<Tree> | undefined
}

export interface Entry {
  readonly key: string
  readonly line: number
  readonly value: Tree
}

export interface Parsed {
  readonly roots: ReadonlyArray<Tree>
  readonly errors: ReadonlyArray<{ readonly line: number; readonly message: string }>
}

// More than any resource has; aliases could lead round in circles, or double with every line.
const maxDepth = 30
const maxNodes = 50_000

const textOf = (value: unknown): string => {
  if (value === null || value === undefined) return ""
  return typeof value === "string" ? value : String(value)
}

const build = (document: Document, lines: LineCounter) => {
  let nodes = 0
  const lineOf = (node: unknown, otherwise: number): number => {
    const range =
      typeof node === "object" && node !== null && "range" in node && Array.isArray(node.range)
        ? node.range
        : undefined
    const start: unknown = range?.[0]
    return typeof start === "number" ? lines.linePos(start).line : otherwise
  }
  const ofMap = (map: YAMLMap, line: number, depth: number): Tree => ({
    line,
    text: undefined,
    items: undefined,
    entries: map.items.map((pair) => {
      const keyLine = lineOf(pair.key, line)
      const key = isScalar(pair.key) ? textOf(pair.key.value) : textOf(pair.key)
      return { key, line: keyLine, value: tree(pair.value, keyLine, depth + 1) }
    })
  })
  const ofSeq = (seq: YAMLSeq, line: number, depth: number): Tree => ({
    line,
    text: undefined,
    entries: undefined,
    items: seq.items.map((item) => tree(item, line, depth + 1))
  })
  const tree = (node: unknown, line: number, depth: number): Tree => {
    const own = lineOf(node, line)
    nodes += 1
    if (depth > maxDepth || nodes > maxNodes)
      return { line: own, text: undefined, entries: undefined, items: undefined }
    if (isAlias(node)) {
      const target: Node | undefined = node.resolve(document)
      return { ...tree(target, own, depth + 1), line: own }
    }
    if (isMap(node)) return ofMap(node, own, depth)
    if (isSeq(node)) return ofSeq(node, own, depth)
    return {
      line: own,
      text: isScalar(node) ? textOf(node.value) : node === null || node === undefined ? "" : undefined,
      entries: undefined,
      items: undefined
    }
  }
  return tree(document.contents, 1, 0)
}

/** The documents of a file. What cannot be parsed is an error with its line, never an exception. */
export const parse = (text: string): Parsed => {
  const lines = new LineCounter()
  const stream = parseAllDocuments<ParsedNode>(text, { lineCounter: lines })
  const documents = Array.isArray(stream) ? stream : []
  return {
    roots: documents
      .filter(({ contents, errors }) => contents !== null && errors.length === 0)
      .map((document) => build(document, lines)),
    errors: documents.flatMap(({ errors }) =>
      errors.map((error) => ({
        line: error.linePos?.[0].line ?? 1,
        message: (error.message.split("\n")[0] ?? "").replace(/ at line \d+, column \d+:?$/, "")
      }))
    )
  }
}

/** The value of a key; undefined when it is not there. */
export const get = (tree: Tree | undefined, key: string): Tree | undefined =>
  tree?.entries?.find((entry) => entry.key === key)?.value

/** Along a path of keys. */
export const at = (tree: Tree | undefined, ...path: ReadonlyArray<string>): Tree | undefined =>
  path.reduce<Tree | undefined>(get, tree)

export const textAt = (tree: Tree | undefined, ...path: ReadonlyArray<string>): string | undefined =>
  at(tree, ...path)?.text
