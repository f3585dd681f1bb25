import { useSignal } from "@preact/signals"
import { useEffect } from "preact/hooks"
import {
  type Failure,
  type GrowthFigures,
  getGrowth,
  getSeries,
  getTracking,
  type Series,
  seriesPath,
  setTracking,
  type Tracked
} from "./Client.ts"
import { DownloadLink } from "./DownloadLink.tsx"
import {
  formatChange,
  formatCompact,
  formatCount,
  formatCountChange,
  formatDay,
  formatInterval,
  formatPercent
} from "./Format.ts"
import {
  type ChartMetric,
  type ChartRange,
  type DayValue,
  daysOf,
  type Expected,
  expectedOf,
  lastDays,
  type Mark,
  marksOf,
  ranges
} from "./Growth.ts"
import { GrowthChart } from "./GrowthChart.tsx"

type FollowerGrowth = NonNullable<GrowthFigures["metrics"]["followers"]>

/** What is on the screen: figures, or that there are none, or why they could not be read. Undefined while they are read. */
type Known =
  | { readonly _tag: "Figures"; readonly series: Series; readonly growth: FollowerGrowth | undefined }
  | { readonly _tag: "Nothing" }
  | { readonly _tag: "Failed"; readonly failure: Failure }

/** Undefined when somebody asks something newer by now. */
const readFigures = async (id: string, signal: AbortSignal): Promise<Known | undefined> => {
  const [series, growth] = await Promise.all([getSeries(id, signal), getGrowth(id, signal)])
  if (series._tag === "Aborted" || growth._tag === "Aborted") return undefined
  if (series._tag === "Failed") return series
  if (growth._tag === "Failed") return growth
  return series.value.rows.length === 0
    ? { _tag: "Nothing" }
    : { _tag: "Figures", series: series.value, growth: growth.value.metrics.followers }
}

const reasons: { readonly [K in NonNullable<FollowerGrowth["growth"][number]["reason"]>]: string } = {
  "no-history": "nobody knows the followers so long ago",
  "within-rounding": "less than the platform's rounding shows",
  "zero-start": "there were none before"
}

/** The change over a range, in words. */
const Change = ({
  growth,
  range
}: {
  readonly growth: FollowerGrowth | undefined
  readonly range: ChartRange
}) => {
  const found = growth?.growth.find(({ days }) => days === range)
  if (found === undefined) return null
  const { absolute, percent, reason } = found
  return (
    <p class="change">
      {range} days: {absolute === null ? null : <strong>{formatCountChange(absolute)} followers</strong>}
      {percent === null ? null : ` (${formatChange(percent)})`}
      {reason === null ? null : <span class="quiet">{` ${reasons[reason]}`}</span>}
    </p>
  )
}

