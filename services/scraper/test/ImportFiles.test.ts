import { readdirSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import type { ImportJob } from "@influscope/domain/Imports"
import { DeadLetters } from "@influscope/ports/DeadLetters"
import { Imports } from "@influscope/ports/Imports"
import { Outbox } from "@influscope/ports/Outbox"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import {
  addsUp,
  awaitImport,
  bytesOf,
  creatorTable,
  embedded,
  importFile,
  indexed,
  inInstance,
  submit
} from "./Embedded.ts"
import { failing } from "./Troubles.ts"

const counts = ({ report }: ImportJob) => ({
  rows: report.rows,
  imported: report.imported,
  updated: report.updated,
  unchanged: report.unchanged,
  rejected: report.rejected
})

const instagram = { platform: "instagram" } as const

describe("an import", () => {
  it.scopedLive("reads every row into the index and accounts for each", () =>
    inInstance(
      Effect.gen(function* () {
        const text = `${creatorTable(1_234)}\n,5,6,Spain\nhas blanks,5,6,Spain\ncreator_5,777,3,Spain\n`
        const submitted = yield* submit(text, instagram)
        assert.strictEqual(submitted.state, "queued")
        assert.strictEqual(submitted.bytesTotal, bytesOf(text).length)
        const job = yield* awaitImport(submitted.id)
        assert.deepStrictEqual([job.state, job.failure], ["done", null])
        assert.deepStrictEqual(counts(job), {
          rows: 1_237,
          imported: 1_234,
          updated: 1,
          unchanged: 0,
          rejected: 2
        })
        assert.strictEqual(job.bytesRead, job.bytesTotal)
        assert.deepStrictEqual(
          job.report.rejections.map(({ line, column }) => [line, column]),
          [
            [1_236, "username"],
            [1_237, "username"]
          ]
        )
        const profiles = yield* indexed
        assert.strictEqual(profiles.size, 1_234)
        for (let row = 0; row < 1_234; row++) {
          const profile = profiles.get(`instagram:creator_${row}`)
          assert.strictEqual(profile?.fields.followers, row === 5 ? 777 : 1_000 + row)
          assert.strictEqual(profile?.fields.country, "ES")
          assert.strictEqual(profile?.provenance.followers?.source, "file.csv")
        }
      })
    )
  )

  it.scopedLive("shows its progress, which only grows, and is found in the list", () =>
    inInstance(
      Effect.gen(function* () {
        const imports = yield* Imports
        const { id } = yield* submit(creatorTable(20_000), instagram)
        const seen: Array<ImportJob> = []
        yield* imports.get(id).pipe(
          Effect.map(Option.getOrThrow),
          Effect.tap((job) => Effect.sync(() => seen.push(job))),
          Effect.repeat({ schedule: Schedule.spaced("1 millis"), until: (job) => job.state === "done" })
        )
        const order = ["queued", "reading", "indexing", "done"]
        for (const [at, now] of seen.entries()) {
          const before = seen[at - 1] ?? now
          assert.isAtLeast(order.indexOf(now.state), order.indexOf(before.state))
          assert.isAtLeast(now.bytesRead, before.bytesRead)
          assert.isAtLeast(now.report.rows, before.report.rows)
          assert.isAtLeast(now.report.imported, before.report.imported)
          assert.isAtMost(now.bytesRead, now.bytesTotal)
        }
        assert.isTrue(seen.some(({ report, state }) => state === "reading" && report.rows > 0))
        const [listed] = yield* imports.list
        assert.deepStrictEqual(listed, seen.at(-1))
        assert.isTrue(Option.isNone(yield* imports.get("imp-unknown")))
      })
    )
  )

  it.scopedLive("of the same bytes states nothing new", () =>
    inInstance(
      Effect.gen(function* () {
        // The last rows correct two others of their batch.
        const text = `${creatorTable(700)}\ncreator_503,9,9,Spain\ncreator_699,1699,699,France\n`
        const first = yield* importFile(text, instagram)
        const before = yield* indexed
        const again = yield* importFile(text, { ...instagram, file: "renamed.csv" })
        assert.deepStrictEqual(counts(again), {
          rows: 702,
          imported: 0,
          updated: 0,
          unchanged: 702,
          rejected: 0
        })
        assert.deepStrictEqual(again.observedAt, first.observedAt)
        const values = (profiles: typeof before) =>
          [...profiles.values()].map(({ fields, id }) => [id, fields])
        assert.deepStrictEqual(values(yield* indexed), values(before))
      })
    )
  )

  it.scopedLive(
    "of the same bytes leaves everything as it is, also where far-off rows correct each other",
    () =>
      inInstance(
        Effect.gen(function* () {
          const text = `${creatorTable(1_100)}\ncreator_450,9,9,Spain\n`
          yield* importFile(text, instagram)
          const before = yield* indexed
          const again = yield* importFile(text, instagram)
          assert.deepStrictEqual([again.report.imported, addsUp(again)], [0, true])
          assert.strictEqual(before.get("instagram:creator_450")?.fields.followers, 9)
          for (const [id, { fields }] of yield* indexed)
            assert.deepStrictEqual(fields, before.get(id)?.fields)
        })
      )
  )

  it.scopedLive("of a later snapshot updates, of an earlier one never does", () =>
    inInstance(
      Effect.gen(function* () {
        const at = (day: number) => ({ ...instagram, observedAt: new Date(Date.UTC(2025, 0, day)) })
        yield* importFile(creatorTable(600), at(10))
        const later = yield* importFile(
          creatorTable(600, (row) => (row % 2 === 0 ? 5_000 + row : 1_000 + row)),
          at(20)
        )
        assert.deepStrictEqual(counts(later), {
          rows: 600,
          imported: 0,
          updated: 300,
          unchanged: 300,
          rejected: 0
        })
        const earlier = yield* importFile(
          creatorTable(600, () => 1),
          at(15)
        )
        assert.deepStrictEqual(counts(earlier), {
          rows: 600,
          imported: 0,
          updated: 0,
          unchanged: 600,
          rejected: 0
        })
        const profiles = yield* indexed
        for (let row = 0; row < 600; row++)
          assert.strictEqual(
            profiles.get(`instagram:creator_${row}`)?.fields.followers,
            row % 2 === 0 ? 5_000 + row : 1_000 + row
          )
      })
    )
  )

  it.scopedLive("is observed when it is said to be; a row that says so itself has its own time", () =>
    inInstance(
      Effect.gen(function* () {
        const observedAt = new Date("2024-05-06T07:08:09Z")
        const job = yield* importFile("username,followers,date\na,1,2024-01-02\nb,2,\n", {
          ...instagram,
          observedAt
        })
        assert.deepStrictEqual(job.observedAt, observedAt)
        const profiles = yield* indexed
        assert.strictEqual(profiles.get("instagram:a")?.observedAt, Date.UTC(2024, 0, 2))
        assert.strictEqual(profiles.get("instagram:b")?.observedAt, observedAt.getTime())
      })
    )
  )

  it.scopedLive("counts batches that died among the rejected, until they are replayed", () =>
    inInstance(
      Effect.gen(function* () {
        const imports = yield* Imports
        const deadLetters = yield* DeadLetters
        const job = yield* importFile(`${creatorTable(1_200)}\nhas blanks,1,1,Spain\n`, instagram)
        assert.strictEqual(job.state, "done")
        assert.deepStrictEqual(counts(job), {
          rows: 1_201,
          imported: 700,
          updated: 0,
          unchanged: 0,
          rejected: 501
        })
        assert.match(
          job.report.notes.join("\n"),
          /500 rows could not be indexed and wait in the dead letters/
        )
        const [letter] = yield* deadLetters.list({ topic: undefined, limit: 10, before: undefined })
        assert.strictEqual(letter?.items, 500)
        assert.match(letter?.reason ?? "", /made to fail/)

        assert.isTrue(yield* deadLetters.replay(letter?.id ?? ""))
        const now = yield* imports
          .get(job.id)
          .pipe(
            Effect.map(Option.getOrThrow),
            Effect.repeat(
              Schedule.recurUntil(({ report }: ImportJob) => report.imported === 1_200).pipe(
                Schedule.addDelay(() => "5 millis")
              )
            )
          )
        assert.deepStrictEqual([now.report.rejected, addsUp(now)], [1, true])
        assert.notMatch(now.report.notes.join("\n"), /dead letters/)
      }),
      {
        settings: { INDEXER_CONCURRENCY: "1", INDEXER_MAX_ATTEMPTS: "1" },
        // Not an outage: that would use up no attempts.
        trouble: failing((operation, number) => operation === "index" && number === 1, "conflict")
      }
    )
  )

  it.scopedLive("that would be dry reports what the real one then does, and writes nothing", () =>
    inInstance(
      Effect.gen(function* () {
        const index = yield* SearchIndex
        const outbox = yield* Outbox
        yield* importFile(creatorTable(300), { ...instagram, observedAt: new Date("2025-01-01") })
        const files = [
          `${creatorTable(1_450, (row) => 1_000 + (row % 3))}\ncreator_1401,1,1,Spain\ncreator_1400,8,8,Spain\nnot a handle,1,1,Spain\n`,
          creatorTable(200),
          "username\nx\n"
        ]
        for (const file of files) {
          const [before, sent] = [yield* indexed, (yield* outbox.audit(0))[0]?.sent]
          const dry = yield* importFile(file, { ...instagram, dryRun: true })
          assert.deepStrictEqual(yield* indexed, before)
          assert.strictEqual((yield* outbox.audit(0))[0]?.sent, sent)
          const real = yield* importFile(file, instagram)
          assert.deepStrictEqual(dry.report, real.report)
          // The dry run told nobody anything.
          assert.deepStrictEqual(real.observedAt, real.createdAt)
          assert.isTrue(addsUp(real))
          const repeated = yield* importFile(file, { ...instagram, dryRun: true })
          assert.strictEqual(repeated.report.unchanged + repeated.report.rejected, repeated.report.rows)
        }
        assert.isAbove(yield* index.count, 1_000)
      })
    )
  )

  it.scopedLive("foretells nothing new for bytes that were told before, whatever came since", () =>
    inInstance(
      Effect.gen(function* () {
        const [old, recent] = [creatorTable(50), creatorTable(50, (row) => 9_000 + row)]
        yield* importFile(old, instagram)
        yield* importFile(recent, instagram)
        const dry = yield* importFile(old, { ...instagram, dryRun: true })
        assert.strictEqual(dry.report.unchanged, 50)
        assert.deepStrictEqual((yield* importFile(old, instagram)).report, dry.report)
      })
    )
  )
})

describe("a file that cannot be read", () => {
  const cases: ReadonlyArray<readonly [string, string | Uint8Array, RegExp]> = [
    ["is empty", "", /empty/],
    ["has only blanks", " \n\n \n", /empty/],
    ["has only a header", "username,followers\n", /no rows/],
    ["is a picture", new Uint8Array([0x89, 0x50, 0x4e, 0x47, 1, 2, 3]), /PNG/],
    ["is a web page", "<!doctype html><html></html>", /web page/],
    ["has nobody in it", "colour,size\nred,5\nblue,6\n", /handle/],
    ["breaks off", new Uint8Array([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x4b]), /gzip/],
    ["says no platform", "username,followers\na,1\n", /platform/i]
  ]
  it.scopedLive.each(cases)(
    "because it %s fails with a sentence and leaves the next one its turn",
    ([, bytes, why]) =>
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        yield* Effect.gen(function* () {
          const job = yield* importFile(bytes, { file: "table.csv" })
          assert.strictEqual(job.state, "failed")
          assert.match(job.failure ?? "", why)
          assert.match(job.failure ?? "", /\.$/)
          assert.isTrue(addsUp(job))
          const next = yield* importFile(creatorTable(3), instagram)
          assert.strictEqual(next.report.imported, 3)
          assert.deepStrictEqual(readdirSync(join(directory, "imports")), [])
        }).pipe(Effect.provide(embedded(directory)))
      })
  )

  it.scopedLive("to its end keeps and counts what stood before", () =>
    inInstance(
      Effect.gen(function* () {
        const whole = Bun.gzipSync(new Uint8Array(bytesOf(creatorTable(5_000))))
        const job = yield* importFile(whole.subarray(0, whole.length / 2), instagram)
        assert.strictEqual(job.state, "failed")
        assert.match(job.failure ?? "", /broken off/)
        assert.isAbove(job.report.imported, 1_000)
        assert.isTrue(addsUp(job))
        assert.strictEqual((yield* indexed).size, job.report.imported)
        const again = yield* importFile(whole, instagram)
        assert.deepStrictEqual([again.state, again.report.rows], ["done", 5_000])
        assert.strictEqual((yield* indexed).size, 5_000)
      })
    )
  )

  it.scopedLive("because it unpacks to too much fails with the limit and keeps what stood before", () =>
    inInstance(
      Effect.gen(function* () {
        const bomb = Bun.gzipSync(
          Buffer.concat([bytesOf(creatorTable(3)), Buffer.alloc(40 * 1024 * 1024, "\n")])
        )
        assert.isBelow(bomb.length, 100_000)
        const job = yield* importFile(bomb, instagram)
        assert.strictEqual(job.state, "failed")
        assert.match(job.failure ?? "", /unpacks to more than 1 MiB.*INFLUSCOPE_MAX_IMPORT_BYTES/)
        assert.deepStrictEqual(counts(job), { rows: 3, imported: 3, updated: 0, unchanged: 0, rejected: 0 })
      }),
      { settings: { INFLUSCOPE_MAX_IMPORT_BYTES: String(1024 * 1024) } }
    )
  )

  it.scopedLive("by the mapping given is refused with the entry, before anything is kept", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* Effect.gen(function* () {
        const refused = yield* Effect.flip(submit(creatorTable(3), { ...instagram, map: ["followers"] }))
        assert.strictEqual(refused._tag, "ImportRefused")
        assert.deepStrictEqual(readdirSync(join(directory, "imports")), [])
        const unknown = yield* importFile(creatorTable(3), { ...instagram, map: ["nope=followers"] })
        assert.deepStrictEqual([unknown.state, unknown.report.rows], ["failed", 0])
        assert.match(unknown.failure ?? "", /nope=followers/)
      }).pipe(Effect.provide(embedded(directory)))
    })
  )
})
