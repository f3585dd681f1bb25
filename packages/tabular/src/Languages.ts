import { folded } from "./Text.ts"
import { invalid, isMissing, missing, type Outcome, value } from "./Values.ts"

/** ISO 639-1. */
const codes =
  "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es et eu fa ff fi fj fo " +
  "fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg " +
  "li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se " +
  "sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"

const aliases: Readonly<Record<string, ReadonlyArray<string>>> = {
  es: ["Castilian", "Castellano", "Spanish (Latin America)"],
  zh: ["Mandarin", "Mandarín", "Cantonese", "Simplified Chinese", "Traditional Chinese", "中文"],
  tl: ["Filipino", "Tagalog", "fil"],
  pt: ["Brazilian Portuguese", "Português"],
  fa: ["Farsi", "Persa"],
  el: ["Griego"],
  he: ["iw"],
  id: ["Bahasa Indonesia", "in"],
  ms: ["Bahasa Melayu"],
  no: ["Noruego"],
  fr: ["Français"],
  de: ["Deutsch"],
  it: ["Italiano"],
  ru: ["Русский"],
  ja: ["日本語"],
  ko: ["한국어"],
  ar: ["العربية"],
  tr: ["Türkçe"],
  hi: ["हिन्दी"],
  pl: ["Polski"],
  nl: ["Nederlands"]
}

const table = (() => {
  const all = new Set(codes.split(" "))
  const names = new Map<string, string>()
  for (const locale of ["en", "es"]) {
    const display = new Intl.DisplayNames([locale], { type: "language", fallback: "none" })
    for (const code of all) {
      const name = display.of(code)
      if (name !== undefined && !names.has(folded(name))) names.set(folded(name), code)
    }
  }
  for (const [code, list] of Object.entries(aliases)) for (const name of list) names.set(folded(name), code)
  return { all, names }
})()

const tag = /^[a-z]{2,3}(?:[-_][a-z0-9]{2,8})*$/i

const canonical = (text: string): string | undefined => {
  try {
    return Intl.getCanonicalLocales(text.replace(/_/g, "-"))[0]?.split("-")[0]
  } catch {
    return undefined
  }
}

/** The ISO 639-1 code of a language: name in English or Spanish, code of two or three letters, tag such as `pt-BR`. */
export const languageCode = (text: string): string | undefined => {
  const trimmed = text.trim()
  if (trimmed.length < 2 || trimmed.length > 40) return undefined
  const named = table.names.get(folded(trimmed))
  if (named !== undefined) return named
  const code = tag.test(trimmed) ? canonical(trimmed) : undefined
  return code !== undefined && table.all.has(code) ? code : undefined
}

export const parseLanguage = (cell: string): Outcome<string> => {
  if (isMissing(cell) || /^(?:other|otros?|und|zxx|mul)$/i.test(cell.trim())) return missing
  const code = languageCode(cell)
  return code === undefined ? invalid("this is no language of ISO 639-1") : value(code)
}