/** The values of the chart as a table, and what is expected after them. */
const ValueTable = ({
  days,
  expected,
  marks,
  title,
  format
}: {
  readonly days: ReadonlyArray<DayValue>
  readonly expected: ReadonlyArray<Expected>
  readonly marks: ReadonlyArray<Mark>
  readonly title: string
  readonly format: (value: number) => string
}) => (
  <details class="values-table">
    <summary>These figures as a table</summary>
    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
    <section aria-label="Figures by day" tabIndex={0}>
      <table class="rows">
        <thead>
          <tr>
            <th scope="col">Day (UTC)</th>
            <th scope="col" class="number">
              {title}
            </th>
            <th scope="col">Remarks</th>
          </tr>
        </thead>
        <tbody>
          {days.map(({ time, value }) => (
            <tr key={time}>
              <th scope="row">{formatDay(new Date(time).toISOString())}</th>
              <td class="number">{format(value)}</td>
              <td>
                {marks
                  .filter((mark) => mark.time === time)
                  .map(({ text }) => text)
                  .join(", ")}
              </td>
            </tr>
          ))}
          {expected.map(({ high, low, time, value }) => (
            <tr key={time} class="expected">
              <th scope="row">{formatDay(new Date(time).toISOString())}</th>
              <td class="number">{format(value)}</td>
              <td>
                expected; {format(low)} to {format(high)} with 80 %
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  </details>
)

const metricTitles: { readonly [K in ChartMetric]: string } = {
  followers: "Followers",
  engagement: "Engagement"
}

const Choice = ({
  pressed,
  onChoose,
  children
}: {
  readonly pressed: boolean
  readonly onChoose: () => void
  readonly children: string
}) => (
  <button type="button" class="choice" aria-pressed={pressed} onClick={onChoose}>
    {children}
  </button>
)

const isSome = (days: ReadonlyArray<DayValue>): days is readonly [DayValue, ...ReadonlyArray<DayValue>] =>
  days.length > 0

const Figures = ({
  id,
  series,
  growth
}: {
  readonly id: string
  readonly series: Series
  readonly growth: FollowerGrowth | undefined
}) => {
  const metric = useSignal<ChartMetric>("followers")
  const range = useSignal<ChartRange>(90)
  const days = lastDays(daysOf(series, metric.value), range.value)
  const isCount = metric.value === "followers"
  const expected = isCount ? expectedOf(growth, days.at(-1), range.value) : []
  const marks = isCount ? marksOf(growth, days, formatCompact) : []
  const format = isCount ? formatCount : formatPercent
  const title = metricTitles[metric.value]
  return (
    <>
      <div class="choices">
        <fieldset>
          <legend class="visually-hidden">Figure</legend>
          {(["followers", "engagement"] as const).map((name) => (
            <Choice
              key={name}
              pressed={metric.value === name}
              onChoose={() => {
                metric.value = name
              }}
            >
              {metricTitles[name]}
            </Choice>
          ))}
        </fieldset>
        <fieldset>
          <legend class="visually-hidden">Days</legend>
          {ranges.map((choice) => (
            <Choice
              key={choice}
              pressed={range.value === choice}
              onChoose={() => {
                range.value = choice
              }}
            >
              {`${choice} d`}
            </Choice>
          ))}
        </fieldset>
      </div>
      {isCount ? <Change growth={growth} range={range.value} /> : null}
      {isSome(days) ? (
        <>
          <GrowthChart
            key={`${metric.value} ${range.value}`}
            days={days}
            expected={expected}
            marks={marks}
            label={`${title} by day`}
            format={format}
            formatTick={isCount ? formatCompact : formatPercent}
          />
          <ul class="legend quiet" aria-hidden="true">
            {expected.length === 0 ? null : <li class="legend-expected">expected; in the band with 80 %</li>}
            {marks.some(({ kind }) => kind === "anomaly") ? <li class="legend-anomaly">anomaly</li> : null}
            {marks.some(({ kind }) => kind === "milestone") ? (
              <li class="legend-milestone">milestone</li>
            ) : null}
          </ul>
          {isCount ? null : (
            <p class="quiet">Average likes and comments per post, in percent of the followers of the day.</p>
          )}
          <ValueTable days={days} expected={expected} marks={marks} title={title} format={format} />
          <p>
            <DownloadLink href={seriesPath(id, "csv", days[0].time)} name="series.csv" download="">
              These days as CSV
            </DownloadLink>
          </p>
        </>
      ) : (
        <p class="quiet">
          {isCount
            ? "No source states followers over time."
            : "Likes and comments per post are not known over time."}
        </p>
      )}
    </>
  )
}

/** Starts and stops tracking. What the server says against it is told. */
const TrackButton = ({ id, tracked }: { readonly id: string; readonly tracked: Tracked | undefined }) => {
  const changed = useSignal<Tracked | undefined>(undefined)
  const refusal = useSignal<string | undefined>(undefined)
  const busy = useSignal(false)
  const now = changed.value ?? tracked
  if (now === undefined) return null
  const isTracked = now.interval !== null

  const change = async (): Promise<void> => {
    const { signal } = new AbortController()
    busy.value = true
    const answer = await setTracking(id, !isTracked, signal)
    const after = answer._tag === "Ok" ? await getTracking(id, signal) : answer
    busy.value = false
    if (after._tag === "Failed") {
      const { detail, errors } = after.failure
      refusal.value = errors[0]?.message ?? detail
    } else if (after._tag === "Ok") {
      refusal.value = undefined
      changed.value = after.value
    }
  }

  return (
    <>
      {now.interval === null ? null : (
        <span class="quiet" role="status">
          tracked every {formatInterval(now.interval)}
        </span>
      )}
      <button type="button" class="button" disabled={busy.value} onClick={() => void change()}>
        {isTracked ? "Stop tracking" : "Track"}
      </button>
      {refusal.value === undefined ? null : (
        <span class="hint" role="alert">
          {refusal.value}
        </span>
      )}
    </>
  )
}

/** How an account has grown, and where that leads; and the switch that starts to follow it. */
export const GrowthSection = ({ id }: { readonly id: string }) => {
  const known = useSignal<Known | undefined>(undefined)
  const tracked = useSignal<Tracked | undefined>(undefined)
  const attempt = useSignal(0)

  useEffect(() => {
    const reading = new AbortController()
    const { signal } = reading
    const read = async (): Promise<void> => {
      const answer = await getTracking(id, signal)
      if (answer._tag === "Aborted") return
      if (answer._tag === "Ok") tracked.value = answer.value
      if (answer._tag === "Failed") known.value = answer
      else if (answer.value.latest === null) known.value = { _tag: "Nothing" }
      else known.value = (await readFigures(id, signal)) ?? known.value
    }
    void read()
    return () => reading.abort()
  }, [attempt.value])

  return (
    <section class="detail-section growth" aria-busy={known.value === undefined}>
      <div class="growth-head">
        <h3>Growth</h3>
        <TrackButton id={id} tracked={tracked.value} />
      </div>
      <Shown
        id={id}
        known={known.value}
        onRetry={() => {
          known.value = undefined
          attempt.value++
        }}
      />
    </section>
  )
}

const Shown = ({
  id,
  known,
  onRetry
}: {
  readonly id: string
  readonly known: Known | undefined
  readonly onRetry: () => void
}) => {
  switch (known?._tag) {
    case undefined:
      return <span class="bone bone-chart" aria-hidden="true" />
    case "Figures":
      return <Figures id={id} series={known.series} growth={known.growth} />
    case "Nothing":
      return (
        <p class="quiet" data-growth="none">
          No figures over time yet. Track the account, or import what you have:{" "}
          <code>npm run influscope -- track import FILE</code>
        </p>
      )
    case "Failed":
      return (
        <div role="alert" data-growth="failed">
          <p>{known.failure.detail}</p>
          <button type="button" class="button" onClick={onRetry}>
            Try again
          </button>
        </div>
      )
  }
}
