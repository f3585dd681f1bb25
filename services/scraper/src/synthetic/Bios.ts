import type { BioVocabulary } from "./BioVocabulary.ts"
import { arabic } from "./bios/Arabic.ts"
import { english } from "./bios/English.ts"
import { french } from "./bios/French.ts"
import { german } from "./bios/German.ts"
import { hindi } from "./bios/Hindi.ts"
import { indonesian } from "./bios/Indonesian.ts"
import { italian } from "./bios/Italian.ts"
import { japanese } from "./bios/Japanese.ts"
import { korean } from "./bios/Korean.ts"
import { portuguese } from "./bios/Portuguese.ts"
import { spanish } from "./bios/Spanish.ts"
import { turkish } from "./bios/Turkish.ts"
import type { Language } from "./Countries.ts"
import { type Niche, nicheOf } from "./Niches.ts"
import type { Random } from "./Random.ts"

export const vocabularies: { readonly [L in Language]: BioVocabulary } = {
  en: english,
  es: spanish,
  pt: portuguese,
  fr: french,
  de: german,
  it: italian,
  ja: japanese,
  ko: korean,
  hi: hindi,
  ar: arabic,
  id: indonesian,
  tr: turkish
}

/** A sentence begins with a capital where the script has them; Turkish has one of its own for i. */
const opening = (text: string, language: Language): string => {
  const first = String.fromCodePoint(text.codePointAt(0) ?? 32)
  const capital = language === "tr" && first === "i" ? "İ" : first.toUpperCase()
  return capital + text.slice(first.length)
}

/** Spanish says `e` for `y` before the sound of i. */
const smoothed = (text: string, language: Language): string =>
  language === "es" ? text.replace(/ y (?=h?i)/g, " e ") : text

const fullStop = (language: Language): string => (language === "ja" ? "。" : language === "hi" ? "।" : ".")

export interface BioOptions {
  readonly language: Language
  readonly niche: Niche
  readonly city: string
  /** Says when the streams are. */
  readonly live: boolean
  /** Without emoji. */
  readonly plain: boolean
}

/** A bio in a language about a niche: a pattern with two topics, for some a second sentence, for few an emoji. */
export const bioOf = (random: Random, { city, language, live, niche, plain }: BioOptions): string => {
  const { closings, live: times, patterns, topics } = vocabularies[language]
  const first = random.below(3)
  const second = (first + 1 + random.below(2)) % 3
  const [fallback] = topics[niche]
  const sentence = random
    .pick(patterns)
    .replace("{a}", topics[niche][first] ?? fallback)
    .replace("{b}", topics[niche][second] ?? fallback)
    .replace("{city}", city)
  const opened = opening(smoothed(sentence, language), language)
  const closing = live ? random.pick(times) : random.chance(0.45) ? random.pick(closings) : ""
  const emoji = !plain && random.chance(0.2) ? ` ${random.pick(nicheOf(niche).emoji)}` : ""
  if (closing === "") return `${opened}${emoji}`
  return `${opened}${fullStop(language)}${language === "ja" ? "" : " "}${closing}${emoji}`
}
