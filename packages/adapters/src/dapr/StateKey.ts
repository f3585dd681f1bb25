import { createHash } from "node:crypto"

/** Longest key as it is written: with the app's prefix it has to fit MySQL's 255 characters. */
const maxLength = 180

const plain = /^[a-z0-9_:-]$/
const encoder = new TextEncoder()

const escapeByte = (byte: number): string => `=${byte.toString(16).padStart(2, "0")}`

/**
 * A key as the state API and every store behind it take it: lower case letters, digits, `_`, `-` and `:` as they are,
 * every other byte of its UTF-8 as `=` and two digits. Upper case is escaped because MySQL's usual collations do not
 * tell the two apart, `|` because Dapr separates with it, `.` and `/` because the key stands in a path. What is too long
 * ends in a hash instead.
 */
export const encodeKey = (key: string): string => {
  const encoded = Array.from(key, (character) =>
    plain.test(character) ? character : Array.from(encoder.encode(character), escapeByte).join("")
  ).join("")
  if (encoded === "") return "="
  if (encoded.length <= maxLength) return encoded
  const hash = createHash("sha256").update(encoder.encode(key)).digest("hex")
  return `${encoded.slice(0, maxLength - hash.length - 2)}==${hash}`
}
