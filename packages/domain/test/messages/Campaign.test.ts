import { assert, describe, it } from "@effect/vitest"
import * as Option from "effect/Option"
import { momentOf } from "../../src/messages/Campaign.ts"

const moment = (local: string, zone: string) =>
  Option.getOrUndefined(Option.map(momentOf({ local, zone }), (date) => date.toISOString()))

describe("a time in a zone", () => {
  it.each([
    ["2026-12-01T09:00", "UTC", "2026-12-01T09:00:00.000Z"],
    ["2026-12-01T09:00:30", "Europe/Berlin", "2026-12-01T08:00:30.000Z"],
    ["2026-07-01T09:00", "Europe/Berlin", "2026-07-01T07:00:00.000Z"],
    ["2026-07-01T09:00", "America/New_York", "2026-07-01T13:00:00.000Z"],
    ["2026-07-01T09:00", "Asia/Kolkata", "2026-07-01T03:30:00.000Z"],
    // There twice: the earlier one.
    ["2026-10-25T02:30", "Europe/Berlin", "2026-10-25T00:30:00.000Z"]
  ])("%s in %s is %s", (local, zone, expected) => {
    assert.strictEqual(moment(local, zone), expected)
  })

  it.each([
    ["2026-02-30T09:00", "UTC"],
    ["2026-12-01T09:00", "Nowhere/Here"],
    ["2026-13-01T09:00", "UTC"],
    ["2026-12-01T25:00", "UTC"]
  ])("there is no %s in %s", (local, zone) => {
    assert.isUndefined(moment(local, zone))
  })
})
