/** A copy that does not keep the (far larger) text it was cut from in memory. */
export const detached = (text: string): string => Buffer.from(text, "utf8").toString("utf8")

/** At most `length` characters, detached. */
export const shortened = (text: string, length = 200): string =>
  detached(text.length > length ? `${text.slice(0, length - 1)}…` : text)

/** For comparing names: lower case, blanks run together. */
export const squeeze = (text: string): string => text.replace(/\s+/g, " ").trim().toLowerCase()

/** For comparing words across languages: lower case, no marks on letters, only letters and digits, single blanks. */
export const folded = (text: string): string =>
  text
    .normalize("NFKD")
    .replace(/\p{M}+/gu, "")
    .toLowerCase()
    .replace(/&/g, " and ")
    .replace(/[’'`´]/g, "")
    .replace(/[^\p{L}\p{N}]+/gu, " ")
    .trim()
