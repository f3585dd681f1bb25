const units: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000
}

/** Milliseconds of a duration as Go writes them ("200ms", "1m30s"), or of a number of seconds; undefined otherwise. */
export const parseDuration = (text: string): number | undefined => {
  if (/^[+-]?\d+$/.test(text)) return Number(text) * 1_000
  const match = /^([+-]?)((?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.exec(text)
  if (match === null) return undefined
  const total = [...text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/g)].reduce(
    (sum, [, count = "0", unit = ""]) => sum + Number(count) * (units[unit] ?? 0),
    0
  )
  return match[1] === "-" ? -total : total
}
