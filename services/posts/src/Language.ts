import type { DetectLanguage } from "@influscope/domain/posts/AnalysePost"
import { eld } from "eld/extrasmall"

/** Fewer letters than this are of many languages. */
const fewestLetters = 12

/**
 * The language of a text by the n-grams of its first thousand characters: 60 languages, Indonesian not told from Malay
 * (`ms`). Null when it is short, mixed, or of another language.
 */
export const detectLanguage: DetectLanguage = (text) => {
  const letters = text.match(/\p{L}/gu)?.length ?? 0
  if (letters < fewestLetters) return null
  const result = eld.detect(text.toWellFormed())
  return result.isReliable() ? result.language : null
}
