/** Most text is: it needs none of the slow ways. */
export const isAscii = (text: string): boolean => {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 127) return false
  return true
}

// Marks that writers leave out: Latin, Greek and Cyrillic accents, Hebrew points, Arabic vowels, joiners. Marks that are
// letters of their script (Thai, Devanagari, Japanese voicing) stay.
const optionalMarks = new RegExp(
  `[${[
    "\\u0300-\\u036f",
    "\\u0591-\\u05c7",
    "\\u0610-\\u061a",
    "\\u0640",
    "\\u064b-\\u065f",
    "\\u0670",
    "\\u1ab0-\\u1aff",
    "\\u1dc0-\\u1dff",
    "\\u200b-\\u200d",
    "\\u20d0-\\u20ff",
    "\\ufe00-\\ufe0f",
    "\\ufe20-\\ufe2f"
  ].join("")}]`,
  "gu"
)

const notWord = /[^\p{Alphabetic}\p{N}\p{M}]+/gu

/** Letters that Unicode does not decompose, with what people type for them. */
const plainLetters: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ß: "ss",
    æ: "ae",
    œ: "oe",
    ø: "o",
    ł: "l",
    đ: "d",
    ð: "d",
    þ: "th",
    ħ: "h",
    ı: "i",
    ς: "σ",
    ى: "ي",
    ة: "ه",
    ᴀ: "a",
    ʙ: "b",
    ᴄ: "c",
    ᴅ: "d",
    ᴇ: "e",
    ꜰ: "f",
    ɢ: "g",
    ʜ: "h",
    ɪ: "i",
    ᴊ: "j",
    ᴋ: "k",
    ʟ: "l",
    ᴍ: "m",
    ɴ: "n",
    ᴏ: "o",
    ᴘ: "p",
    ʀ: "r",
    ꜱ: "s",
    ᴛ: "t",
    ᴜ: "u",
    ᴠ: "v",
    ᴡ: "w",
    ʏ: "y",
    ᴢ: "z"
  })
)
const unusualLetters = new RegExp(`[${[...plainLetters.keys()].join("")}]`, "gu")

const withoutMarks = (text: string): string =>
  text
    .normalize("NFKD")
    .replace(optionalMarks, "")
    .toLowerCase()
    .replace(unusualLetters, (letter) => plainLetters.get(letter) ?? letter)
    .normalize("NFC")

/**
 * The form in which letters are compared: compatibility forms unified (full width, mathematical alphabets), accents
 * dropped, lower case. "LELÊ" and "𝓵𝓮𝓵𝓮" both give "lele".
 */
export const fold = (text: string): string => (isAscii(text) ? text.toLowerCase() : withoutMarks(text))

const notAsciiWord = /[^a-z0-9]+/g

/** Folds and keeps only letters and digits: "Khaby.Lame" gives "khabylame". */
export const compact = (text: string): string =>
  isAscii(text) ? text.toLowerCase().replace(notAsciiWord, "") : withoutMarks(text).replace(notWord, "")
