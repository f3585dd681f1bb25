import { assert, describe, it } from "@effect/vitest"
import {
  formatChange,
  formatCompact,
  formatInterval,
  formatMs,
  formatPercent,
  parseChange,
  parseCount,
  valueName
} from "../src/app/Format.ts"

describe("Format", () => {
  it.each([
    ["250000", 250_000],
    ["250,000", 250_000],
    [" 10k ", 10_000],
    ["1.1M", 1_100_000],
    ["2b", 2_000_000_000],
    [".5", 0.5],
    ["3%", 3],
    ["", undefined],
    ["many", null],
    ["-1", null],
    ["1.2.3", null],
    ["1e9", null]
  ] as const)("reads %j as %j", (text, value) => {
    assert.strictEqual(parseCount(text), value)
  })

  it.each([
    ["5", 5],
    ["-2.5", -2.5],
    ["\u22122.5", -2.5],
    [" +3 % ", 3],
    ["-.5", -0.5],
    ["", undefined],
    ["--5", null],
    ["5k", null],
    ["lots", null]
  ] as const)("reads the change %j as %j", (text, value) => {
    assert.strictEqual(parseChange(text), value)
  })

  it("writes changes with their sign, and lengths of time in words", () => {
    assert.deepStrictEqual([3.1449, -0.5, 0].map(formatChange), ["+3.14%", "-0.50%", "0.00%"])
    assert.deepStrictEqual([60, 900, 3_600, 86_400, 90, 172_800].map(formatInterval), [
      "minute",
      "15 minutes",
      "hour",
      "day",
      "90 seconds",
      "2 days"
    ])
  })

  it("writes figures in short, with their units", () => {
    assert.strictEqual(formatCompact(4_214_553), "4.2M")
    assert.strictEqual(formatCompact(950), "950")
    assert.strictEqual(formatPercent(3.1449), "3.14%")
    assert.strictEqual(formatPercent(0), "0.00%")
    assert.strictEqual(formatPercent(0.001), "<0.01%")
    assert.strictEqual(formatMs(0.42), "0.4 ms")
    assert.strictEqual(formatMs(1_234.5), "1,235 ms")
  })

  it("names codes, and repeats what is no code", () => {
    assert.strictEqual(valueName("country", "JP"), "Japan")
    assert.strictEqual(valueName("language", "pt"), "Portuguese")
    assert.strictEqual(valueName("platform", "tiktok"), "TikTok")
    for (const odd of ["", "<b>", "__proto__", "constructor", "ZZZZZZ", "a-b-c-d"])
      for (const facet of ["country", "language", "platform", "tier"] as const)
        assert.strictEqual(valueName(facet, odd), odd)
  })
})
