import { Database } from "bun:sqlite"
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import type { ImportReport } from "@influscope/domain/Imports"
import { Imports } from "@influscope/ports/Imports"
import { Outbox } from "@influscope/ports/Outbox"
import { StateStore } from "@influscope/ports/StateStore"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import {
  adapters,
  addsUp,
  awaitImport,
  embedded,
  type InstanceOptions,
  importFile,
  indexed,
  submit
} from "./Embedded.ts"
import { crashAt, failing } from "./Troubles.ts"

/** Whoever finds an overdue batch at the start sends it at once. */
const settings = { INFLUSCOPE_RELAY_GRACE: "1 millis" }
const tiktok = { platform: "tiktok", file: "creators.csv" } as const

/** 3,300 rows with rejected, repaired and repeated ones among them: seven batches, the last of them not full. */
const creators = [
  "username,display name,followers,avg views",
  ...Array.from({ length: 3_300 }, (_, row) => {
    if (row % 97 === 0) return `no handle ${row},x,1,1`
    if (row % 89 === 0) return `creator_${row - 1},Again ${row},${row},7`
    if (row % 83 === 0) return `creator_${row},CafÃ© ${row},${row},7`
    return row % 79 === 0 ? "" : `creator_${row},Creator ${row},${1_000 + row},${row % 500}`
  })
].join("\n")

interface SentBatch {
  readonly id: string
  readonly items: number
  readonly state: string
}

/** What the outbox of a stopped instance holds, with the job's own id cut off. */
const sentBatches = (directory: string, job: string): ReadonlyArray<SentBatch> => {
  const db = new Database(join(directory, "influscope.db"), { readonly: true })
  const rows = db
    .query<SentBatch, []>("SELECT id, items, state FROM outbox ORDER BY seq")
    .all()
    .map((row) => ({ ...row, id: row.id.replace(job, "job") }))
  db.close()
  return rows
}

interface Outcome {
  readonly report: ImportReport
  readonly profiles: ReadonlyArray<unknown>
  readonly batches: ReadonlyArray<SentBatch>
}

const outcomeOf = (directory: string, id: string, options: InstanceOptions = {}) =>
  Effect.gen(function* () {
    const seen = yield* Effect.gen(function* () {
      const job = yield* awaitImport(id)
      assert.deepStrictEqual([job.state, job.failure, addsUp(job)], ["done", null, true])
      const [audit] = yield* (yield* Outbox).audit(60_000)
      assert.deepStrictEqual([audit?.missing, audit?.pending, audit?.deadLettered], [0, 0, 0])
      const profiles = [...(yield* indexed).values()].map(({ fields, handle, ordinal }) => ({
        fields,
        handle,
        ordinal
      }))
      return { report: job.report, profiles }
    }).pipe(Effect.provide(embedded(directory, { settings, ...options })))
    return { ...seen, batches: sentBatches(directory, id) } satisfies Outcome
  })

/** The same import without any trouble. */
const undisturbed = (file: string) =>
  Effect.gen(function* () {
    const directory = yield* temporaryDirectory
    const { id } = yield* Effect.provide(importFile(file, tiktok), embedded(directory, { settings }))
    return yield* outcomeOf(directory, id)
  })

/** Runs an instance until it crashes at a moment, or to the end of the import when that comes first; true when it crashed. */
const runUntilCrash = (directory: string, id: string, moment: number) =>
  Effect.flatMap(crashAt(moment), ({ crashed, trouble }) =>
    Effect.raceFirst(Effect.as(crashed, true), Effect.as(awaitImport(id), false)).pipe(
      Effect.provide(embedded(directory, { settings, trouble }))
    )
  )

/** An import that is queued, and not begun: the first write of its run does not come to pass. */
const submitted = (directory: string, file = creators) =>
  Effect.gen(function* () {
    const { crashed, spare, trouble } = yield* crashAt(1)
    const { id } = yield* Effect.zipLeft(spare(submit(file, tiktok)), crashed).pipe(
      Effect.provide(embedded(directory, { settings, trouble }))
    )
    return id
  })

const random = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

