import { assert, describe, it } from "@effect/vitest"
import { bestOf, cellsOf } from "../src/app/BestHours.ts"

const hours = [
  { weekday: 7, hour: 20, posts: 4, relative: 1.8 },
  { weekday: 1, hour: 9, posts: 1, relative: 1.1 },
  { weekday: 1, hour: 10, posts: 30, relative: 1 },
  { weekday: 3, hour: 0, posts: 2, relative: 0.8 },
  { weekday: 3, hour: 1, posts: 2, relative: 0.2 }
]

describe("hours of the week", () => {
  it("are 24 a day, with a level each and what it says in words", () => {
    const monday = cellsOf(hours, 1)
    assert.strictEqual(monday.length, 24)
    assert.deepStrictEqual(monday[9], {
      hour: 9,
      level: 4,
      text: "Mon 09:00: 1.1 times the usual post, 1 post"
    })
    assert.deepStrictEqual(monday[10], {
      hour: 10,
      level: 3,
      text: "Mon 10:00: 1 times the usual post, 30 posts"
    })
    assert.deepStrictEqual(monday[11], { hour: 11, level: 0, text: "Mon 11:00: no posts" })
    assert.strictEqual(cellsOf(hours, 7)[20]?.level, 5)
    assert.deepStrictEqual(
      cellsOf(hours, 3)
        .map(({ level }) => level)
        .slice(0, 3),
      [2, 1, 0]
    )
  })

  it("have best ones only where they do notably better", () => {
    assert.strictEqual(bestOf(hours), "Sun 20:00, Mon 09:00")
    assert.strictEqual(bestOf(hours.slice(2)), "")
  })
})
