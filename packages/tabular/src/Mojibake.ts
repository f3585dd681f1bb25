/** The characters windows-1252 puts on 0x80 to 0x9F, by byte. The five it leaves free are read as control characters. */
const windows1252High = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ"

const byteOf = new Map<string, number>()
for (let byte = 0x80; byte <= 0xff; byte++) byteOf.set(String.fromCharCode(byte), byte)
Array.from(windows1252High).forEach((char, index) => {
  byteOf.set(char, 0x80 + index)
})

const highChars = `\\u0080-\\u00ff${windows1252High.replace(/[^\u0100-\uffff]/g, "")}`
const run = new RegExp(`[${highChars}]+`, "g")

/** Fast test: without one of these followed by another high character nothing can be encoded twice. */
export const mayBeMojibake = new RegExp(`[\\u00c2-\\u00f4][${highChars}]`)

const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** Characters that in honest text do follow an accented capital or vowel: closing quotes, dashes, marks, a hard blank. */
const honestFollowers = "»”’…™®–—•·\u00a0"

const decodeRun = (text: string): string | undefined => {
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at++) bytes[at] = byteOf.get(text.charAt(at)) ?? 0
  try {
    return strictUtf8.decode(bytes)
  } catch {
    return undefined
  }
}

/** Whether a run that is valid UTF-8 when read as bytes could not well be honest text where it stands. */
const isTelling = (text: string, before: string, after: string): boolean => {
  for (let at = 1; at < text.length; at++) {
    const byte = byteOf.get(text.charAt(at)) ?? 0
    if (byte >= 0x80 && byte <= 0xbf && !honestFollowers.includes(text.charAt(at))) return true
  }
  // A capital amid small letters, or with a closing mark in front of a letter, is no honest spelling.
  return /^\p{Lu}/u.test(text) && (/[a-z]/.test(before) || /[A-Za-z]/.test(after))
}

export interface Repair {
  readonly text: string
  readonly repaired: boolean
}

const repairOnce = (text: string, trusting: boolean): string =>
  text.replace(run, (match, offset: number) => {
    if (match.length < 2) return match
    const decoded = decodeRun(match)
    if (decoded === undefined || decoded.length >= match.length) return match
    const telling = trusting || isTelling(match, text.charAt(offset - 1), text.charAt(offset + match.length))
    return telling ? decoded : match
  })

/**
 * Undoes UTF-8 that was read as windows-1252 or latin-1 and written as UTF-8 again, up to three times over. Each run of
 * high characters is replaced only when it is valid UTF-8 read as bytes and gets shorter by it, and, unless `trusting`
 * (the file as a whole is known to be encoded twice), when it could not well be honest text. Other text stays as it is.
 */
export const repairMojibake = (text: string, trusting = false): Repair => {
  if (!mayBeMojibake.test(text)) return { text, repaired: false }
  let current = text
  for (let round = 0; round < 3; round++) {
    const next = repairOnce(current, trusting)
    if (next === current) break
    current = next
  }
  return { text: current, repaired: current !== text }
}
