import { readdirSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import * as Effect from "effect/Effect"
import { parse } from "yaml"

const isMap = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const read = (path: string): unknown => parse(readFileSync(path, "utf8"))

/** Paths of ours that a chart does not have; below what is an empty map there, anything goes. */
const unknownKeys = (ours: unknown, chart: unknown, path: ReadonlyArray<string>): ReadonlyArray<string> => {
  if (!isMap(ours) || !isMap(chart) || (path.length > 0 && Object.keys(chart).length === 0)) return []
  return Object.entries(ours).flatMap(([key, value]) =>
    Object.hasOwn(chart, key) ? unknownKeys(value, chart[key], [...path, key]) : [[...path, key].join(".")]
  )
}

/**
 * Keys in a file of values that Helm would take and nobody would read. Undefined for a chart whose own values are not among
 * those that were brought here.
 */
export const unknownValues = (
  file: string,
  values: string
): Effect.Effect<ReadonlyArray<string> | undefined> =>
  Effect.sync(() => {
    const charts = readdirSync(values)
    const name = basename(file)
    if (!charts.includes(name)) return undefined
    // The values of the charts in a chart are under their names.
    const inner = charts.filter((chart) => chart.startsWith(`${basename(name, ".yaml")}_`))
    const chart = read(join(values, name))
    const whole = {
      ...(isMap(chart) ? chart : {}),
      ...Object.fromEntries(inner.map((one) => [basename(one, ".yaml"), read(join(values, one))]))
    }
    return unknownKeys(read(file), whole, [])
  })
