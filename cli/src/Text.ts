import { styleText } from "node:util"

/** What a terminal would act on instead of showing it: control characters, and marks that turn the writing direction. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const unprintable = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]+/g

/** Text from outside as one harmless line. */
export const oneLine = (text: string): string => text.replace(unprintable, " ").trim()

type Style = Parameters<typeof styleText>[0]

/** Styled on a terminal, plain everywhere else and under NO_COLOR. */
export const styled = (style: Style, text: string): string =>
  process.stdout.isTTY && process.env["NO_COLOR"] === undefined ? styleText(style, text) : text

const grouped = new Intl.NumberFormat("en")
const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 })

/** 1,234,567 */
export const count = (value: number): string => grouped.format(value)

/** "1 profile", "2 profiles" */
export const counted = (value: number, noun: string): string =>
  `${count(value)} ${noun}${value === 1 ? "" : "s"}`

/** 1.2M; a dash for what is unknown. */
export const compact = (value: number | null): string => (value === null ? "-" : short.format(value))

/** 3.42 %; a dash for what is unknown. */
export const percent = (value: number | null): string => (value === null ? "-" : `${value.toFixed(2)} %`)

/** +3.42 %; a dash for what is unknown. */
export const change = (value: number | null): string =>
  (value !== null && value > 0 ? "+" : "") + percent(value)
