import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Api } from "@influscope/domain/api/Api"
import { ImportParams } from "@influscope/domain/api/ImportsApi"
import { NotFound, Unavailable } from "@influscope/domain/api/Problems"
import { ImportJob } from "@influscope/domain/Imports"
import { Imports } from "@influscope/ports/Imports"
import { Health } from "@influscope/telemetry/Health"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { invalid, readProblem, storageProblem, tooLarge } from "./Problems.ts"

const encodeJob = Schema.encodeSync(Schema.parseJson(ImportJob))
const decodeParams = Schema.decodeUnknown(ImportParams)

const isOver = (job: ImportJob): boolean => job.state === "done" || job.state === "failed"

const noImport = (id: string) =>
  new NotFound({ detail: `There is no import ${id}. List them with GET /v1/imports.` })

/** Form fields as they would stand in the address: `map` is a list, everything else a single value. */
const fromFields = (fields: ReadonlyArray<readonly [string, string]>) => {
  const map = fields.filter(([key]) => key === "map").map(([, value]) => value)
  return decodeParams({
    ...Object.fromEntries(fields.filter(([key]) => key !== "map")),
    ...(map.length === 0 ? {} : { map })
  }).pipe(Effect.mapError((error) => invalid("form", ParseResult.TreeFormatter.formatErrorSync(error))))
}

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
                detail: `${error.waiting} imports are waiting. Try again when some are done.`
              })
            ),
          UploadBroken: () =>
            Effect.fail(invalid("body", "the upload broke off; nothing was kept, send it again")),
          StorageError: storageProblem
        })
      )

    /** The first file of a form, read with the fields that stand before it; the address wins over the form. */
    const submitForm = (
      request: HttpServerRequest.HttpServerRequest,
      params: ImportParams,
      given: ReadonlySet<string>
    ) =>
      Effect.gen(function* () {
        const fields: Array<readonly [string, string]> = []
        let job: ImportJob | undefined
        yield* request.multipartStream.pipe(
          Stream.mapError((error) => invalid("body", `not a readable form: ${error.reason}`)),
          Stream.runForEach((part) =>
            Effect.gen(function* () {
              if (part._tag === "Field") {
                if (!given.has(part.key)) fields.push([part.key, part.value])
                return
              }
              if (job !== undefined) {
                return yield* invalid(
                  "file",
                  `one file per request: ${job.id} was accepted, send the others alone`
                )
              }
              const fromForm = yield* fromFields(fields)
              const fromAddress = Object.fromEntries(Object.entries(params).filter(([key]) => given.has(key)))
              const name = part.name === "" ? {} : { file: part.name }
              job = yield* submit({ ...name, ...fromForm, ...fromAddress }, part.content)
            })
          )
        )
        return job === undefined ? yield* invalid("file", "the form has no file") : job
      })

    const create = (params: ImportParams) =>
      Effect.gen(function* () {
        const request = yield* HttpServerRequest.HttpServerRequest
        const given = new Set(Object.keys(yield* HttpServerRequest.ParsedSearchParams))
        const form = (request.headers["content-type"] ?? "").toLowerCase().startsWith("multipart/form-data")
        const empty = request.headers["content-length"] === "0"
        const job = yield* form
          ? submitForm(request, params, given)
          : empty
            ? invalid("body", "the file is empty")
            : submit(params, request.stream)
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
      .handle("list", () => imports.list.pipe(Effect.catchTag("StorageError", readProblem)))
      .handle("get", ({ path }) => present(path.id))
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
