import type { StoredObject } from "@influscope/ports/ObjectStore"
import * as Option from "effect/Option"

/**
 * An object and its content type in one file, so that one rename replaces both: the magic line, the content type as a
 * JSON string on a line of its own, then the bytes as they are.
 */
const magic = "influscope object 1\n"

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
const newline = 0x0a

/** What goes before the object's bytes. */
export const header = (contentType: string): Uint8Array =>
  encoder.encode(`${magic}${JSON.stringify(contentType)}\n`)

const parseContentType = (line: string): Option.Option<string> => {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === "string" ? Option.some(value) : Option.none()
  } catch {
    // Not JSON: not a frame of ours.
    return Option.none()
  }
}

const decodeText = (bytes: Uint8Array): Option.Option<string> => {
  try {
    return Option.some(decoder.decode(bytes))
  } catch {
    // Not UTF-8: not a frame of ours.
    return Option.none()
  }
}

/** The object of a whole file; none when it is not one of ours. */
export const parse = (file: Uint8Array): Option.Option<StoredObject> => {
  const end = file.indexOf(newline, magic.length)
  if (end < 0) return Option.none()
  return decodeText(file.subarray(0, end)).pipe(
    Option.filter((text) => text.startsWith(magic)),
    Option.flatMap((text) => parseContentType(text.slice(magic.length))),
    Option.map((contentType) => ({
      contentType,
      bytes: new Uint8Array(file.buffer, file.byteOffset + end + 1, file.byteLength - end - 1)
    }))
  )
}
