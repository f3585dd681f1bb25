import { gzipSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import type { ImportJob } from "@influscope/domain/Imports"
import { makeProfileId } from "@influscope/domain/ProfileId"
import { noFilters } from "@influscope/domain/Search"
import type { DataPoint, MetricName } from "@influscope/domain/tracking/DataPoint"
import { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import { Outbox } from "@influscope/ports/Outbox"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import { TimeSeries } from "@influscope/ports/TimeSeries"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import { TellGrowth } from "@influscope/tracker/TellGrowth"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import {
  addsUp,
  awaitImport,
  embedded,
  type ImportOptions,
  importFile,
  indexed,
  inInstance,
  submit
} from "./Embedded.ts"

const history = { kind: "history", file: "youtube history.csv" } as const

const at = (iso: string): number => Date.parse(iso) / 1_000

const endOfTime = 4_294_967_295

const pointsOf = (id: string) =>
  Effect.flatMap(TimeSeries, (series) =>
    series.points(InfluencerId.make(id), { from: 0, to: endOfTime, limit: 10_000 })
  )

/** Minute and one figure of each point. */
const shown = (points: ReadonlyArray<DataPoint>, metric: MetricName = "followers") =>
  points.map((point) => [new Date(point.time * 1_000).toISOString().slice(0, 16), point[metric]])

const counts = ({ report }: ImportJob) => {
  const { imported, rejected, rows, unchanged, updated } = report
  return { rows, imported, updated, unchanged, rejected }
}

const importHistory = (content: string | Uint8Array, options: ImportOptions = {}) =>
  Effect.map(importFile(content, { ...history, ...options }), (job) => {
    assert.deepStrictEqual([job.state, job.failure, job.kind], ["done", null, "history"])
    assert.isTrue(addsUp(job))
    return job
  })

describe("an import of history", () => {
  it.scopedLive("takes gaps, several samples a day, rounded counts and dates as people write them", () =>
    inInstance(
      Effect.gen(function* () {
        const file = [
          "Channel;Date;Subscribers;Views;Videos",
          "ana;13/01/2026;1,2 M;98.765.432;12",
          "ana;14/01/2026 06:00;1,2 M;98.800.000;12",
          "ana;14/01/2026 18:00;1,21 M;-;13",
          "ana;20/01/2026;1,21 M;n/a;13",
          "bo;13/01/2026;950;;1",
          "bo;31/02/2026;960;;1",
          "bo;15/01/2026;;;",
          ";15/01/2026;970;;1",
          "bo;16/01/2026;-5;;1"
        ].join("\n")
        const job = yield* importHistory(file)
        assert.deepStrictEqual(counts(job), { rows: 9, imported: 6, updated: 0, unchanged: 0, rejected: 3 })
        assert.deepStrictEqual(
          job.report.rejections
            .filter(({ reason }) => reason.startsWith("row rejected"))
            .map(({ line }) => line),
          [7, 8, 9]
        )
        assert.include(
          job.report.notes.join("\n"),
          "6 points of 2 influencers, 2026-01-13 to 2026-01-20; 7 days between them without one."
        )
        const ana = yield* pointsOf("youtube:ana")
        assert.deepStrictEqual(shown(ana), [
          ["2026-01-13T00:00", 1_200_000],
          ["2026-01-14T06:00", 1_200_000],
          ["2026-01-14T18:00", 1_210_000],
          ["2026-01-20T00:00", 1_210_000]
        ])
        assert.deepStrictEqual(
          shown(ana, "totalViews").map(([, views]) => views),
          [98_765_432, 98_800_000, undefined, undefined]
        )
        assert.deepStrictEqual(shown(yield* pointsOf("youtube:bo")), [
          ["2026-01-13T00:00", 950],
          ["2026-01-16T00:00", undefined]
        ])
        // It is about figures over time: nobody is to be found by it.
        assert.strictEqual((yield* indexed).size, 0)
      })
    )
  )

  it.scopedLive("takes a column for each day, with one figure or several, packed or not", () =>
    inInstance(
      Effect.gen(function* () {
        const bare = yield* importHistory(
          "handle\tplatform\tfollowers\t2026-01-01\t2026-01-02\t2026-01-04\n" +
            "ana\tInstagram\t999\t1000\t\t1200\nbo\tTikTok\t5\t12,3k\tn/a\t-\ncy\tX\t1\t\t\t\n",
          { file: "wide.tsv" }
        )
        assert.deepStrictEqual(counts(bare), { rows: 4, imported: 3, updated: 0, unchanged: 0, rejected: 1 })
        assert.deepStrictEqual(shown(yield* pointsOf("instagram:ana")), [
          ["2026-01-01T00:00", 1_000],
          ["2026-01-04T00:00", 1_200]
        ])
        assert.deepStrictEqual(shown(yield* pointsOf("tiktok:bo")), [["2026-01-01T00:00", 12_300]])
        assert.include(bare.report.rejections.map(({ line, reason }) => `${line} ${reason}`).join(), "4 row")

        const lines = [
          {
            id: "youtube:cy",
            "subscribers 31.01.2026": 10,
            "views 31.01.2026": 400,
            "views 01.02.2026": 401
          },
          { id: "youtube:di", "subscribers 31.01.2026": 20, "views 31.01.2026": 800, "views 01.02.2026": 802 }
        ]
        const several = yield* importHistory(gzipSync(lines.map((line) => JSON.stringify(line)).join("\n")), {
          file: "wide.jsonl.gz",
          map: ["views=totalViews"]
        })
        assert.strictEqual(several.report.imported, 4)
        const cy = yield* pointsOf("youtube:cy")
        assert.deepStrictEqual(shown(cy), [
          ["2026-01-31T00:00", 10],
          ["2026-02-01T00:00", undefined]
        ])
        assert.deepStrictEqual(shown(cy, "totalViews")[1], ["2026-02-01T00:00", 401])
      })
    )
  )

  it.scopedLive("takes a file about one account when it is told whose it is", () =>
    inInstance(
      Effect.gen(function* () {
        const of = makeProfileId("x", "cy")
        const job = yield* importHistory("Date,Followers\n2026-01-01,5\n2026-01-02,7\n", { of })
        assert.strictEqual(job.report.imported, 2)
        assert.deepStrictEqual(
          shown(yield* pointsOf(of)).map(([, followers]) => followers),
          [5, 7]
        )
      })
    )
  )

  it.scopedLive("changes nothing when it is repeated, and foretells what it would do", () =>
    inInstance(
      Effect.gen(function* () {
        const rows = (from: number, to: number) =>
          Array.from({ length: to - from }, (_, place) => {
            const day = new Date(Date.UTC(2026, 0, 1 + Math.floor((from + place) / 20)))
              .toISOString()
              .slice(0, 10)
            return `creator_${(from + place) % 20},${day},${1_000 + place}`
          }).join("\n")
        const header = "handle,date,followers\n"
        const dry = yield* importHistory(`${header}${rows(0, 1_200)}`, { dryRun: true })
        assert.strictEqual(dry.report.imported, 1_200)
        assert.strictEqual((yield* Effect.flatMap(TimeSeries, ({ stats }) => stats)).points, 0)
        const first = yield* importHistory(`${header}${rows(0, 1_200)}`)
        assert.deepStrictEqual(counts(first), counts(dry))
        const before = yield* pointsOf("youtube:creator_3")
        const again = yield* importHistory(`${header}${rows(0, 1_200)}`)
        assert.deepStrictEqual(
          [again.report.imported, again.report.unchanged, again.report.rejected],
          [0, 1_200, 0]
        )
        // A part that is known with other figures, and a part that is new: what was known stays.
        const grown = yield* importHistory(`${header}${rows(1_100, 1_300)}`)
        assert.deepStrictEqual([grown.report.imported, grown.report.unchanged], [100, 100])
        assert.deepStrictEqual((yield* pointsOf("youtube:creator_3")).slice(0, before.length), before)
      })
    )
  )

  it.scopedLive("of earlier times makes the rollups that there are already right", () =>
    inInstance(
      Effect.gen(function* () {
        const series = yield* TimeSeries
        const rollups = (level: "day" | "month") =>
          Effect.map(
            series.rollups(InfluencerId.make("youtube:ana"), level, { from: 0, to: endOfTime, limit: 100 }),
            (all) =>
              all.map(({ metrics, time }) => [
                new Date(time * 1_000).toISOString().slice(0, 10),
                metrics.followers?.first,
                metrics.followers?.last,
                metrics.followers?.count
              ])
          )
        yield* importHistory("handle,time,followers\nana,2026-02-10T12:00Z,200\nana,2026-02-11T12:00Z,210\n")
        yield* series.maintain(at("2026-03-01"), {
          raw: null,
          hour: null,
          day: null,
          week: null,
          month: null
        })
        yield* importHistory(
          "handle,time,followers\nana,2026-01-31T12:00Z,150\nana,2026-02-10T06:00Z,199\nana,2026-02-11T18:00Z,215\n"
        )
        assert.deepStrictEqual(yield* rollups("day"), [
          ["2026-01-31", 150, 150, 1],
          ["2026-02-10", 199, 200, 2],
          ["2026-02-11", 210, 215, 2]
        ])
        assert.deepStrictEqual(yield* rollups("month"), [
          ["2026-01-01", 150, 150, 1],
          ["2026-02-01", 199, 215, 4]
        ])
      })
    )
  )

  it.scopedLive("goes on after the process has ended, and loses and doubles nothing", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const accounts = 7
      const days = 900
      const file = [
        "handle,date,followers",
        ...Array.from({ length: accounts * days }, (_, row) => {
          const day = new Date(Date.UTC(2023, 0, 1 + Math.floor(row / accounts))).toISOString().slice(0, 10)
          return `creator_${row % accounts},${day},${1_000 + row}`
        })
      ].join("\n")
      const id = yield* Effect.map(submit(file, history), (job) => job.id).pipe(
        Effect.zipLeft(Effect.sleep("150 millis")),
        Effect.provide(embedded(directory))
      )
      yield* Effect.gen(function* () {
        const job = yield* awaitImport(id)
        assert.deepStrictEqual([job.state, job.report.rows], ["done", accounts * days])
        assert.strictEqual(job.report.imported, accounts * days)
        const { points, series } = yield* Effect.flatMap(TimeSeries, ({ stats }) => stats)
        assert.deepStrictEqual([series, points], [accounts, accounts * days])
      }).pipe(Effect.provide(embedded(directory)))
    })
  )

  it.scopedLive("comes in smaller messages where the broker takes no larger ones", () =>
    inInstance(
      Effect.gen(function* () {
        const rows = Array.from(
          { length: 30 },
          (_, day) => `ana,2026-01-${String(day + 1).padStart(2, "0")},${day}`
        )
        const job = yield* importHistory(`handle,date,followers\n${rows.join("\n")}\n`)
        assert.strictEqual(job.report.imported, 30)
        const { batches, items } = yield* Effect.flatMap(Outbox, (outbox) => outbox.progress(job.id))
        assert.deepStrictEqual([batches, items], [15, 30])
      }),
      { settings: { INFLUSCOPE_MAX_BATCH_BYTES: "1500" } }
    )
  )

  it.scopedLive("is refused what a history has no place for, and a file that is none", () =>
    inInstance(
      Effect.gen(function* () {
        const profilesOf = { kind: "profiles", of: makeProfileId("x", "cy") } as const
        assert.strictEqual((yield* Effect.flip(submit("handle\nana\n", profilesOf)))._tag, "ImportRefused")
        for (const wrong of [{ observedAt: new Date("2026-01-01") }, { source: "agency" }]) {
          const error = yield* Effect.flip(
            submit("handle,date,followers\nana,2026-01-01,1\n", { ...history, ...wrong })
          )
          assert.strictEqual(error._tag, "ImportRefused")
        }
        const profiles = yield* importFile("handle,followers\nana,10\nbo,20\n", history)
        assert.strictEqual(profiles.state, "failed")
        assert.match(profiles.failure ?? "", /No column of the file holds dates/)
        assert.isTrue(addsUp(profiles))
      })
    )
  )

  it.scopedLive(
    "lets those who are in the index be found by their growth, and leaves all else as it was",
    () =>
      inInstance(
        Effect.gen(function* () {
          const index = yield* SearchIndex
          yield* importFile("handle,name,followers\nana,Ana,5000\nbo,Bo,5000\n", { file: "youtube.csv" })
          const before = yield* indexed
          const rows = ["ana", "bo", "stranger"].flatMap((handle, place) => [
            `${handle},2026-01-01,1001`,
            `${handle},2026-01-31,${1_001 + 250 * place}`
          ])
          yield* importHistory(`handle,date,followers\n${rows.join("\n")}\n`)
          yield* Effect.flatMap(TellGrowth, ({ round }) => round)
          const after = yield* Effect.repeat(
            indexed,
            Schedule.recurUntil((all: typeof before) =>
              [...all.values()].every(({ fields }) => fields.growth30 !== undefined)
            ).pipe(Schedule.addDelay(() => "5 millis"))
          )
          assert.deepStrictEqual([...after.keys()].sort(), ["youtube:ana", "youtube:bo"])
          for (const [id, { fields, handle, provenance }] of after) {
            const { growth30, ...rest } = fields
            assert.strictEqual(growth30, handle === "ana" ? 0 : (250 / 1_001) * 100)
            assert.deepStrictEqual(rest, before.get(id)?.fields)
            assert.deepInclude(provenance.growth30, {
              source: "tracking",
              observedAt: Date.parse("2026-01-31")
            })
            assert.strictEqual(provenance.followers?.source, "youtube.csv")
          }
          const { hits } = yield* index.search({
            q: "",
            sort: "growth",
            order: "desc",
            limit: 10,
            cursor: undefined,
            filters: { ...noFilters, growth30Min: 1 }
          })
          assert.deepStrictEqual(
            hits.map(({ handle }) => handle),
            ["bo"]
          )
        })
      )
  )
})
