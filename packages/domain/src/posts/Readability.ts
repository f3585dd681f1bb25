import type { Readability } from "./PostAnalysis.ts"

/** What a formula looks at. */
interface Counts {
  readonly words: number
  readonly sentences: number
  readonly syllables: number
  /** Letters and digits. */
  readonly letters: number
  /** Words of more than six letters. */
  readonly longWords: number
}

interface ReadabilityFormula {
  readonly id: string
  readonly score: (counts: Counts) => number
  /** Syllables of a word in lower case; of formulas that do not count them, 0. */
  readonly syllables: (word: string) => number
}

/** Below this the scores of single texts say nothing: the formulas were made on passages of a hundred words. */
const fewestWords = 20

const groupsOf =
  (vowels: RegExp) =>
  (word: string): number =>
    Math.max(1, word.match(vowels)?.length ?? 0)

const none = (): number => 0

/** Vowel groups, less a silent e at the end. Without a dictionary some words are one off. */
const english = (word: string): number => {
  const spoken = word.replace(/(?:[^laeiouy]es|[^aeioutdy]ed|[^laeiouy]e)$/, "")
  return groupsOf(/[aeiouy]+/g)(spoken === "" ? word : spoken)
}

/** Each strong or accented vowel is a nucleus; i, u and y are one where they stand without such a neighbour. */
const spanish = (word: string): number => {
  let syllables = 0
  for (const [group] of word.matchAll(/[aeiouáéíóúüy]+/g))
    syllables += Math.max(1, group.match(/[aeoáéíóú]/g)?.length ?? 0)
  return Math.max(1, syllables)
}

/** Flesch, A new readability yardstick, Journal of Applied Psychology 32 (1948). */
const flesch: ReadabilityFormula = {
  id: "flesch-reading-ease@1",
  score: ({ sentences, syllables, words }) =>
    206.835 - (1.015 * words) / sentences - (84.6 * syllables) / words,
  syllables: english
}

/** Amstad, Wie verständlich sind unsere Zeitungen?, Zürich 1978. */
const amstad: ReadabilityFormula = {
  id: "amstad@1",
  score: ({ sentences, syllables, words }) => 180 - words / sentences - (58.5 * syllables) / words,
  syllables: groupsOf(/[aeiouyäöü]+/g)
}

/** Szigriszt Pazos, Sistemas predictivos de legibilidad del mensaje escrito, Madrid 1993. */
const szigriszt: ReadabilityFormula = {
  id: "szigriszt-pazos@1",
  score: ({ sentences, syllables, words }) => 206.835 - (62.3 * syllables) / words - words / sentences,
  syllables: spanish
}

/** Lucisano and Piemontese, GULPEASE, Scuola e città 3 (1988). */
const gulpease: ReadabilityFormula = {
  id: "gulpease@1",
  score: ({ letters, sentences, words }) => 89 + (300 * sentences - 10 * letters) / words,
  syllables: none
}

/** Douma, De leesbaarheid van landbouwbladen, Wageningen 1960. */
const douma: ReadabilityFormula = {
  id: "douma@1",
  score: ({ sentences, syllables, words }) => 206.84 - (77 * syllables) / words - (0.93 * words) / sentences,
  syllables: groupsOf(/[aeiouyáéíóú]+|[äëïöü]/g)
}

/** Ateşman, Türkçede okunabilirliğin ölçülmesi, Dil Dergisi 58 (1997). Each vowel is a syllable. */
const atesman: ReadabilityFormula = {
  id: "atesman@1",
  score: ({ sentences, syllables, words }) =>
    198.825 - (40.175 * syllables) / words - (2.61 * words) / sentences,
  syllables: groupsOf(/[aeıioöuüâîû]/g)
}

/** Björnsson, Readability of newspapers in 11 languages, Reading Research Quarterly 18 (1983). Higher is harder. */
const lix: ReadabilityFormula = {
  id: "lix@1",
  score: ({ longWords, sentences, words }) => words / sentences + (100 * longWords) / words,
  syllables: none
}

/** By ISO 639-1 code. LIX is for those of its eleven languages that have no formula of their own here. */
const formulas: Readonly<Record<string, ReadabilityFormula>> = {
  en: flesch,
  de: amstad,
  es: szigriszt,
  it: gulpease,
  nl: douma,
  tr: atesman,
  sv: lix,
  no: lix,
  da: lix,
  fi: lix,
  fr: lix,
  pt: lix,
  ru: lix
}

/** Readability of a text by the formula of its language, 1 decimal; null without a formula, or below 20 words. */
export const readability = (
  language: string | null,
  words: ReadonlyArray<string>,
  sentences: number
): Readability | null => {
  const formula = language === null || !Object.hasOwn(formulas, language) ? undefined : formulas[language]
  if (formula === undefined || sentences === 0 || words.length < fewestWords) return null
  let syllables = 0
  let letters = 0
  let longWords = 0
  for (const word of words) {
    const lower = word.normalize("NFC").toLowerCase()
    syllables += formula.syllables(lower)
    const length = lower.match(/[\p{L}\p{N}]/gu)?.length ?? 0
    letters += length
    if (length > 6) longWords++
  }
  const score = formula.score({ words: words.length, sentences, syllables, letters, longWords })
  return { formula: formula.id, score: Math.round(score * 10) / 10 }
}
