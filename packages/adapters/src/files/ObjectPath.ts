import * as Option from "effect/Option"

const maxSegments = 8
const segmentPattern = /^[A-Za-z0-9._-]+$/
const dotsOnly = /^\.+$/

/** Ends the file of an object: no key has a `+`, so `a` and `a/b` can both be stored. */
const suffix = "+object"

const isSegment = (segment: string): boolean => segmentPattern.test(segment) && !dotsOnly.test(segment)

/** Whether a key is one the port allows. */
export const isKey = (key: string): boolean => {
  const segments = key.split("/")
  return segments.length <= maxSegments && segments.every(isSegment)
}

/** Upper case is written as `=` and the letter in lower case, because some file systems do not tell the two apart. */
const escapeCase = (text: string): string => text.replace(/[A-Z]/g, (letter) => `=${letter.toLowerCase()}`)

const unescapeCase = (text: string): string =>
  text.replace(/=([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** Path of a valid key's file, below the root. */
export const fileOf = (key: string): string => `${escapeCase(key)}${suffix}`

/** The last segment of the key whose file has this name; none when it is not the file of an object. */
export const segmentOfFile = (name: string): Option.Option<string> =>
  name.endsWith(suffix) ? segmentOfDirectory(name.slice(0, -suffix.length)) : Option.none()

/** The segment a directory of this name stands for; none when the name is not one we would make. */
export const segmentOfDirectory = (name: string): Option.Option<string> => {
  const segment = unescapeCase(name)
  return isSegment(segment) && escapeCase(segment) === name ? Option.some(segment) : Option.none()
}
