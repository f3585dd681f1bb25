import { readdirSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import type { ImportJob } from "@influscope/domain/Imports"
import { Imports, ImportsBusy } from "@influscope/ports/Imports"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
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

const instagram = { platform: "instagram" } as const

describe("several imports", () => {
  it.scopedLive("at once are read one after the other, and none mixes with another", () =>
    inInstance(
      Effect.gen(function* () {
        const jobs = yield* Effect.forEach(
          ["instagram", "tiktok", "youtube", "x"] as const,
          (platform) => importFile(creatorTable(3_000), { platform, source: platform }),
          { concurrency: 4 }
        )
        for (const job of jobs) assert.deepStrictEqual([job.report.imported, addsUp(job)], [3_000, true])
        assert.strictEqual((yield* indexed).size, 12_000)
      })
    )
  )

  it.scopedLive("of the same bytes at once create every account once", () =>
    inInstance(
      Effect.gen(function* () {
        const jobs = yield* Effect.forEach([1, 2, 3], () => importFile(creatorTable(2_000), instagram), {
          concurrency: 3
        })
        const sum = (of: (job: ImportJob) => number) => jobs.reduce((all, job) => all + of(job), 0)
        assert.strictEqual(
          sum(({ report }) => report.imported),
          2_000
        )
        assert.strictEqual(
          sum(({ report }) => report.unchanged),
          4_000
        )
      })
    )
  )

  it.scopedLive("beyond the places there are, uploads in progress included, are turned away", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* Effect.gen(function* () {
        const imports = yield* Imports
        const open = yield* Deferred.make<void>()
        const slow = Stream.concat(
          Stream.succeed(bytesOf("username,followers\n")),
          Stream.fromEffect(Effect.as(Deferred.await(open), bytesOf("a,1\n")))
        )
        const params = { file: "a.csv", ...instagram, map: [], dryRun: false, kind: "profiles" as const }
        const uploads = yield* Effect.forEach([1, 2], () => Effect.fork(imports.submit(params, slow)))
        const parts = Effect.sync(() => readdirSync(join(directory, "imports")).length)
        yield* parts.pipe(
          Effect.repeat({ until: (found) => found === 2, schedule: Schedule.spaced("5 millis") })
        )
        const refused = yield* Effect.flip(submit(creatorTable(3), instagram))
        assert.isTrue(refused instanceof ImportsBusy && refused.waiting === 2)
        assert.strictEqual(yield* parts, 2)
        yield* Deferred.succeed(open, undefined)
        for (const { id } of yield* Fiber.join(Fiber.all(uploads))) yield* awaitImport(id)
        assert.strictEqual((yield* importFile(creatorTable(3), instagram)).state, "done")
      }).pipe(Effect.provide(embedded(directory, { settings: { INFLUSCOPE_MAX_WAITING_IMPORTS: "2" } })))
    })
  )
})

describe("an upload", () => {
  const leavesNothing = (bytes: Stream.Stream<Uint8Array, string>, tag: string) =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* Effect.gen(function* () {
        const imports = yield* Imports
        const exit = yield* Effect.exit(
          imports.submit(
            { file: "a.csv", ...instagram, map: [], dryRun: false, kind: "profiles" as const },
            bytes
          )
        )
        assert.strictEqual(
          Exit.isFailure(exit) && exit.cause._tag === "Fail" ? exit.cause.error._tag : exit._tag,
          tag
        )
        assert.deepStrictEqual(readdirSync(join(directory, "imports")), [])
        assert.deepStrictEqual(yield* imports.list, [])
        assert.strictEqual((yield* importFile(creatorTable(3), instagram)).report.imported, 3)
      }).pipe(Effect.provide(embedded(directory, { settings: { INFLUSCOPE_MAX_IMPORT_BYTES: "100000" } })))
    })

  it.scopedLive("that is cut off leaves nothing", () =>
    leavesNothing(
      Stream.concat(Stream.succeed(bytesOf(creatorTable(500))), Stream.fail("the sender hung up")),
      "UploadBroken"
    )
  )

  it.scopedLive("larger than allowed leaves nothing and is not read to its end", () =>
    Effect.gen(function* () {
      let pieces = 0
      const endless = Stream.repeatEffect(
        Effect.sync(() => {
          pieces++
          return new Uint8Array(10_000)
        })
      )
      yield* leavesNothing(endless, "ImportTooLarge")
      assert.isBelow(pieces, 200)
    })
  )

  it.scopedLive("whose sender goes away leaves nothing, or an import that runs", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* Effect.gen(function* () {
        const imports = yield* Imports
        for (let round = 0; round < 40; round++) {
          const fiber = yield* Effect.fork(
            submit(creatorTable(40 + round), { ...instagram, source: `round ${round}` })
          )
          for (let turns = 0; turns < round; turns++) yield* Effect.yieldNow()
          yield* Effect.sleep(round / 10)
          yield* Fiber.interrupt(fiber)
        }
        const jobs = yield* imports.list
        for (const { id } of jobs) assert.strictEqual((yield* awaitImport(id)).state, "done")
        assert.deepStrictEqual(readdirSync(join(directory, "imports")), [])
      }).pipe(Effect.provide(embedded(directory)))
    })
  )
})
