import { compact, fold, isAscii } from "./Folding.ts"

/** Longer words are cut here, in UTF-16 code units, alike in documents and queries. */
export const maxTermLength = 100

/** Called for each word of a text in order: its folded form and where it stands, in UTF-16 code units. */
export type VisitToken = (term: string, start: number, end: number) => void

const wordOrEmoji =
  /[\p{Alphabetic}\p{N}\p{M}]+(?:['’][\p{Alphabetic}\p{N}\p{M}]{2,})*|\p{RI}{2}|\p{Extended_Pictographic}(?:[\ufe0f\u200d]|\p{EMod}|(?<=\u200d)\p{Extended_Pictographic})*/uy
const emojiVariation = /[\ufe0f]|\p{EMod}/gu
const wordStart = /^[\p{Alphabetic}\p{N}\p{M}]/u
// Scripts written without blanks between words. Thai has some of the marks that Latin letters have, too.
const unsegmented =
  /(?:(?![\u0300-\u036f])[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}])+/gu
const unsegmentedCharacter =
  /^[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Thai}\p{scx=Lao}\p{scx=Khmer}\p{scx=Myanmar}]$/u
const letterOrDigitRun = /\p{N}+|[^\p{N}]+/gu

const cut = (term: string): string => {
  if (term.length <= maxTermLength) return term
  const last = term.charCodeAt(maxTermLength - 1)
  return term.slice(0, last >= 0xd800 && last < 0xdc00 ? maxTermLength - 1 : maxTermLength)
}

/** Of a UTF-16 code unit. */
export const isAsciiWord = (code: number): boolean =>
  (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || (code >= 65 && code <= 90)

/** Of accented Latin letters (Latin-1, Latin Extended-A) that fold to plain ones, by their code: what they fold to. */
const foldedLatin: ReadonlyArray<string | undefined> = Array.from({ length: 0x180 }, (_, code) => {
  const folded = code < 0xc0 ? "" : compact(String.fromCharCode(code))
  return /^[a-z]+$/.test(folded) ? folded : undefined
})

const isLatinWord = (code: number): boolean =>
  code < 128 ? isAsciiWord(code) : code < 0x180 && foldedLatin[code] !== undefined

/** The end of the Latin word that begins at `start`. */
const latinWordEnd = (text: string, start: number): number => {
  let at = start + 1
  for (;;) {
    const code = text.charCodeAt(at)
    const joins = code === 39 && isAsciiWord(text.charCodeAt(at + 1)) && isAsciiWord(text.charCodeAt(at + 2))
    if (!joins && !isLatinWord(code)) return at
    at++
  }
}

/** Whether a Latin word that ends here goes on with other letters or marks, perhaps after an apostrophe. */
const goesOn = (text: string, end: number): boolean =>
  text.charCodeAt(end) > 127 ||
  (text.charCodeAt(end) === 39 && (text.charCodeAt(end + 1) > 127 || text.charCodeAt(end + 2) > 127))

const latinLetters = /[\u00c0-\u017f]/g

/** A text with its accented Latin letters, as far as they are single characters, folded to plain ones. */
export const unaccented = (text: string): string =>
  isAscii(text) ? text : text.replace(latinLetters, (letter) => foldedLatin[letter.charCodeAt(0)] ?? letter)

/** A Latin word, folded as `compact` would, which takes ten times as long. */
const foldLatin = (raw: string): string => {
  const folded = unaccented(raw).toLowerCase()
  return folded.includes("'") ? folded.replaceAll("'", "") : folded
}

/** Overlapping pairs of characters, and the last character alone so that every character begins some term. */
const visitPairs = (run: string, offset: number, visit: VisitToken): void => {
  const characters = [...run]
  let start = offset
  for (const [index, character] of characters.entries()) {
    const next = characters[index + 1] ?? ""
    const term = compact(character + next)
    if (term !== "") visit(cut(term), start, start + character.length + next.length)
    start += character.length
  }
}

const visitWord = (raw: string, offset: number, visit: VisitToken): void => {
  const whole = (from: number, to: number): void => {
    const term = compact(raw.slice(from, to))
    if (term !== "") visit(cut(term), offset + from, offset + to)
  }
  let at = 0
  for (const run of raw.matchAll(unsegmented)) {
    if (run.index > at) whole(at, run.index)
    visitPairs(run[0], offset + run.index, visit)
    at = run.index + run[0].length
  }
  if (at < raw.length) whole(at, raw.length)
}

/** Visits the word or emoji that begins at `start`, if any does; where to go on. */
const visitOther = (text: string, start: number, visit: VisitToken): number => {
  wordOrEmoji.lastIndex = start
  const raw = wordOrEmoji.exec(text)?.[0]
  if (raw === undefined) return start + 1
  if (wordStart.test(raw)) visitWord(raw, start, visit)
  else visit(cut(fold(raw.replace(emojiVariation, ""))), start, start + raw.length)
  return start + raw.length
}

/**
 * Splits a text of any script into folded words: runs of letters and digits (an apostrophe inside joins unless one letter
 * follows: "d'amelio" is "damelio", "lame's" is "lame" and "s"), pairs of characters in scripts without blanks, and single emoji.
 */
export const visitTokens = (text: string, visit: VisitToken): void => {
  let at = 0
  while (at < text.length) {
    const code = text.charCodeAt(at)
    if (isLatinWord(code)) {
      const end = latinWordEnd(text, at)
      if (!goesOn(text, end)) {
        visit(cut(foldLatin(text.slice(at, end))), at, end)
        at = end
        continue
      }
    } else if (code < 128) {
      at++
      continue
    }
    at = visitOther(text, at, visit)
  }
}

/** A single character of a script without blanks: as a query it stands for every word that begins with it. */
export const isLoneCharacter = (term: string): boolean => unsegmentedCharacter.test(term)

const hasDigit = /\p{N}/u
export const containsDigit = (term: string): boolean => hasDigit.test(term)

/** The words of a handle: split at `_ . -` and other signs, each also split between letters and digits. */
export const visitHandleParts = (handle: string, visit: VisitToken): void =>
  visitTokens(handle, (term, start, end) => {
    visit(term, start, end)
    if (term.length !== end - start || !hasDigit.test(term)) return
    for (const run of term.matchAll(letterOrDigitRun))
      if (run[0].length < term.length) visit(run[0], start + run.index, start + run.index + run[0].length)
  })

/** A whole text as one term: letters and digits only. */
export const wholeTerm = (text: string): string => cut(compact(text))