describe("an import that is stopped", () => {
  it.scopedLive(
    "at any moment, again and again, ends as if it had not been: same batches, every row once",
    () =>
      Effect.gen(function* () {
        const expected = yield* undisturbed(creators)
        assert.lengthOf(expected.batches, 7)
        assert.isAbove(expected.report.rejected, 10)
        assert.isAbove(expected.report.repaired, 10)
        assert.isAbove(expected.report.updated + expected.report.unchanged, 10)
        const pick = random(20_261_121)
        let crashes = 0
        for (let round = 0; round < 8; round++) {
          const directory = yield* temporaryDirectory
          const id = yield* submitted(directory)
          // Short lives at first; later ones are long enough to come to the end.
          for (let life = 0; life < 6; life++) {
            if (!(yield* runUntilCrash(directory, id, 1 + pick(6 + 8 * life)))) break
            crashes++
          }
          const outcome = yield* outcomeOf(directory, id)
          assert.deepStrictEqual(outcome, expected, `round ${round}`)
          assert.deepStrictEqual(readdirSync(join(directory, "imports")), [])
        }
        assert.isAbove(crashes, 20)
      }),
    120_000
  )

  it.scopedLive(
    "between any two of its writes goes on there",
    () =>
      Effect.gen(function* () {
        const some = creators.split("\n").slice(0, 620).join("\n")
        const expected = yield* undisturbed(some)
        assert.lengthOf(expected.batches, 2)
        let moment = 1
        for (let crashed = true; crashed; moment++) {
          const directory = yield* temporaryDirectory
          const id = yield* submitted(directory, some)
          crashed = yield* runUntilCrash(directory, id, moment)
          assert.deepStrictEqual(yield* outcomeOf(directory, id), expected, `moment ${moment}`)
        }
        assert.isAbove(moment, 15)
      }),
    120_000
  )

  it.scopedLive("as a dry run starts over and reports the same", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const expected = (yield* undisturbed(creators)).report
      const { crashed, spare, trouble } = yield* crashAt(4)
      const { id } = yield* Effect.zipLeft(
        spare(submit(creators, { ...tiktok, dryRun: true })),
        crashed
      ).pipe(Effect.provide(embedded(directory, { trouble })))
      const job = yield* Effect.provide(awaitImport(id), embedded(directory))
      assert.deepStrictEqual(job.report, expected)
      assert.deepStrictEqual(sentBatches(directory, id), [])
    })
  )

  it.scopedLive("while it waits for room does not hold up the end of the process", () =>
    Effect.gen(function* () {
      const expected = yield* undisturbed(creators)
      const directory = yield* temporaryDirectory
      const full = { ...settings, INFLUSCOPE_MAX_QUEUED_BATCHES: "2" }
      const trouble = failing((operation) => operation === "index")
      const id = yield* Effect.gen(function* () {
        const imports = yield* Imports
        const { id } = yield* submit(creators, tiktok)
        yield* imports.get(id).pipe(
          Effect.map(Option.getOrThrow),
          Effect.repeat({
            schedule: Schedule.spaced("5 millis"),
            until: ({ report }) => report.rows === 1_000
          })
        )
        return id
      }).pipe(Effect.provide(embedded(directory, { settings: full, trouble })))
      assert.deepStrictEqual(yield* outcomeOf(directory, id), expected)
    })
  )

  it.scopedLive("several at a time, goes on with all of them in their order", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const { crashed, spare, trouble } = yield* crashAt(20)
      const ids = yield* Effect.forEach([1, 2, 3], (count) =>
        Effect.map(
          submit(creators.replaceAll("creator_", `c${count}_`), { ...tiktok, source: `${count}` }),
          ({ id }) => id
        )
      ).pipe(spare, Effect.zipLeft(crashed), Effect.provide(embedded(directory, { settings, trouble })))
      const jobs = yield* Effect.provide(
        Effect.forEach(ids, awaitImport, { concurrency: 3 }),
        embedded(directory, { settings })
      )
      for (const job of jobs) assert.deepStrictEqual([job.state, addsUp(job)], ["done", true])
      const order = sentBatches(directory, "").map(({ id }) => ids.findIndex((job) => id.startsWith(job)))
      assert.deepStrictEqual(order, order.toSorted())
    })
  )
})

