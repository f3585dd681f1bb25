import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as FileSystem from "@effect/platform/FileSystem"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Path from "@effect/platform/Path"
import { ImportParams } from "@influscope/domain/api/ImportsApi"
import { Problem } from "@influscope/domain/api/Problems"
import { GivenProfileId } from "@influscope/domain/api/ProfilesApi"
import { type ColumnReport, ImportJob, type ImportReport, type Rejection } from "@influscope/domain/Imports"
import { platforms } from "@influscope/domain/Platform"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ApiClient, ApiClientLive } from "../ApiClient.ts"
import { CliError } from "../CliError.ts"
import { ifSome, jsonOption, plainArg } from "../CommonOptions.ts"
import { sayWhatHinders } from "../Hindrances.ts"
import { print, printJson, remark } from "../Output.ts"
import { progress } from "../Progress.ts"
import { type Column, table } from "../Table.ts"
import { count, counted, oneLine, styled } from "../Text.ts"

const files = plainArg("file").pipe(
  Args.atLeast(1),
  Args.withDescription("CSV, TSV, JSON or JSON Lines, gzipped or not.")
)

/** How a file is read, whatever is in it. */
const reading = {
  platform: Options.choice("platform", platforms).pipe(
    Options.withDescription(
      "The platform of every row; rows that say another one are rejected. When absent, found out."
    ),
    Options.optional
  ),
  map: Options.text("map").pipe(
    Options.withDescription(
      "column=field, where the recognition is wrong; `column=` ignores it. Repeat for more."
    ),
    Options.repeated
  ),
  dryRun: Options.boolean("dry-run").pipe(
    Options.withDescription("Report what would happen, write nothing.")
  ),
  json: jsonOption
}

const options = {
  ...reading,
  source: Options.text("source").pipe(
    Options.withDescription("Who says so; the file's name when absent."),
    Options.optional
  ),
  observedAt: Options.date("observed-at").pipe(
    Options.withDescription("When the figures were true, as in 2026-01-31; when absent, now."),
    Options.optional
  )
}

const columnColumns: ReadonlyArray<Column<ColumnReport>> = [
  { title: "column", cell: ({ name }) => name, shrinks: true },
  { title: "read as", cell: ({ mappedTo }) => mappedTo ?? "-" },
  { title: "sure", cell: ({ confidence }) => `${Math.round(confidence * 100)} %`, align: "right" },
  { title: "why", cell: ({ why }) => why, shrinks: true }
]

const rejectionColumns: ReadonlyArray<Column<Rejection>> = [
  { title: "line", cell: ({ line }) => count(line), align: "right" },
  { title: "column", cell: ({ column }) => column ?? "(row)", shrinks: true },
  { title: "value", cell: ({ value }) => value, shrinks: true },
  { title: "reason", cell: ({ reason }) => reason, shrinks: true }
]

const shownRejections = 10

const summaryOf = (job: ImportJob): string => {
  const { imported, rejected, repaired, rows, unchanged, updated } = job.report
  const would = job.dryRun ? " would be" : ""
  const fates =
    job.kind === "history"
      ? `${counted(imported, "point")}${would} written, ${count(unchanged)} known already,`
      : `${count(imported)}${would} imported, ${count(updated)} updated, ${count(unchanged)} unchanged,`
  return [
    `${counted(rows, "row")} of ${oneLine(job.file)}:`,
    fates,
    `${count(rejected)} rejected; ${count(repaired)} repaired`
  ].join(" ")
}

const printReport = (job: ImportJob) =>
  Effect.gen(function* () {
    const report: ImportReport = job.report
    yield* print(styled("bold", summaryOf(job)))
    for (const note of report.notes) yield* print(`  ${oneLine(note)}`)
    if (report.columns.length > 0) yield* print(`\n${table(columnColumns, report.columns)}`)
    if (report.rejections.length === 0) return
    yield* print(`\n${table(rejectionColumns, report.rejections.slice(0, shownRejections))}`)
    const more = report.rejections.length - shownRejections
    if (more > 0) yield* print(`... and ${counted(more, "more rejection")}: --json lists them`)
  })

const isOver = (job: ImportJob): boolean => job.state === "done" || job.state === "failed"

const detail = (job: ImportJob): string =>
  `${counted(job.report.rows, "row")}, ${count(job.report.rejected)} rejected${job.state === "indexing" ? ", indexing" : ""}`

/** Five seconds without a change are worth a question. */
const pollsUntilAsked = 50

