/**
 * Reads the Prometheus text format 0.0.4 as strictly as its description is: anything that does not belong there is a
 * RangeError that quotes the line.
 */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Family {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly samples: ReadonlyArray<Sample>
}

const metric = "[A-Za-z_:][A-Za-z0-9_:]*"
const label = '[A-Za-z_][A-Za-z0-9_]*="(?:[^"\\\\\\n]|\\\\[\\\\"n])*"'
const help = new RegExp(`^# HELP (${metric}) ((?:[^\\\\\\n]|\\\\[\\\\n])*)$`)
const type = new RegExp(`^# TYPE (${metric}) (counter|gauge|histogram|summary|untyped)$`)
const sample = new RegExp(
  `^(${metric})(?:\\{(${label}(?:,${label})*)\\})? ([+-]Inf|NaN|[+-]?\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?)$`
)

const unescape = (text: string): string =>
  text.replaceAll(/\\(.)/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped))

const numberOf = (text: string): number =>
  text === "+Inf"
    ? Number.POSITIVE_INFINITY
    : text === "-Inf"
      ? Number.NEGATIVE_INFINITY
      : text === "NaN"
        ? Number.NaN
        : Number(text)

const labelsOf = (text: string, line: string): Readonly<Record<string, string>> => {
  const labels = [...text.matchAll(new RegExp(label, "g"))].map(([one]) => {
    const cut = one.indexOf("=")
    return [one.slice(0, cut), unescape(one.slice(cut + 2, -1))] as const
  })
  if (new Set(labels.map(([name]) => name)).size !== labels.length)
    throw new RangeError(`a label twice: ${line}`)
  return Object.fromEntries(labels)
}

const suffixes: Readonly<Record<string, ReadonlyArray<string>>> = {
  histogram: ["_bucket", "_sum", "_count"],
  summary: ["", "_sum", "_count"]
}

export const parseExposition = (text: string): ReadonlyMap<string, Family> => {
  if (text !== "" && !text.endsWith("\n")) throw new RangeError("the last line has no end")
  const families = new Map<string, Family & { readonly samples: Array<Sample> }>()
  const series = new Set<string>()
  let current: (Family & { readonly samples: Array<Sample> }) | undefined
  let described: { readonly name: string; readonly help: string } | undefined
  for (const line of text.split("\n").slice(0, -1)) {
    const [, helpName, helpText] = help.exec(line) ?? []
    const [, typeName, kind] = type.exec(line) ?? []
    const [, name, labels, value] = sample.exec(line) ?? []
    if (helpName !== undefined && helpText !== undefined) {
      if (families.has(helpName)) throw new RangeError(`a family in two places: ${line}`)
      described = { name: helpName, help: unescape(helpText) }
    } else if (typeName !== undefined && kind !== undefined) {
      if (described?.name !== typeName) throw new RangeError(`a type without its help: ${line}`)
      current = { ...described, type: kind, samples: [] }
      families.set(typeName, current)
    } else if (name !== undefined && value !== undefined) {
      if (current === undefined) throw new RangeError(`a sample without a family: ${line}`)
      const { name: familyName, type: kindOf } = current
      if (!(suffixes[kindOf] ?? [""]).some((suffix) => name === `${familyName}${suffix}`))
        throw new RangeError(`a sample of another family: ${line}`)
      const decoded = labelsOf(labels ?? "", line)
      const key = JSON.stringify([name, Object.entries(decoded).sort()])
      if (series.has(key)) throw new RangeError(`a series twice: ${line}`)
      series.add(key)
      current.samples.push({ name, labels: decoded, value: numberOf(value) })
    } else throw new RangeError(`not a line of the format: ${line}`)
  }
  return families
}
