import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import type * as MetricPair from "effect/MetricPair"
import * as MetricState from "effect/MetricState"

const escapeLabel = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"')

const escapeHelp = (value: string): string => value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")

const labels = (pairs: ReadonlyArray<readonly [string, string]>): string =>
  pairs.length === 0 ? "" : `{${pairs.map(([key, value]) => `${key}="${escapeLabel(value)}"`).join(",")}}`

const metricName = (name: string): string => name.replaceAll(/[^A-Za-z0-9_:]|^(?=\d)/g, "_")

const labelName = (name: string): string => name.replaceAll(/[^A-Za-z0-9_]|^(?=\d)/g, "_")

/** A value as the format spells it: infinities are its own words. */
const number = (value: number | bigint): string =>
  value === Number.POSITIVE_INFINITY ? "+Inf" : value === Number.NEGATIVE_INFINITY ? "-Inf" : String(value)

interface Family {
  readonly type: "counter" | "gauge" | "histogram" | "summary"
  readonly help: string
  readonly lines: Array<string>
}

const renderPair = (
  name: string,
  tags: ReadonlyArray<readonly [string, string]>,
  state: MetricPair.MetricPair.Untyped["metricState"]
): { readonly type: Family["type"]; readonly lines: ReadonlyArray<string> } | undefined => {
  if (MetricState.isCounterState(state)) {
    return { type: "counter", lines: [`${name}${labels(tags)} ${number(state.count)}`] }
  }
  if (MetricState.isGaugeState(state)) {
    return { type: "gauge", lines: [`${name}${labels(tags)} ${number(state.value)}`] }
  }
  if (MetricState.isHistogramState(state)) {
    const lines: Array<string> = []
    for (const [bound, count] of state.buckets) {
      if (bound === Number.POSITIVE_INFINITY) continue
      lines.push(`${name}_bucket${labels([...tags, ["le", number(bound)]])} ${count}`)
    }
    lines.push(
      `${name}_bucket${labels([...tags, ["le", "+Inf"]])} ${state.count}`,
      `${name}_sum${labels(tags)} ${number(state.sum)}`,
      `${name}_count${labels(tags)} ${state.count}`
    )
    return { type: "histogram", lines }
  }
  if (MetricState.isSummaryState(state)) {
    const lines: Array<string> = []
    for (const [quantile, value] of state.quantiles) {
      if (value._tag === "Some")
        lines.push(`${name}${labels([...tags, ["quantile", String(quantile)]])} ${number(value.value)}`)
    }
    lines.push(
      `${name}_sum${labels(tags)} ${number(state.sum)}`,
      `${name}_count${labels(tags)} ${state.count}`
    )
    return { type: "summary", lines }
  }
  if (MetricState.isFrequencyState(state)) {
    return {
      type: "counter",
      lines: [...state.occurrences].map(
        ([value, count]) => `${name}${labels([...tags, ["value", value]])} ${count}`
      )
    }
  }
  return undefined
}

/** Prometheus text exposition format 0.0.4. */
export const contentType = "text/plain; version=0.0.4; charset=utf-8"

/** Effect counts its fibers, in names that are not Prometheus's and without saying what they are. */
const isEffects = ({ metricKey }: MetricPair.MetricPair.Untyped): boolean =>
  metricKey.name.startsWith("effect_")

/** All metrics of this process in the Prometheus text format. */
export const render: Effect.Effect<string> = Effect.map(Metric.snapshot, (pairs) => {
  const families = new Map<string, Family>()
  for (const pair of pairs) {
    if (isEffects(pair)) continue
    const name = metricName(pair.metricKey.name)
    const tags = pair.metricKey.tags.map((tag) => [labelName(tag.key), tag.value] as const)
    const rendered = renderPair(name, tags, pair.metricState)
    if (rendered === undefined) continue
    const help = pair.metricKey.description._tag === "Some" ? pair.metricKey.description.value : name
    const family = families.get(name) ?? { type: rendered.type, help, lines: [] }
    family.lines.push(...rendered.lines)
    families.set(name, family)
  }
  return [...families]
    .map(
      ([name, family]) =>
        `# HELP ${name} ${escapeHelp(family.help)}\n# TYPE ${name} ${family.type}\n${family.lines.join("\n")}\n`
    )
    .join("")
})
