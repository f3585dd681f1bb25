import { useSignal } from "@preact/signals"
import { useEffect, useRef } from "preact/hooks"
import { formatAxisDay, formatDay } from "./Format.ts"
import { boundsOf, type DayValue, type Expected, type Mark, runsOf, spreadDays, ticksOf } from "./Growth.ts"

const height = 220
const room = { right: 10, top: 12, bottom: 24 }
/** Pixels of a letter of the axis, and between its labels and the plot. */
const letterWidth = 7
const labelGap = 8
/** Until it is known how much room there is. */
const usualWidth = 480

/** Pixels between two labels of the horizontal axis. */
const labelSpace = 96

/** From here on a day's label is its month. */
const longMillis = 200 * 86_400_000

type Point = readonly [x: number, y: number]

const pathOf = (points: ReadonlyArray<Point>): string =>
  points.map(([x, y], index) => `${index === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`).join("")

const iso = (time: number): string => new Date(time).toISOString()

/** A shape of its own for each kind, for those who see no colours. */
const MarkShape = ({ mark, x, y }: { readonly mark: Mark; readonly x: number; readonly y: number }) => (
  <g class={`mark ${mark.kind}`} transform={`translate(${x.toFixed(1)} ${y.toFixed(1)})`}>
    <title>{`${formatDay(iso(mark.time))}: ${mark.text}`}</title>
    {mark.kind === "anomaly" ? <path d="M0 -7 6.5 5h-13z" /> : <path d="M0 0V-14l9 3.5-9 3.5" />}
  </g>
)

/**
 * Values by day as a line, broken where days are missing, with what is expected after them and what stands out. A slider
 * over it, for the keyboard and for screen readers, reads out one day after the other.
 */
export const GrowthChart = ({
  days,
  expected,
  marks,
  label,
  format,
  formatTick
}: {
  readonly days: readonly [DayValue, ...ReadonlyArray<DayValue>]
  readonly expected: ReadonlyArray<Expected>
  readonly marks: ReadonlyArray<Mark>
  readonly label: string
  readonly format: (value: number) => string
  readonly formatTick: (value: number) => string
}) => {
  const frame = useRef<HTMLDivElement>(null)
  const width = useSignal(usualWidth)
  const chosen = useSignal<number | undefined>(undefined)
  useEffect(() => {
    const element = frame.current
    if (element === null) return
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) width.value = Math.max(200, entry.contentRect.width)
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [])

  const last = days.at(-1) ?? days[0]
  const end = expected.at(-1)?.time ?? last.time
  const [low, high] = boundsOf([
    ...days.map(({ value }) => value),
    ...expected.flatMap((one) => [one.low, one.high])
  ])
  const ticks = ticksOf(low, high, 4)
  // In short, unless that makes several of them the same.
  const short = ticks.map(formatTick)
  const tickLabels = new Set(short).size === short.length ? short : ticks.map(format)
  const left = labelGap + letterWidth * Math.max(...tickLabels.map((text) => text.length))
  const inner = width.value - left - room.right
  // A single day stands in the middle.
  const x = (time: number): number =>
    left + (end === days[0].time ? inner / 2 : ((time - days[0].time) / (end - days[0].time)) * inner)
  const y = (value: number): number =>
    room.top + (1 - (value - low) / (high - low)) * (height - room.top - room.bottom)
  const at = ({ time, value }: DayValue): Point => [x(time), y(value)]

  const runs = runsOf(days)
  const gaps = runs.slice(1).flatMap((run, index) => {
    const before = runs[index]?.at(-1)
    const [after] = run
    return before === undefined || after === undefined ? [] : [pathOf([at(before), at(after)])]
  })
  const band: ReadonlyArray<Point> = [
    at(last),
    ...expected.map((one): Point => [x(one.time), y(one.high)]),
    ...expected.toReversed().map((one): Point => [x(one.time), y(one.low)])
  ]
  const labelled = spreadDays(days[0].time, end, Math.floor(inner / labelSpace))
  const isLong = end - days[0].time > longMillis
  const current = Math.min(chosen.value ?? days.length - 1, days.length - 1)
  const shown = days[current] ?? last
  const remarks = marks.filter(({ time }) => time === shown.time).map(({ text }) => text)
  const reading = [`${formatDay(iso(shown.time))}: ${format(shown.value)}`, ...remarks].join(", ")

  const choose = (event: PointerEvent): void => {
    const pointed = event.clientX - (frame.current?.getBoundingClientRect().left ?? 0)
    const distance = ({ time }: DayValue): number => Math.abs(x(time) - pointed)
    const nearest = days.reduce((best, day) => (distance(day) < distance(best) ? day : best), last)
    chosen.value = days.indexOf(nearest)
  }

  return (
    <div class="chart">
      <p class="reading" aria-hidden="true">
        {reading}
      </p>
      <div
        class="plot"
        ref={frame}
        onPointerMove={choose}
        onPointerDown={choose}
        onPointerLeave={() => {
          chosen.value = undefined
        }}
      >
        <input
          type="range"
          class="visually-hidden"
          aria-label={label}
          aria-valuetext={reading}
          min={0}
          max={days.length - 1}
          value={current}
          onInput={(event) => {
            chosen.value = Number(event.currentTarget.value)
          }}
        />
        <svg width={width.value} height={height} viewBox={`0 0 ${width.value} ${height}`} aria-hidden="true">
          {ticks.map((tick, index) => (
            <g key={tick} class="tick">
              <line x1={left} x2={width.value - room.right} y1={y(tick)} y2={y(tick)} />
              <text x={left - labelGap} y={y(tick)} text-anchor="end" dominant-baseline="central">
                {tickLabels[index]}
              </text>
            </g>
          ))}
          {labelled.map((time, index) => (
            <text
              key={time}
              class="day"
              x={x(time)}
              y={height - 6}
              text-anchor={index === 0 ? "start" : time === end ? "end" : "middle"}
            >
              {formatAxisDay(time, isLong)}
            </text>
          ))}
          {expected.length === 0 ? null : (
            <>
              <path class="band" d={`${pathOf(band)}Z`} />
              <path class="expected" d={pathOf([at(last), ...expected.map(at)])} />
            </>
          )}
          {gaps.map((path) => (
            <path key={path} class="gap" d={path} />
          ))}
          {runs.map((run) => (
            <path key={run[0]?.time} class="line" d={pathOf(run.map(at))} />
          ))}
          {runs
            .filter((run) => run.length === 1)
            .flatMap((run) => run.map(at))
            .map(([cx, cy]) => (
              <circle key={cx} class="dot" cx={cx} cy={cy} r="2.5" />
            ))}
          {marks.map((mark) => (
            <MarkShape
              key={`${mark.kind}${mark.time}${mark.text}`}
              mark={mark}
              x={x(mark.time)}
              y={y(mark.value)}
            />
          ))}
          {chosen.value === undefined ? null : (
            <line
              class="cursor"
              x1={x(shown.time)}
              x2={x(shown.time)}
              y1={room.top}
              y2={height - room.bottom}
            />
          )}
          <circle class="chosen" cx={x(shown.time)} cy={y(shown.value)} r="4.5" />
        </svg>
      </div>
    </div>
  )
}
