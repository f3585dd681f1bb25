import { parseDuration } from "./Duration.ts"
import type { Report } from "./Finding.ts"
import type { Tree } from "./YamlTree.ts"

/** What a part of a resource may look like. */
export type Shape =
  | "any"
  | "text"
  | "bool"
  | "whole"
  | "duration"
  | { readonly oneOf: ReadonlyArray<string> }
  | { readonly list: Shape }
  | { readonly map: Shape }
  | { readonly fields: Readonly<Record<string, Shape>> }

const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}

/** The known word that was probably meant. */
export const nearest = (word: string, known: ReadonlyArray<string>): string | undefined => {
  const same = known.find((candidate) => candidate.toLowerCase() === word.toLowerCase())
  if (same !== undefined) return same
  // Words longer than any key are not mistyped keys, and would be slow to compare.
  if (word.length < 4 || word.length > 60) return undefined
  return known
    .map((candidate) => ({ candidate, far: distance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ candidate, far }) => far <= Math.max(2, Math.floor(candidate.length / 4)))
    .sort((a, b) => a.far - b.far)[0]?.candidate
}

/** Why a text is not of a kind, or nothing. */
export const wrongValue = (kind: "bool" | "whole" | "duration", text: string): string | undefined => {
  if (kind === "bool")
    return text === "true" || text === "false"
      ? undefined
      : `It has to be true or false; "${shown(text)}" ${/^(y|yes|t|on|1)$/i.test(text) ? "is not taken everywhere" : "counts as false"}.`
  if (kind === "whole")
    return /^-?\d+$/.test(text)
      ? undefined
      : `It has to be a whole number; "${shown(text)}" stops the component.`
  return parseDuration(text) === undefined
    ? `It has to be a duration such as 500ms, 30s or 1m; "${shown(text)}" stops the component.`
    : undefined
}

/** A value quoted in a message: short, and on one line. */
export const shown = (text: string): string => {
  const line = text.replace(/\s+/g, " ")
  return line.length > 40 ? `${line.slice(0, 37)}...` : line
}

/** Reports every key and value that does not fit the shape. */
export const check = (tree: Tree, shape: Shape, report: Report, name: string): void => {
  if (shape === "any") return
  const wrong = (why: string) => report(tree.line, name, "value", why)
  if (shape === "text") {
    if (tree.text === undefined) wrong("It has to be a single value.")
    return
  }
  if (shape === "bool" || shape === "whole" || shape === "duration") {
    const why = tree.text === undefined ? "It has to be a single value." : wrongValue(shape, tree.text)
    if (why !== undefined) wrong(why)
    return
  }
  if ("oneOf" in shape) {
    if (tree.text === undefined || !shape.oneOf.includes(tree.text))
      wrong(`It has to be one of ${shape.oneOf.join(", ")}.`)
    return
  }
  // An empty value is the same as none.
  if (tree.text === "") return
  if ("list" in shape) {
    if (tree.items === undefined) wrong("It has to be a list.")
    for (const item of tree.items ?? []) check(item, shape.list, report, name)
    return
  }
  if (tree.entries === undefined) wrong("It has to be a map of keys.")
  for (const { key, line, value } of tree.entries ?? []) {
    if ("map" in shape) {
      check(value, shape.map, report, key)
      continue
    }
    const field = Object.hasOwn(shape.fields, key) ? shape.fields[key] : undefined
    if (field === undefined)
      report(
        line,
        key,
        "unknown",
        "Dapr does not know this key here and ignores it.",
        nearest(key, Object.keys(shape.fields))
      )
    else check(value, field, report, key)
  }
}
