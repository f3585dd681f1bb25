import { gzipSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import type { DataPoint } from "@influscope/domain/tracking/DataPoint"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { type HistoryOptions, readHistory } from "../src/HistoryFile.ts"
import { utf8 } from "./support.ts"

const readBytes = (bytes: Uint8Array, options: Partial<HistoryOptions> = {}) =>
  readHistory(Stream.make(bytes), {
    fileName: "history.csv",
    platform: "youtube",
    map: [],
    maxUnpackedBytes: undefined,
    account: undefined,
    ...options
  }).pipe(
    Stream.runCollect,
    Effect.map((chunk) => {
      const batches = Chunk.toReadonlyArray(chunk)
      return { points: batches.flatMap(({ points }) => points), report: batches.at(-1)?.report }
    })
  )

const readText = (text: string, options: Partial<HistoryOptions> = {}) => readBytes(utf8(text), options)

const at = (iso: string): number => Date.parse(iso) / 1_000

/** Time and followers of each point. */
const shown = (points: ReadonlyArray<DataPoint>): ReadonlyArray<ReadonlyArray<string | number | undefined>> =>
  points.map(({ followers, id, time }) => [id, new Date(time * 1_000).toISOString().slice(0, 16), followers])

describe("readHistory", () => {
  it.live("reads figures by day, with the names that people give to columns", () =>
    Effect.gen(function* () {
      const { points, report } = yield* readText(
        "date_utc,channel_id,channel_title,subscribers,views,videos\n" +
          "2026-01-17,UC_test-test-test-test-0,Test one,1230,500123,12\n" +
          "2026-01-18,UC_test-test-test-test-0,Test one,1240,500999,12\n" +
          "2026-01-17,UC_test-test-test-test-1,Test two,98800,20000000,140\n"
      )
      assert.deepStrictEqual(points, [
        point("youtube:uc_test-test-test-test-0", "2026-01-17", 1_230, 500_123, 12),
        point("youtube:uc_test-test-test-test-0", "2026-01-18", 1_240, 500_999, 12),
        point("youtube:uc_test-test-test-test-1", "2026-01-17", 98_800, 20_000_000, 140)
      ])
      assert.deepInclude(report, {
        rows: 3,
        points: 3,
        series: 2,
        rejected: 0,
        missingDays: 0,
        from: at("2026-01-17"),
        to: at("2026-01-18")
      })
    })
  )

  it.live("reads several samples a day, times with and without zones, and times of the clock as UTC", () =>
    Effect.gen(function* () {
      const { points } = yield* readText(
        "handle,time,followers\n" +
          "ana,2026-03-01T00:00:00Z,100\n" +
          "ana,2026-03-01T12:00:00+02:00,101\n" +
          "ana,2026-03-01 18:30,102\n" +
          "ana,1772407800,103\n"
      )
      assert.deepStrictEqual(shown(points), [
        ["youtube:ana", "2026-03-01T00:00", 100],
        ["youtube:ana", "2026-03-01T10:00", 101],
        ["youtube:ana", "2026-03-01T18:30", 102],
        ["youtube:ana", "2026-03-01T23:30", 103]
      ])
    })
  )

  it.live("reads suffixes and written dates, and leaves rounded figures as they are", () =>
    Effect.gen(function* () {
      const { points } = yield* readText(
        "fecha;usuario;seguidores\n" +
          "13/01/2026;ana;12,3k\n14/01/2026;ana;1,2 M\n15/01/2026;ana;1.200.000\n16/01/2026;ana;2b\n"
      )
      assert.deepStrictEqual(shown(points), [
        ["youtube:ana", "2026-01-13T00:00", 12_300],
        ["youtube:ana", "2026-01-14T00:00", 1_200_000],
        ["youtube:ana", "2026-01-15T00:00", 1_200_000],
        ["youtube:ana", "2026-01-16T00:00", 2_000_000_000]
      ])
    })
  )

  it.live("counts the days that are missing, forwards and backwards", () =>
    Effect.gen(function* () {
      const days = ["2026-01-01", "2026-01-02", "2026-01-05", "2026-01-06", "2026-01-16"]
      const rows = (list: ReadonlyArray<string>) =>
        `date,handle,followers\n${list.map((day) => `${day},ana,5\n`).join("")}`
      assert.strictEqual((yield* readText(rows(days))).report?.missingDays, 11)
      assert.strictEqual((yield* readText(rows(days.toReversed()))).report?.missingDays, 11)
    })
  )

  it.live("says of each row that gives no point why", () =>
    Effect.gen(function* () {
      const { points, report } = yield* readText(
        "date,handle,followers,posts\n" +
          "2026-01-01,ana,10,1\n" +
          "2026-01-01,ana,11,1\n" +
          ",ana,12,1\n" +
          "soon,ana,13,1\n" +
          "2026-01-02,ana,,\n" +
          "2026-01-02,,14,1\n" +
          "2199-01-02,ana,14,1\n" +
          "2026-02-30,ana,15,1\n" +
          "2026-01-03,ana,many,2\n" +
          "\n" +
          "2026-01-04,ana,16,2\n" +
          "2026-01-05,ana,17,2\n"
      )
      assert.deepStrictEqual(
        points.map(({ followers, posts, time }) => [new Date(time * 1_000).getUTCDate(), followers, posts]),
        [
          [1, 10, 1],
          [3, undefined, 2],
          [4, 16, 2],
          [5, 17, 2]
        ]
      )
      assert.deepInclude(report, { rows: 11, points: 4, rejected: 7, missingDays: 1 })
      const rejected = report?.rejections.filter(({ reason }) => reason.startsWith("row rejected"))
      assert.deepStrictEqual(
        rejected?.map(({ line }) => line),
        [3, 4, 5, 6, 7, 8, 9]
      )
      assert.include(rejected?.[0]?.reason, "the same moment as line 2")
      assert.include(rejected?.[1]?.reason, "when its figures were true")
      assert.include(rejected?.[3]?.reason, "no figures")
      assert.isTrue(report?.rejections.some(({ line, value }) => line === 10 && value === "many"))
    })
  )

  it.live("reads a table with a column for each day, however the day is written", () =>
    Effect.gen(function* () {
      const headers = [
        "handle,2026-01-13,2026-01-14,2026-01-20",
        "handle,13/01/2026,14/01/2026,20/01/2026",
        "handle,13.01.2026,14.01.2026,20.01.2026",
        "handle,20260113,20260114,20260120",
        'handle,"Jan 13, 2026","Jan 14, 2026","Jan 20, 2026"',
        "handle,followers_2026-01-13,followers_2026-01-14,followers_2026-01-20",
        "handle,Subscribers (2026-01-13),Subscribers (2026-01-14),Subscribers (2026-01-20)",
        "handle,2026-01-20,2026-01-14,2026-01-13"
      ]
      for (const header of headers) {
        const cells = header.endsWith("13") ? "1.2M,n/a,1000" : "1000,n/a,1.2M"
        const { points, report } = yield* readText(`${header}\nana,${cells}\nbo,1,2,3\n`)
        assert.deepStrictEqual(
          shown(points).filter(([id]) => id === "youtube:ana"),
          [
            ["youtube:ana", "2026-01-13T00:00", 1_000],
            ["youtube:ana", "2026-01-20T00:00", 1_200_000]
          ],
          header
        )
        assert.deepInclude(report, { rows: 5, points: 5, series: 2, rejected: 0 }, header)
        assert.match(report?.notes.join() ?? "", /a column for each of 3 days, 2026-01-13 to 2026-01-20/)
      }
    })
  )

  it.live("accounts for every figure of a table with a column for each day", () =>
    Effect.gen(function* () {
      const { points, report } = yield* readText(
        "handle,followers,2026-01-01,2026-01-02\n" +
          "ana,7,1,2\n" +
          "bo,7,many,4\n" +
          "cy,7,,\n" +
          ",7,5,6\n" +
          "di,7,5,6,7,8\n" +
          "el,7,9\n"
      )
      assert.deepStrictEqual(
        points.map(({ followers, id }): ReadonlyArray<string | number | undefined> => [id, followers]),
        [
          ["youtube:ana", 1],
          ["youtube:ana", 2],
          ["youtube:bo", 4],
          ["youtube:el", 9]
        ]
      )
      assert.deepInclude(report, { rows: 9, points: 4, rejected: 5 })
      assert.deepStrictEqual(
        report?.rejections.filter(({ reason }) => reason.startsWith("row")).map(({ line }) => line),
        [3, 4, 5, 5, 6]
      )
    })
  )

  it.live("reads a file about one account that does not name it, as our own series are", () =>
    Effect.gen(function* () {
      const account = { platform: undefined, account: "tiktok:bo" }
      const raw = "time,followers,avgLikes\r\n2026-01-01T10:00:00.000Z,5,2\r\n2026-01-01T11:00:00.000Z,6,\r\n"
      assert.deepStrictEqual(shown((yield* readText(raw, account)).points), [
        ["tiktok:bo", "2026-01-01T10:00", 5],
        ["tiktok:bo", "2026-01-01T11:00", 6]
      ])
      const days =
        "time,followers,followers_min,followers_max,followers_avg\r\n2026-01-01T00:00:00.000Z,5,2,9,4.5\r\n2026-01-02T00:00:00.000Z,6,5,6,5.5\r\n"
      const daily = yield* readText(days, account)
      assert.deepStrictEqual(
        daily.points.map(({ followers }) => followers),
        [5, 6]
      )
      const wide = yield* readText("what,2026-01-01,2026-01-02\nsubscribers,5,6\n", account)
      assert.strictEqual(wide.points.length, 2)
      const ragged = yield* readText(
        "date,followers,posts\n2026-01-01,5\n2026-01-02,6,1,\n2026-01-03,7,1\n",
        account
      )
      assert.deepInclude(ragged.report, { points: 3, rejected: 0 })
      const named = yield* Effect.flip(readText("date,handle,followers\n2026-01-01,ana,1\n", account))
      assert.strictEqual(named.reason, "mapping")
      const nobody = yield* Effect.flip(readText(raw))
      assert.include(nobody.hint, "--of")
    })
  )

  it.live("reads accounts by our own ids, of several platforms", () =>
    Effect.gen(function* () {
      const { points } = yield* readText(
        "id,date,followers\nyoutube:ana,2026-01-01,1\nTikTok:@Bo,2026-01-01,2\nx:cy,2026-01-01,3\n",
        { platform: undefined }
      )
      assert.deepStrictEqual(
        points.map(({ id }) => id),
        ["youtube:ana", "tiktok:bo", "x:cy"]
      )
    })
  )

  it.live("reads JSON Lines and packed files, and averages as whole figures", () =>
    Effect.gen(function* () {
      const lines = [1, 2, 3].map((day) =>
        JSON.stringify({
          handle: "ana",
          timestamp: `2026-01-0${day}`,
          followers: 1_000 + day,
          avgLikes: 10.6
        })
      )
      const { points } = yield* readBytes(gzipSync(lines.join("\n")), { fileName: "history.jsonl.gz" })
      assert.deepStrictEqual(
        points.map(({ avgLikes, followers }) => [followers, avgLikes]),
        [
          [1_001, 11],
          [1_002, 11],
          [1_003, 11]
        ]
      )
    })
  )

  it.live("refuses a file without times or without anybody, and takes what is mapped by hand", () =>
    Effect.gen(function* () {
      const text = "handle,when it was,followers\nana,2026-01-01,10\nana,2026-01-02,11\n"
      const failure = yield* Effect.flip(readText(text))
      assert.strictEqual(failure.reason, "time")
      assert.include(failure.hint, "when it was")
      assert.lengthOf((yield* readText(text, { map: ["when it was=observedAt"] })).points, 2)
      const nobody = yield* Effect.flip(readText("date,followers\n2026-01-01,10\n"))
      assert.strictEqual(nobody.reason, "identity")
    })
  )
})

const point = (id: string, day: string, followers: number, totalViews: number, posts: number): unknown => ({
  id,
  time: at(day),
  observedAt: at(day),
  followers,
  posts,
  totalViews
})
