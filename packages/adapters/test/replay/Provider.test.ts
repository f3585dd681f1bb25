import { writeFileSync } from "node:fs"
import { join } from "node:path"
import * as BunFileSystem from "@effect/platform-bun/BunFileSystem"
import { assert, describe, it } from "@effect/vitest"
import { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import { make, type Settings, settings } from "../../src/replay/Provider.ts"

const ana = InfluencerId.make("youtube:ana")
const bo = InfluencerId.make("youtube:bo")
const who = InfluencerId.make("youtube:who")

const rows =
  "date,handle,subscribers,videos\n" +
  "2026-01-02,ana,101,5\n" +
  "2026-01-01,ana,100,5\n" +
  "2026-01-03 12:00,bo,1.2m,\n" +
  "2026-01-04,ana,104,6\n"

/** A provider of a file with these rows. */
const replay = (text: string, options: Partial<Settings> = {}) =>
  Effect.gen(function* () {
    const file = join(yield* temporaryDirectory, "history.csv")
    writeFileSync(file, text)
    return yield* make({ file, platform: Option.some("youtube"), speed: 1, ...options })
  }).pipe(Effect.provide(BunFileSystem.layer))

describe("replay provider", () => {
  it.scoped("tells the last row so far, from the first time of the file on", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.parse("2030-06-01"))
      const provider = yield* replay(rows)
      const told = Effect.map(provider.fetch([ana, bo, who]), ({ figures, unknown }) => ({
        figures: figures.map(({ id, values }) => [id, values.followers, values.posts]),
        unknown
      }))
      assert.deepStrictEqual(yield* told, { figures: [[ana, 100, 5]], unknown: [bo, who] })
      yield* TestClock.adjust("23 hours")
      assert.deepStrictEqual((yield* told).figures, [[ana, 100, 5]])
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual((yield* told).figures, [[ana, 101, 5]])
      yield* TestClock.adjust("36 hours")
      const third = yield* provider.fetch([ana, bo])
      const now = Date.parse("2030-06-03T12:00:00Z") / 1_000
      assert.deepStrictEqual(third.figures, [
        { id: ana, observedAt: now, values: { followers: 101, posts: 5 } },
        { id: bo, observedAt: now, values: { followers: 1_200_000 } }
      ])
      yield* TestClock.adjust("100 days")
      assert.deepStrictEqual(yield* told, {
        figures: [
          [ana, 104, 6],
          [bo, 1_200_000, undefined]
        ],
        unknown: [who]
      })
    })
  )

  it.scoped("passes time faster when told to", () =>
    Effect.gen(function* () {
      const provider = yield* replay(rows, { speed: 1_440 })
      yield* TestClock.adjust("59 seconds")
      assert.strictEqual((yield* provider.fetch([ana])).figures[0]?.values.followers, 100)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* provider.fetch([ana])).figures[0]?.values.followers, 101)
      assert.strictEqual(provider.defaultIntervalSeconds, 60)
    })
  )

  it.scoped("knows who is in the file", () =>
    Effect.gen(function* () {
      const provider = yield* replay(rows)
      assert.deepStrictEqual([ana, bo, who].map(provider.knows), [true, true, false])
      assert.strictEqual(provider.name, "replay")
      assert.strictEqual(provider.defaultIntervalSeconds, 86_400)
    })
  )

  it.scoped("says why a file cannot be replayed", () =>
    Effect.gen(function* () {
      assert.include((yield* Effect.flip(replay("handle,followers\nana,1\n"))).message, "--map")
      assert.include((yield* Effect.flip(replay(""))).message, "is empty")
      const away = yield* Effect.flip(replay(rows, { file: "/nowhere/history.csv" }))
      assert.include(away.message, "/nowhere/history.csv")
    })
  )

  it.effect("is there when a file is configured", () =>
    Effect.gen(function* () {
      const read = (values: Readonly<Record<string, string>>) =>
        Effect.withConfigProvider(settings, ConfigProvider.fromJson({ INFLUSCOPE: { REPLAY: values } }))
      assert.isTrue(Option.isNone(yield* read({})))
      assert.deepStrictEqual(
        yield* read({ FILE: "a.csv", PLATFORM: "tiktok", SPEED: "60" }),
        Option.some({ file: "a.csv", platform: Option.some("tiktok" as const), speed: 60 })
      )
      for (const [key, value] of [
        ["PLATFORM", "myspace"],
        ["SPEED", "0"]
      ] as const)
        assert.include(String(yield* Effect.flip(read({ FILE: "a.csv", [key]: value }))), key)
    })
  )
})
