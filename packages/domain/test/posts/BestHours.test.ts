import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { bestHours } from "../../src/posts/BestHours.ts"
import { zoneOfCountry } from "../../src/posts/CountryZones.ts"
import { day, hour, monday, post } from "./Posts.ts"

const liked = (at: number, likes: number) => post({ at, metrics: { likes } })

/** So many posts of an hour of the week, a week apart each. */
const weekly = (at: number, likes: number, times: number) =>
  Array.from({ length: times }, (_, week) => liked(at + week * 7 * day, likes))

const usual = weekly(monday + 9 * hour, 100, 40)

describe("best hours", () => {
  it("are those whose posts do better than the author's usual ones", () => {
    const { hours, hoursBy } = bestHours(
      [...usual, ...weekly(monday + 6 * day + 20 * hour, 400, 20), ...weekly(monday + 2 * day, 10, 20)],
      "UTC"
    )
    assert.strictEqual(hoursBy, "likes")
    assert.deepStrictEqual(
      hours.map(({ hour: at, posts, weekday }) => [weekday, at, posts]),
      [
        [7, 20, 20],
        [1, 9, 40],
        [3, 0, 20]
      ]
    )
    const [best, same, worst] = hours.map(({ relative }) => relative)
    assert.isAbove(best ?? 0, 2)
    assert.strictEqual(same, 1)
    assert.isBelow(worst ?? 1, 0.5)
  })

  it("are drawn towards the usual the fewer posts there are", () => {
    const relativeOf = (times: number): number => {
      const sunday = bestHours([...usual, ...weekly(monday + 6 * day, 800, times)], "UTC").hours.find(
        ({ weekday }) => weekday === 7
      )
      return sunday?.relative ?? 0
    }
    assert.isAbove(relativeOf(1), 1)
    assert.isBelow(relativeOf(1), 1.5)
    assert.isAbove(relativeOf(5), relativeOf(1))
    // Five posts count half: the root of eight times.
    assert.closeTo(relativeOf(5), Math.sqrt(801 / 101), 0.01)
    assert.isAbove(relativeOf(19), relativeOf(5))
  })

  it("are those of the account's zone, summer time included", () => {
    const cellIn = (at: number, zone: string) => {
      const [cell] = bestHours([liked(at, 1)], zone).hours
      return [cell?.weekday, cell?.hour]
    }
    assert.deepStrictEqual(cellIn(monday, "UTC"), [1, 0])
    assert.deepStrictEqual(cellIn(monday, "Asia/Tokyo"), [1, 9])
    assert.deepStrictEqual(cellIn(monday, "America/Bogota"), [7, 19])
    assert.deepStrictEqual(cellIn(Date.UTC(2026, 6, 6, 22, 30), "Europe/Madrid"), [2, 0])
    assert.deepStrictEqual(cellIn(Date.UTC(2026, 0, 5, 22, 30), "Europe/Madrid"), [1, 23])
  })

  it("go by views where more posts have them", () => {
    const viewed = post({ at: monday + day, metrics: { views: 5 } })
    assert.strictEqual(bestHours([liked(monday, 1), viewed], "UTC").hoursBy, "likes")
    assert.strictEqual(
      bestHours([viewed, post({ at: monday, metrics: { views: 1 } }), liked(monday, 3)], "UTC").hoursBy,
      "views"
    )
    assert.deepStrictEqual(bestHours([post({})], "UTC"), { hoursBy: null, hours: [] })
  })

  it("are finite whatever the figures, zeros included", () => {
    FastCheck.assert(
      FastCheck.property(
        FastCheck.array(FastCheck.tuple(FastCheck.nat(2_000), FastCheck.maxSafeNat()), {
          minLength: 1,
          maxLength: 60
        }),
        (given) => {
          const { hours } = bestHours(
            given.map(([hours_, likes]) => liked(monday + hours_ * hour, likes)),
            "Europe/Berlin"
          )
          assert.strictEqual(
            hours.reduce((sum, { posts }) => sum + posts, 0),
            given.length
          )
          for (const { relative } of hours) assert.isTrue(Number.isFinite(relative) && relative >= 0)
        }
      )
    )
  })
})

describe("the zone of a country", () => {
  it("is UTC where nobody can tell", () => {
    assert.strictEqual(zoneOfCountry("DE"), "Europe/Berlin")
    assert.strictEqual(zoneOfCountry("US"), "UTC")
    assert.strictEqual(zoneOfCountry(undefined), "UTC")
    assert.strictEqual(zoneOfCountry("constructor"), "UTC")
  })

  it("is one that this machine knows", () => {
    for (const first of "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
      for (const second of "ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
        const zone = zoneOfCountry(first + second)
        assert.doesNotThrow(() => new Intl.DateTimeFormat("en-US", { timeZone: zone }), zone)
      }
  })
})
