import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Api } from "@influscope/domain/api/Api"
import { ImportParams } from "@influscope/domain/api/ImportsApi"
import { InvalidRequest, NotFound, Unavailable } from "@influscope/domain/api/Problems"
import { ImportJob } from "@influscope/domain/Imports"
import { jsonAnswer } from "@influscope/http/Answers"
import { fromParseError, invalid, readProblem, storageProblem, tooLarge } from "@influscope/http/Problems"
import { Imports } from "@influscope/ports/Imports"
import { Health } from "@influscope/telemetry/Health"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { type FormReader, readForm } from "./FormReader.ts"

const encodeJob = Schema.encodeSync(Schema.parseJson(ImportJob))
const jobAnswer = jsonAnswer(ImportJob)
const jobsAnswer = jsonAnswer(Schema.Array(ImportJob))
const decodeParams = Schema.decodeUnknown(ImportParams)

const isOver = (job: ImportJob): boolean => job.state === "done" || job.state === "failed"

/** A hundred reports with a thousand rejections each are no list any more; each import has its own by its id. */
const inShort = (job: ImportJob): ImportJob => ({
  ...job,
  report: { ...job.report, rejections: job.report.rejections.slice(0, 10) }
})

const noImport = (id: string) =>
  new NotFound({ detail: `There is no import ${id}. List them with GET /v1/imports.` })

type Field = readonly [name: string, value: string]

/** Form fields as they would stand in the address: `map` is a list, and everything else stands there once. */
const fromFields = (fields: ReadonlyArray<Field>) => {
  const names = new Set(fields.map(([name]) => name))
  const entries = [...names].map((name) => {
    const values = fields.filter((field) => field[0] === name).map(([, value]) => value)
    return [name, name !== "map" && values.length === 1 ? values[0] : values] as const
  })
  return Effect.mapError(decodeParams(Object.fromEntries(entries)), fromParseError)
}

/** Fails at its end when nothing came before: nothing is kept of an empty file. */
const notEmpty = <E>(path: string, bytes: Stream.Stream<Uint8Array, E>) => {
  let size = 0
  return bytes.pipe(
    // A store may take the writing of nothing for a full disk.
    Stream.filter((chunk) => chunk.byteLength > 0),
    Stream.tap((chunk) =>
      Effect.sync(() => {
        size += chunk.byteLength
      })
    ),
    Stream.concat(
      Stream.suspend(() => (size === 0 ? Stream.fail(invalid(path, "the file is empty")) : Stream.empty))
    )
  )
}

/** Reads what stands after the file: no parameter may, because the file is taken in with what was said before it. */
const nothingAfter = (form: FormReader): Effect.Effect<void, InvalidRequest> =>
  Effect.gen(function* () {
    for (;;) {
      const part = Option.getOrUndefined(
        yield* Effect.mapError(form.next, ({ detail }) => invalid("body", detail))
      )
      if (part === undefined) return
      if (part._tag === "File") return yield* invalid("file", "one file per request: send the others alone")
      if (part.name in ImportParams.fields)
        return yield* invalid(part.name, "stands after the file: put it before")
    }
  })