/** Hands the file to the pipeline and watches until every row of it is accounted for. */
const run = (path: string, params: ImportParams) =>
  Effect.gen(function* () {
    const { http, imports } = yield* ApiClient
    const fs = yield* FileSystem.FileSystem
    const bar = yield* progress(params.file ?? path)
    const size = yield* fs.stat(path)
    const request = HttpClientRequest.post("/v1/imports").pipe(
      HttpClientRequest.setUrlParams(yield* Schema.encode(ImportParams)(params)),
      HttpClientRequest.bodyStream(fs.stream(path), {
        contentType: "application/octet-stream",
        contentLength: Number(size.size)
      })
    )
    yield* bar.update(0, "sending")
    const job = yield* http
      .execute(request)
      .pipe(
        Effect.flatMap((response) =>
          response.status === 202
            ? HttpClientResponse.schemaBodyJson(ImportJob)(response)
            : Effect.flatMap(HttpClientResponse.schemaBodyJson(Problem)(response), (problem) =>
                Effect.fail(problem)
              )
        )
      )
    let shown = ""
    let still = 0
    while (true) {
      const now = yield* imports.get({ path: { id: job.id } })
      const text = detail(now)
      yield* bar.update(now.bytesTotal === 0 ? 0 : now.bytesRead / now.bytesTotal, text)
      if (isOver(now)) return now
      still = text === shown ? still + 1 : 0
      shown = text
      if (still > 0 && still % pollsUntilAsked === 0) yield* sayWhatHinders
      yield* Effect.sleep("100 millis")
    }
  }).pipe(Effect.scoped)

/** Nothing is sent before every file is known to be there. */
const present = (path: string) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const missing = (likelyCause: string) =>
      new CliError({
        what: `${oneLine(path)} cannot be read; nothing was imported.`,
        likelyCause,
        todo: `Look at it: ls -l '${oneLine(path)}'`
      })
    const info = yield* fs.stat(path).pipe(
      Effect.catchTags({
        SystemError: (error) =>
          missing(
            error.reason === "NotFound"
              ? "There is no such file; a name with blanks needs quotes."
              : `The system says: ${error.reason}.`
          ),
        BadArgument: () => missing("That is not a path.")
      })
    )
    if (info.type === "Directory") return yield* missing("It is a directory; name the files in it.")
    yield* Effect.scoped(fs.open(path, { flag: "r" })).pipe(
      Effect.mapError(() => missing("You may not read it."))
    )
  })

const unread = (path: string, job: ImportJob) =>
  new CliError({
    what: `${oneLine(path)} could not be read to its end.`,
    likelyCause: job.failure ?? "The import did not say.",
    todo: "Correct the file and import it again; rows that are there already stay as they are."
  })

interface Given {
  readonly files: ReadonlyArray<string>
  readonly json: boolean
}

const importEach = (given: Given, paramsFor: (file: string) => ImportParams) =>
  Effect.gen(function* () {
    const { basename } = yield* Path.Path
    yield* Effect.forEach(given.files, present, { discard: true })
    const failures: Array<CliError> = []
    for (const path of given.files) {
      const job = yield* run(path, paramsFor(basename(path)))
      yield* given.json ? printJson(job.report) : printReport(job)
      if (job.state === "failed") failures.push(unread(path, job))
    }
    yield* Effect.forEach(failures.slice(0, -1), (failure) => remark(failure.message), { discard: true })
    const last = failures.at(-1)
    if (last !== undefined) return yield* last
  }).pipe(Effect.provide(ApiClientLive))

const of = Options.text("of").pipe(
  Options.withSchema(GivenProfileId),
  Options.withDescription("Whom all of a file is about that does not say it itself, as in youtube:mkbhd."),
  Options.optional
)

const posts = Options.boolean("posts").pipe(
  Options.withDescription("The files hold posts or videos, a row each, instead of influencers.")
)

export const importFiles = Command.make("import", { files, posts, of, ...options }, (given) =>
  importEach(given, (file) => ({
    file,
    kind: given.posts ? "posts" : "profiles",
    map: given.map,
    dryRun: given.dryRun,
    ...ifSome(given.of, (account) => ({ of: account })),
    ...ifSome(given.platform, (platform) => ({ platform })),
    ...ifSome(given.source, (source) => ({ source })),
    ...ifSome(given.observedAt, (observedAt) => ({ observedAt }))
  }))
).pipe(
  Command.withDescription(
    "Import influencers, or with --posts their posts, from files as people have them; columns are recognised by name and values."
  )
)

/** `influscope track import`. */
export const importHistory = Command.make("import", { files, of, ...reading }, (given) =>
  importEach(given, (file) => ({
    file,
    kind: "history",
    map: given.map,
    dryRun: given.dryRun,
    ...ifSome(given.of, (account) => ({ of: account })),
    ...ifSome(given.platform, (platform) => ({ platform }))
  }))
).pipe(
  Command.withDescription(
    "Import figures over time from files as people have them: a row for each account and moment, or a column for each day. Points that are there already stay."
  )
)