describe("an import whose stores fail", () => {
  it.scopedLive("in the middle goes on when they are back, and nothing is sent twice", () =>
    Effect.gen(function* () {
      const expected = yield* undisturbed(creators)
      const directory = yield* temporaryDirectory
      const trouble = failing(
        (operation, number) =>
          (operation === "set state" && number === 6) ||
          (operation === "append" && number === 1) ||
          (operation === "publish" && number === 3)
      )
      const { id } = yield* Effect.provide(
        importFile(creators, tiktok),
        embedded(directory, { settings, trouble })
      )
      assert.deepStrictEqual(yield* outcomeOf(directory, id), expected)
    })
  )

  it.scopedLive("for good is told so, and lets the next one have its turn", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const trouble = failing((operation, number) => operation === "append" && number === 2, "corrupt")
      yield* Effect.gen(function* () {
        const job = yield* importFile(creators, tiktok)
        assert.strictEqual(job.state, "failed")
        assert.match(job.failure ?? "", /stored data is damaged/)
        assert.strictEqual(job.report.rows, 1_000)
        assert.isTrue(addsUp(job))
        assert.strictEqual((yield* importFile("username,followers\na,1\n", tiktok)).state, "done")
      }).pipe(Effect.provide(embedded(directory, { settings, trouble })))
      assert.deepStrictEqual(readdirSync(join(directory, "imports")), [])
    })
  )

  it.scopedLive("while it is handed in is refused and leaves no file", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const trouble = failing((operation, number) => operation === "set state" && number < 2)
      yield* Effect.gen(function* () {
        const imports = yield* Imports
        for (let times = 0; times < 2; times++) {
          const error = yield* Effect.flip(submit(creators, tiktok))
          assert.strictEqual(error._tag, "StorageError")
          assert.deepStrictEqual(readdirSync(join(directory, "imports")), [])
        }
        assert.deepStrictEqual(yield* imports.list, [])
        assert.strictEqual((yield* importFile(creators, tiktok)).state, "done")
      }).pipe(Effect.provide(embedded(directory, { settings, trouble })))
    })
  )
})

describe("after a restart", () => {
  it.scopedLive("an import whose file is gone fails with a sentence; what was read of it stays", () =>
    Effect.gen(function* () {
      const expected = (yield* undisturbed(creators)).report
      for (const moment of [1, 18, 19, 20]) {
        const directory = yield* temporaryDirectory
        const { crashed, spare, trouble } = yield* crashAt(moment)
        const { id } = yield* Effect.zipLeft(spare(submit(creators, tiktok)), crashed).pipe(
          Effect.provide(embedded(directory, { settings, trouble }))
        )
        rmSync(join(directory, "imports"), { recursive: true })
        yield* Effect.gen(function* () {
          const job = yield* awaitImport(id)
          assert.strictEqual(job.state, "failed")
          assert.match(job.failure ?? "", /not in the import directory any more.*Import it once more/)
          assert.isTrue(addsUp(job))
          const profiles = yield* indexed
          assert.strictEqual(profiles.size, job.report.imported)
          assert.strictEqual(job.report.rows > 0, moment > 1)
          const again = yield* importFile(creators, tiktok)
          assert.deepStrictEqual(
            [again.state, again.report.rows, addsUp(again)],
            ["done", expected.rows, true]
          )
          assert.strictEqual((yield* indexed).size, expected.imported)
        }).pipe(Effect.provide(embedded(directory, { settings })))
      }
    })
  )

  it.scopedLive("files nobody waits for are gone, those that are needed stay", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const id = yield* submitted(directory)
      const file = (name: string) => join(directory, "imports", name)
      writeFileSync(file("imp-000000000-half.part"), "half a file")
      writeFileSync(file("imp-000000000-nobodys.bin"), "whole, but no job was made")
      writeFileSync(file("notes.txt"), "somebody's own")
      const { crashed, trouble } = yield* crashAt(1)
      yield* Effect.provide(crashed, embedded(directory, { settings, trouble }))
      assert.deepStrictEqual(readdirSync(join(directory, "imports")).toSorted(), [`${id}.bin`, "notes.txt"])
      yield* outcomeOf(directory, id)
    })
  )

  it.scopedLive(
    "an import that cannot be read holds up neither the start nor the others, and keeps its file",
    () =>
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        const id = yield* submitted(directory)
        yield* Effect.gen(function* () {
          const state = yield* StateStore
          const stored = Option.getOrThrow(yield* state.get(`imports/job/${id}`))
          yield* state.set(`imports/job/${id}`, stored.value.slice(0, -20))
        }).pipe(Effect.provide(adapters(directory)))
        yield* Effect.gen(function* () {
          const imports = yield* Imports
          assert.deepStrictEqual(yield* imports.list, [])
          assert.strictEqual((yield* Effect.flip(imports.get(id))).reason, "corrupt")
          const job = yield* importFile("username,followers\na,1\n", tiktok)
          assert.strictEqual(job.state, "done")
          assert.lengthOf(yield* imports.list, 1)
        }).pipe(Effect.provide(embedded(directory, { settings })))
        assert.isTrue(existsSync(join(directory, "imports", `${id}.bin`)))
      })
  )
})