export const ImportsHttp = HttpApiBuilder.group(
  Api,
  "imports",
  Effect.fnUntraced(function* (handlers) {
    const imports = yield* Imports
    const health = yield* Health

    const submit = <E>(params: ImportParams, bytes: Stream.Stream<Uint8Array, E>) =>
      imports.submit(params, bytes).pipe(
        Effect.catchTags({
          ImportRefused: (error) => Effect.fail(invalid(error.parameter, error.detail)),
          ImportTooLarge: (error) => Effect.fail(tooLarge(error.limitBytes)),
          ImportsBusy: (error) =>
            Effect.fail(
              new Unavailable({
                detail: `Imports under way: ${error.waiting}, as many as are let in. Try again when some are done.`
              })
            ),
          UploadBroken: ({ cause }) =>
            Effect.fail(
              cause instanceof InvalidRequest
                ? cause
                : invalid("body", "the upload broke off; nothing was kept, send it again")
            ),
          StorageError: storageProblem
        })
      )

    /** The file of a form, read with the fields that stand before it; the address wins over the form. */
    const submitForm = (
      request: HttpServerRequest.HttpServerRequest,
      params: ImportParams,
      given: ReadonlySet<string>
    ) =>
      Effect.gen(function* () {
        const form = yield* readForm(request.headers["content-type"] ?? "", request.stream)
        const fields: Array<Field> = []
        for (;;) {
          const part = Option.getOrUndefined(yield* form.next)
          if (part === undefined) return yield* invalid("file", "the form has no file")
          if (part._tag === "Field") {
            fields.push([part.name, part.value])
            continue
          }
          const { content, fileName } = part
          if (fileName !== undefined && fileName !== "") fields.push(["file", fileName])
          const fromForm = yield* fromFields(fields)
          const fromAddress = Object.fromEntries(Object.entries(params).filter(([key]) => given.has(key)))
          const bytes = notEmpty(
            "file",
            Stream.mapError(content, ({ detail }) => invalid("body", detail))
          )
          const whole = Stream.concat(bytes, Stream.execute(nothingAfter(form)))
          return yield* submit({ ...fromForm, ...fromAddress }, whole)
        }
      }).pipe(
        Effect.catchTag("FormUnreadable", ({ detail }) => Effect.fail(invalid("body", detail))),
        Effect.scoped
      )

    const create = (params: ImportParams) =>
      Effect.gen(function* () {
        const request = yield* HttpServerRequest.HttpServerRequest
        const given = new Set(Object.keys(yield* HttpServerRequest.ParsedSearchParams))
        const isForm = /^\s*multipart\/form-data/i.test(request.headers["content-type"] ?? "")
        const hasBody = !(request.source instanceof Request) || request.source.body !== null
        const job = yield* isForm
          ? submitForm(request, params, given)
          : submit(params, notEmpty("body", hasBody ? request.stream : Stream.empty))
        return HttpServerResponse.text(encodeJob(job), {
          status: 202,
          contentType: "application/json",
          headers: { location: `/v1/imports/${job.id}` }
        })
      })

    const present = (id: string) =>
      Effect.flatMap(
        imports.get(id).pipe(Effect.catchTag("StorageError", readProblem)),
        Option.match({ onNone: () => Effect.fail(noImport(id)), onSome: Effect.succeed })
      )

    /** One event per change, a comment as heartbeat, the last event when the import is over or the server drains. */
    const events = (id: string) => {
      const polls = Stream.repeatEffectWithSchedule(
        Effect.zip(
          present(id),
          Effect.map(health.readiness, (state) => state.checks.some(({ name }) => name === "draining"))
        ),
        Schedule.spaced("200 millis")
      )
      return polls.pipe(
        Stream.takeUntil(([job, draining]) => isOver(job) || draining),
        Stream.mapAccum({ last: "", silent: 0 }, (state, [job]) => {
          const text = encodeJob(job)
          if (text !== state.last) return [{ last: text, silent: 0 }, `event: import\ndata: ${text}\n\n`]
          const silent = state.silent + 1
          return [{ last: state.last, silent: silent % 20 }, silent % 20 === 0 ? ": still here\n\n" : ""]
        }),
        Stream.filter((text) => text !== ""),
        Stream.encodeText
      )
    }

    return handlers
      .handleRaw("create", ({ urlParams }) => create(urlParams))
      .handle("list", () =>
        imports.list.pipe(
          Effect.flatMap((jobs) => jobsAnswer(jobs.map(inShort))),
          Effect.catchTag("StorageError", readProblem)
        )
      )
      .handle("get", ({ path }) => Effect.flatMap(present(path.id), jobAnswer))
      .handleRaw("events", ({ path }) =>
        Effect.as(
          present(path.id),
          HttpServerResponse.stream(events(path.id), {
            contentType: "text/event-stream",
            headers: { "cache-control": "no-cache", "x-accel-buffering": "no" }
          })
        )
      )
  })
)
