import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"
import * as Metrics from "../src/Metrics.ts"
import { contentType, render } from "../src/Prometheus.ts"
import { type Family, parseExposition } from "./Exposition.ts"

let made = 0

/** A metric name that no other test has: all metrics of a process are one registry. */
const unique = (prefix: string): string => {
  made += 1
  return `test_${prefix}_${made}`
}

const family = (name: string) =>
  Effect.map(render, (text): Family => {
    const found = parseExposition(text).get(name)
    return found ?? assert.fail(`there is no ${name} in\n${text}`)
  })

const valuesOf = ({ samples }: Family) => samples.map(({ value }) => value)

const anyText = FastCheck.array(
  FastCheck.oneof(
    FastCheck.fullUnicode(),
    FastCheck.constantFrom("\\", '"', "\n", "\r", "{", "}", ",", "=", "#", " ")
  )
).map((characters) => characters.join(""))

describe("Prometheus exposition", () => {
  it("says which format it is", () => {
    assert.strictEqual(contentType, "text/plain; version=0.0.4; charset=utf-8")
  })

  it.effect("writes counters and gauges with their help, type and labels", () =>
    Effect.gen(function* () {
      const [counter, gauge] = [unique("requests_total"), unique("depth")]
      const counting = Metric.counter(counter, { description: "What came in", incremental: true })
      yield* Metric.incrementBy(Metric.tagged(counting, "route", "/search"), 2)
      yield* Metric.increment(Metric.tagged(counting, "route", "/audit"))
      yield* Metric.set(Metric.gauge(gauge), 2.5)
      const { help, samples, type } = yield* family(counter)
      assert.deepStrictEqual([help, type], ["What came in", "counter"])
      assert.sameDeepMembers(
        [...samples],
        [
          { name: counter, labels: { route: "/search" }, value: 2 },
          { name: counter, labels: { route: "/audit" }, value: 1 }
        ]
      )
      assert.deepStrictEqual(yield* family(gauge), {
        name: gauge,
        help: gauge,
        type: "gauge",
        samples: [{ name: gauge, labels: {}, value: 2.5 }]
      })
    })
  )

  it.effect("writes every number in the words of the format", () =>
    Effect.gen(function* () {
      const name = unique("numbers")
      const numbers = [
        0,
        -1.5,
        1e21,
        5e-324,
        Number.MAX_SAFE_INTEGER,
        Number.NaN,
        Number.POSITIVE_INFINITY,
        Number.NEGATIVE_INFINITY
      ]
      yield* Effect.forEach(numbers, (value, place) =>
        Metric.set(Metric.tagged(Metric.gauge(name), "place", String(place)), value)
      )
      const { samples } = yield* family(name)
      for (const [place, value] of numbers.entries())
        assert.deepStrictEqual(samples.find(({ labels }) => labels["place"] === String(place))?.value, value)
      const big = unique("big_total")
      yield* Metric.incrementBy(Metric.counter(big, { bigint: true }), 2n ** 70n)
      assert.deepStrictEqual(valuesOf(yield* family(big)), [2 ** 70])
    })
  )

  it.effect.prop(
    "escapes any label value and any help text",
    [anyText, anyText],
    ([value, description]) =>
      Effect.gen(function* () {
        const name = unique("hostile_total")
        yield* Metric.increment(Metric.tagged(Metric.counter(name, { description }), "given", value))
        const { help, samples } = yield* family(name)
        assert.strictEqual(help, description)
        assert.deepStrictEqual(samples, [{ name, labels: { given: value }, value: 1 }])
      }),
    { fastCheck: { numRuns: 50 } }
  )

  it.effect("cannot be made to say more than there is", () =>
    Effect.gen(function* () {
      const [name, forged] = [unique("hostile_total"), unique("forged")]
      const hostile = `"} 1\n${forged} 1\n# HELP x\\`
      yield* Metric.increment(Metric.tagged(Metric.counter(name, { description: hostile }), "given", hostile))
      assert.isUndefined(parseExposition(yield* render).get(forged))
      assert.strictEqual((yield* family(name)).samples[0]?.labels["given"], hostile)
    })
  )

  it.effect("writes names the format allows", () =>
    Effect.gen(function* () {
      const suffix = unique("odd")
      const odd = Metric.counter(`0 ${suffix}-é:a`)
      yield* Metric.increment(Metric.tagged(Metric.tagged(odd, "0-a:b", "v"), "fine", "w"))
      const { samples } = yield* family(`_0_${suffix}__:a`)
      assert.deepStrictEqual(samples[0]?.labels, { _0_a_b: "v", fine: "w" })
    })
  )

  it.effect("writes histograms cumulatively, up to infinity", () =>
    Effect.gen(function* () {
      const name = unique("duration_seconds")
      const histogram = Metric.histogram(name, MetricBoundaries.fromIterable([0.1, 0.5, 1]), "How long")
      yield* Effect.forEach([0.05, 0.1, 0.2, 0.7, 3, 4], (value) =>
        Metric.update(Metric.tagged(histogram, "route", "/a"), value)
      )
      const { samples, type } = yield* family(name)
      assert.strictEqual(type, "histogram")
      const bucket = (le: string, value: number) => ({
        name: `${name}_bucket`,
        labels: { route: "/a", le },
        value
      })
      assert.deepStrictEqual(samples.slice(0, 4), [
        bucket("0.1", 2),
        bucket("0.5", 3),
        bucket("1", 4),
        bucket("+Inf", 6)
      ])
      assert.deepStrictEqual(
        samples.slice(4).map((sample) => sample.name),
        [`${name}_sum`, `${name}_count`]
      )
      assert.closeTo(samples[4]?.value ?? 0, 8.05, 1e-9)
      assert.strictEqual(samples[5]?.value, 6)
    })
  )

  it.effect.prop(
    "never lets a bucket hold less than the one below it",
    [
      FastCheck.array(FastCheck.double({ noNaN: true, noDefaultInfinity: true, min: -10, max: 10 }), {
        minLength: 1
      })
    ],
    ([values]) =>
      Effect.gen(function* () {
        const name = unique("any_seconds")
        const histogram = Metric.histogram(name, MetricBoundaries.linear({ start: -5, width: 2.5, count: 6 }))
        yield* Effect.forEach(values, (value) => Metric.update(histogram, value), { discard: true })
        const { samples } = yield* family(name)
        const buckets = samples.filter((sample) => sample.name.endsWith("_bucket"))
        for (const { labels, value } of buckets) {
          const bound = labels["le"] === "+Inf" ? Number.POSITIVE_INFINITY : Number(labels["le"])
          assert.strictEqual(value, values.filter((one) => one <= bound).length)
        }
        assert.strictEqual(buckets.at(-1)?.labels["le"], "+Inf")
        assert.strictEqual(buckets.at(-1)?.value, samples.at(-1)?.value)
      }),
    { fastCheck: { numRuns: 30 } }
  )

  it.effect("writes summaries and frequencies", () =>
    Effect.gen(function* () {
      const [summary, frequency] = [unique("sizes"), unique("words_total")]
      const sizes = Metric.summary({
        name: summary,
        maxAge: "1 day",
        maxSize: 100,
        error: 0,
        quantiles: [0.5, 0.9]
      })
      yield* Effect.forEach([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], (size) => Metric.update(sizes, size))
      const { samples, type } = yield* family(summary)
      assert.strictEqual(type, "summary")
      assert.deepStrictEqual(
        samples.map(({ labels, name, value }) => [name, labels["quantile"], value]),
        [
          [summary, "0.5", 5],
          [summary, "0.9", 9],
          [`${summary}_sum`, undefined, 55],
          [`${summary}_count`, undefined, 10]
        ]
      )
      const words = Metric.frequency(frequency)
      yield* Effect.forEach(["a", "b", 'a"', "a"], (word) => Metric.update(words, word))
      assert.sameDeepMembers(
        [...(yield* family(frequency)).samples],
        [
          { name: frequency, labels: { value: "a" }, value: 2 },
          { name: frequency, labels: { value: "b" }, value: 1 },
          { name: frequency, labels: { value: 'a"' }, value: 1 }
        ]
      )
    })
  )
})

describe("the metrics of the system", () => {
  it.effect("are named as Prometheus names metrics, each once and with a help", () =>
    Effect.gen(function* () {
      const all = Object.values(Metrics)
      for (const metric of all) metric.register()
      const families = [...parseExposition(yield* render).values()].filter(
        ({ name }) => !/^_*\d*_?test_/.test(name)
      )
      assert.isAtLeast(families.length, all.length)
      for (const { help, name, type } of families) {
        assert.notStrictEqual(help, name, "says what it counts")
        assert.match(name, /^[a-z][a-z0-9_]*$/)
        assert.strictEqual(name.endsWith("_total"), type === "counter", name)
        // Base units only, and a histogram says which.
        assert.notMatch(name, /_(ms|millis\w*|minutes?|hours?|days?|[kmg]i?b|kilobytes|percent)(_|$)/)
        if (type === "histogram") assert.match(name, /_(seconds|bytes)$/)
      }
    })
  )
})
