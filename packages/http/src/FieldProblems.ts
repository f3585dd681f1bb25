import type { FieldProblem } from "@influscope/domain/api/Problems"
import type { ArrayFormatterIssue } from "effect/ParseResult"

/** Most errors listed in one answer, and the longest message of one, in UTF-16 code units. */
const maxListed = 100
const maxMessageLength = 300

const shorten = (text: string): string =>
  text.length <= maxMessageLength ? text : `${text.slice(0, maxMessageLength - 1).toWellFormed()}…`

const listed = (values: ReadonlyArray<string>): string =>
  values.length === 1 ? `${values[0]}` : `${values.slice(0, -1).join(", ")} or ${values[values.length - 1]}`

const alternative = /^Expected (.+), actual (.*)$/s

/** The alternatives of a union say one by one what they expected; a reader wants them in one sentence. */
const oneMessage = (messages: ReadonlyArray<string>): string => {
  const parsed = messages.map((message) => alternative.exec(message))
  const actual = parsed[0]?.[2]
  const expected = parsed.flatMap((match) =>
    match?.[1] !== undefined && match[2] === actual ? [match[1]] : []
  )
  return expected.length === messages.length && messages.length > 1
    ? `Expected ${listed(expected)}, actual ${actual}`
    : messages.join("; ")
}

const isAbsence = (message: string): boolean => message.startsWith("Expected undefined, actual ")

/**
 * One error per field, at most a hundred. That a field could also have been left out goes without saying, so
 * "Expected undefined" counts only where nothing else is said about the field or what is in it.
 */
export const toFieldProblems = (issues: ReadonlyArray<ArrayFormatterIssue>): ReadonlyArray<FieldProblem> => {
  const messages = new Map<string, Array<string>>()
  const explained = new Set<string>()
  for (const { message, path } of issues) {
    const keys = path.map(String)
    const key = keys.join(".")
    if (!messages.has(key) && messages.size >= maxListed) continue
    const known = messages.get(key) ?? []
    known.push(message)
    messages.set(key, known)
    if (isAbsence(message)) continue
    for (let length = 0; length <= keys.length; length++) explained.add(keys.slice(0, length).join("."))
  }
  return [...messages].flatMap(([path, all]) => {
    const said = explained.has(path) ? all.filter((message) => !isAbsence(message)) : all
    // Only a body can be wrong as a whole.
    return said.length === 0
      ? []
      : [{ path: path === "" ? "body" : path, message: shorten(oneMessage(said)) }]
  })
}
