/**
 * Imports real files through the whole import path and compares what came of them with what another, plain reader finds
 * in them:
 *   bun bench/real-files/check.ts <directory>          (or the directory in INFLUSCOPE_REAL_FILES)
 * Each file goes into an instance of its own on a temporary directory: first as a dry run, then for real, then once more.
 * Files with figures over time also go in as history, each point of which is compared with what is in the store.
 * Prints a table and what is wrong; exits with 1 when anything is, a file that should be there and is not included.
 */
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { ImportJob } from "@influscope/domain/Imports"
import type { Profile } from "@influscope/domain/Profile"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Effect from "effect/Effect"
import { addsUp, embedded, importFile, indexed } from "../../services/scraper/test/Embedded.ts"
import { type Expectation, expectations, type Fact } from "./Expectations.ts"
import { histories, historyProblems } from "./Histories.ts"
import { rawRows } from "./RawTable.ts"

interface Result {
  readonly file: string
  readonly job: ImportJob | undefined
  readonly millis: number
  readonly problems: ReadonlyArray<string>
}

/** Problems of one kind that are told in full; the others are counted. */
const maxTold = 5

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

const told = (problems: ReadonlyArray<string>): ReadonlyArray<string> =>
  problems.length <= maxTold
    ? problems
    : [...problems.slice(0, maxTold), `and ${problems.length - maxTold} more like these`]

const compare = (what: string, found: unknown, wanted: unknown): ReadonlyArray<string> =>
  same(found, wanted) ? [] : [`${what}: found ${JSON.stringify(found)}, expected ${JSON.stringify(wanted)}`]

const profileProblems = (id: string, fact: Fact, profile: Profile | undefined): ReadonlyArray<string> => {
  if (profile === undefined) return [`${id} is not in the index`]
  const found: { readonly [field: string]: unknown } = profile.fields
  return [
    ...Object.entries(fact.fields).flatMap(([field, wanted]) =>
      compare(`${id} ${field}`, found[field], wanted)
    ),
    ...compare(`${id} engagement rate`, profile.engagement.rate, fact.engagement),
    ...(fact.observedAt === undefined ? [] : compare(`${id} observedAt`, profile.observedAt, fact.observedAt))
  ]
}

const reportProblems = (expected: Expectation, job: ImportJob): ReadonlyArray<string> => {
  const { report } = job
  const rejected = report.rejections.filter(({ reason }) => reason.startsWith("row rejected: "))
  return [
    ...compare("state", [job.state, job.failure], ["done", null]),
    ...compare("rows", report.rows, expected.rows),
    ...compare("new profiles", report.imported, expected.profiles),
    ...compare("rejected", report.rejected, expected.rejected),
    ...compare("repaired", report.repaired, expected.repaired),
    ...(addsUp(job) ? [] : ["rows are not imported + updated + unchanged + rejected"]),
    ...((report.rows - report.rejected) / report.rows >= expected.kept
      ? []
      : [`less than ${expected.kept * 100} % of the rows were kept`]),
    ...compare(
      "columns",
      Object.fromEntries(report.columns.map(({ mappedTo, name }) => [name, mappedTo])),
      expected.columns
    ),
    ...compare("rejections listed", rejected.length, report.rejected),
    ...report.columns.flatMap(({ name, why }) => (why === "" ? [`column ${name} has no reason`] : [])),
    ...report.rejections.flatMap(({ line, reason }) =>
      reason.length > 20 && line > 0 ? [] : [`a rejection without a reason or a line: ${reason}`]
    )
  ]
}

