import type { NamePoolName } from "./Names.ts"

/** ISO 639-1 codes of the languages bios are written in. */
export type Language = "en" | "es" | "pt" | "fr" | "de" | "it" | "ja" | "ko" | "hi" | "ar" | "id" | "tr"

export interface SpokenLanguage {
  readonly code: Language
  readonly weight: number
  /** Places of the country as this language writes them. */
  readonly cities: readonly [string, string, string]
}

export interface Country {
  /** ISO 3166-1 alpha-2. */
  readonly code: string
  /** Share of the invented creators; after the size of the countries' online population, flattened. */
  readonly weight: number
  readonly names: NamePoolName
  readonly languages: readonly [SpokenLanguage, ...ReadonlyArray<SpokenLanguage>]
}

const spoken = (
  code: Language,
  weight: number,
  cities: readonly [string, string, string]
): SpokenLanguage => ({
  code,
  weight,
  cities
})

export const countries: ReadonlyArray<Country> = [
  {
    code: "US",
    weight: 18,
    names: "english",
    languages: [spoken("en", 1, ["Austin", "Chicago", "Portland"])]
  },
  { code: "GB", weight: 6, names: "english", languages: [spoken("en", 1, ["Leeds", "Bristol", "Glasgow"])] },
  {
    code: "CA",
    weight: 3,
    names: "english",
    languages: [spoken("en", 1, ["Toronto", "Vancouver", "Halifax"])]
  },
  {
    code: "AU",
    weight: 3,
    names: "english",
    languages: [spoken("en", 1, ["Melbourne", "Perth", "Brisbane"])]
  },
  {
    code: "IN",
    weight: 14,
    names: "indian",
    languages: [spoken("hi", 6, ["दिल्ली", "जयपुर", "मुंबई"]), spoken("en", 4, ["Delhi", "Jaipur", "Mumbai"])]
  },
  {
    code: "BR",
    weight: 11,
    names: "portuguese",
    languages: [spoken("pt", 1, ["Recife", "Curitiba", "São Paulo"])]
  },
  {
    code: "PT",
    weight: 2,
    names: "portuguese",
    languages: [spoken("pt", 1, ["Lisboa", "Braga", "Coimbra"])]
  },
  {
    code: "ES",
    weight: 5,
    names: "spanish",
    languages: [spoken("es", 1, ["Madrid", "Sevilla", "Valencia"])]
  },
  {
    code: "MX",
    weight: 6,
    names: "spanish",
    languages: [spoken("es", 1, ["Puebla", "Monterrey", "Mérida"])]
  },
  {
    code: "AR",
    weight: 3,
    names: "spanish",
    languages: [spoken("es", 1, ["Buenos Aires", "Rosario", "Mendoza"])]
  },
  { code: "CO", weight: 3, names: "spanish", languages: [spoken("es", 1, ["Bogotá", "Medellín", "Cali"])] },
  { code: "FR", weight: 5, names: "french", languages: [spoken("fr", 1, ["Lyon", "Nantes", "Marseille"])] },
  { code: "BE", weight: 1, names: "french", languages: [spoken("fr", 1, ["Liège", "Namur", "Bruxelles"])] },
  { code: "DE", weight: 5, names: "german", languages: [spoken("de", 1, ["Berlin", "Leipzig", "Hamburg"])] },
  { code: "AT", weight: 1, names: "german", languages: [spoken("de", 1, ["Wien", "Graz", "Linz"])] },
  { code: "IT", weight: 5, names: "italian", languages: [spoken("it", 1, ["Torino", "Bologna", "Napoli"])] },
  { code: "JP", weight: 7, names: "japanese", languages: [spoken("ja", 1, ["東京", "大阪", "福岡"])] },
  { code: "KR", weight: 5, names: "korean", languages: [spoken("ko", 1, ["서울", "부산", "대전"])] },
  {
    code: "ID",
    weight: 8,
    names: "indonesian",
    languages: [spoken("id", 1, ["Jakarta", "Bandung", "Yogyakarta"])]
  },
  { code: "TR", weight: 5, names: "turkish", languages: [spoken("tr", 1, ["İstanbul", "İzmir", "Ankara"])] },
  {
    code: "SA",
    weight: 4,
    names: "arabic",
    languages: [spoken("ar", 1, ["الرياض", "جدة", "الدمام"])]
  },
  {
    code: "EG",
    weight: 4,
    names: "arabic",
    languages: [spoken("ar", 1, ["القاهرة", "الإسكندرية", "المنصورة"])]
  },
  {
    code: "AE",
    weight: 2,
    names: "arabic",
    languages: [
      spoken("ar", 7, ["دبي", "أبوظبي", "الشارقة"]),
      spoken("en", 3, ["Dubai", "Abu Dhabi", "Sharjah"])
    ]
  }
]
