/** What a text of a post is made of; see PostAnalysis for what each is. */
export interface TextParts {
  readonly words: ReadonlyArray<string>
  readonly characters: number
  readonly sentences: number
  readonly hashtags: ReadonlyArray<string>
  readonly mentions: ReadonlyArray<string>
  readonly links: ReadonlyArray<string>
  readonly emoji: number
  /** The text without tags, mentions and links, which are of no language. */
  readonly prose: string
}

/** Tags, mentions and links kept of one text. */
const mostListed = 100

// ICU finds words of languages written without blanks (Japanese, Chinese, Thai, Khmer, Lao, Burmese) by dictionaries, whatever
// the locale. It is fixed so that every machine says the same.
const segmenters = {
  word: new Intl.Segmenter("en", { granularity: "word" }),
  sentence: new Intl.Segmenter("en", { granularity: "sentence" }),
  grapheme: new Intl.Segmenter("en", { granularity: "grapheme" })
}

/** Full addresses, `www.` ones, and short ones with a path (bit.ly/x); ASCII, so that they end where Japanese goes on. */
const link =
  /(?<![\w@.-])(?:https?:\/\/(?:(?!["'<>`])[!-~])+|www\.(?:(?!["'<>`])[!-~])+|(?:[a-z0-9-]+\.)+[a-z]{2,24}\/(?:(?!["'<>`])[!-~])*)/giu

/** Punctuation of the sentence around an address is none of it. */
const afterLink = /[.,;:!?)\]}*_~]+$/

/** As UAX #31 has them, less those of digits only, which platforms take for numbers. */
const hashtag = /(?<![\p{L}\p{N}_&/])[#＃](?=[\p{N}_]*\p{L})([\p{L}\p{M}\p{N}_\u200c]{1,100})/gu

/** Not what stands behind the name of a mailbox. */
const mention = /(?<![\p{L}\p{N}_.@/])[@＠]([\p{L}\p{N}_](?:[\p{L}\p{N}_.-]{0,98}[\p{L}\p{N}_])?)/gu

/** An emoji begins its grapheme cluster; a plain digit or heart is none without the variation selector. */
const emojiCluster = /^(?:\p{Emoji_Presentation}|\p{Emoji}\ufe0f|\p{Regional_Indicator}{2})/u

const letterOrNumber = /[\p{L}\p{N}]/u
const beyondAscii = /[^\p{ASCII}]/u

/** Characters as a reader sees them. */
export const lengthOf = (text: string): number => {
  if (!beyondAscii.test(text)) return text.replaceAll("\r\n", "\n").length
  let length = 0
  for (const _ of segmenters.grapheme.segment(text)) length++
  return length
}

const emojiIn = (text: string): number => {
  if (!beyondAscii.test(text)) return 0
  let emoji = 0
  for (const { segment } of segmenters.grapheme.segment(text)) if (emojiCluster.test(segment)) emoji++
  return emoji
}

const wordsIn = (text: string): ReadonlyArray<string> => {
  const words: Array<string> = []
  for (const { isWordLike, segment } of segmenters.word.segment(text))
    if (isWordLike === true) words.push(segment)
  return words
}

const sentencesIn = (text: string): number => {
  let sentences = 0
  for (const { segment } of segmenters.sentence.segment(text)) if (letterOrNumber.test(segment)) sentences++
  return sentences
}

/** Takes what a pattern finds out of a text; a blank stays, so that what stood around it does not grow together. */
const takeOut = (
  text: string,
  pattern: RegExp,
  keyOf: (found: string) => string
): { readonly rest: string; readonly found: ReadonlyArray<string> } => {
  const found = new Set<string>()
  const rest = text.replace(pattern, (whole: string) => {
    const key = keyOf(whole)
    if (found.size < mostListed) found.add(key)
    return " "
  })
  return { rest, found: [...found] }
}

const withoutSign = (found: string): string => found.slice(1).normalize("NFC").toLowerCase()

/** Takes a text apart. Any string will do. */
export const textParts = (text: string): TextParts => {
  const links = takeOut(text, link, (found) => found.replace(afterLink, ""))
  const hashtags = takeOut(links.rest, hashtag, withoutSign)
  const mentions = takeOut(hashtags.rest, mention, withoutSign)
  const prose = mentions.rest
  return {
    words: wordsIn(prose),
    characters: lengthOf(text),
    sentences: sentencesIn(prose),
    hashtags: hashtags.found,
    mentions: mentions.found,
    links: links.found,
    emoji: emojiIn(prose),
    prose
  }
}