const checkFile = (path: string, file: string, expected: Expectation) =>
  Effect.gen(function* () {
    const bytes = readFileSync(path)
    const facts = expected.facts(rawRows(bytes.toString("utf8")))
    const directory = yield* temporaryDirectory
    return yield* Effect.gen(function* () {
      const dry = yield* importFile(bytes, { file, dryRun: true })
      const start = performance.now()
      const job = yield* importFile(bytes, { file })
      const millis = Math.round(performance.now() - start)
      const profiles = yield* indexed
      const again = yield* importFile(bytes, { file })
      const { imported, rejected, unchanged, updated } = again.report
      const unknown = [...profiles.keys()].filter((id) => !facts.has(id))
      const result: Result = {
        file,
        job,
        millis,
        problems: [
          ...reportProblems(expected, job),
          ...compare("profiles in the file", facts.size, expected.profiles),
          ...compare("profiles that are not in the file", unknown, []),
          ...told([...facts].flatMap(([id, fact]) => profileProblems(id, fact, profiles.get(id)))),
          ...(same(dry.report, job.report) ? [] : ["the dry run foretold something else"]),
          ...compare("imported again", [imported, updated, unchanged + rejected], [0, 0, expected.rows])
        ]
      }
      return result
    }).pipe(Effect.provide(embedded(directory)))
  }).pipe(Effect.scoped)

const checkHistory = (path: string, file: string, history: (typeof histories)[string]) =>
  Effect.gen(function* () {
    const bytes = readFileSync(path)
    const directory = yield* temporaryDirectory
    return yield* Effect.gen(function* () {
      const start = performance.now()
      const job = yield* importFile(bytes, { file, kind: "history" })
      const millis = Math.round(performance.now() - start)
      const problems = yield* historyProblems(history, rawRows(bytes.toString("utf8")), job)
      const again = (yield* importFile(bytes, { file, kind: "history" })).report
      const result: Result = {
        file: `${file}, history`,
        job,
        millis,
        problems: [
          ...told(problems),
          ...(addsUp(job) ? [] : ["rows are not imported + unchanged + rejected"]),
          ...compare("imported again", [again.imported, again.unchanged], [0, history.rows])
        ]
      }
      return result
    }).pipe(Effect.provide(embedded(directory)))
  }).pipe(Effect.scoped)

const row = (cells: ReadonlyArray<string | number>): string =>
  cells.map((cell, at) => (at === 0 ? String(cell).padEnd(32) : String(cell).padStart(10))).join("")

const run = async (directory: string): Promise<boolean> => {
  const head = ["file", "rows", "imported", "updated", "unchanged", "rejected", "repaired", "ms", "result"]
  process.stdout.write(`${row(head)}\n`)
  let good = true
  const present = <E>(file: string, check: (path: string) => Effect.Effect<Result, E>): Promise<Result> => {
    const path = join(directory, file)
    return existsSync(path)
      ? Effect.runPromise(check(path))
      : Promise.resolve({ file, job: undefined, millis: 0, problems: ["the file is not there"] })
  }
  const checks = [
    ...Object.entries(expectations).map(
      ([file, expected]) =>
        () =>
          present(file, (path) => checkFile(path, file, expected))
    ),
    ...Object.entries(histories).map(
      ([file, history]) =>
        () =>
          present(file, (path) => checkHistory(path, file, history))
    )
  ]
  for (const check of checks) {
    const { file, job, millis, problems } = await check()
    const { imported, rejected, repaired, rows, unchanged, updated } = job?.report ?? {
      ...{ imported: 0, rejected: 0, repaired: 0, rows: 0, unchanged: 0, updated: 0 }
    }
    const verdict = problems.length === 0 ? "ok" : "WRONG"
    process.stdout.write(
      `${row([file, rows, imported, updated, unchanged, rejected, repaired, millis, verdict])}\n`
    )
    for (const problem of problems) process.stdout.write(`  ${problem}\n`)
    good &&= problems.length === 0
  }
  return good
}

const directory = process.argv[2] ?? process.env["INFLUSCOPE_REAL_FILES"]
if (directory === undefined || !existsSync(directory)) {
  process.stderr.write("Name a directory with the files, as argument or in INFLUSCOPE_REAL_FILES.\n")
  process.exit(1)
}
process.exit((await run(directory)) ? 0 : 1)
