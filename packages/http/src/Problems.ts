import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import {
  type FieldProblem,
  InternalError,
  InvalidRequest,
  PayloadTooLarge,
  problemContentType,
  StorageFull,
  Unavailable,
  UnsupportedMediaType
} from "@influscope/domain/api/Problems"
import type { StorageError } from "@influscope/ports/StorageError"
import * as Effect from "effect/Effect"
import * as ParseResult from "effect/ParseResult"
import { toFieldProblems } from "./FieldProblems.ts"

/** Seconds after which a client may try again what was refused for lack of room. */
export const retryAfterSeconds = 2

/** What a failing store means for the caller. The cause goes to the log, not to the client. */
export const storageProblem = (
  error: StorageError
): Effect.Effect<never, Unavailable | StorageFull | InternalError> => {
  switch (error.reason) {
    case "full":
      return Effect.fail(
        new StorageFull({
          detail: "Nothing was written: the disk is full. Free some space and send it again."
        })
      )
    case "unavailable":
    case "conflict":
      return Effect.zipRight(
        Effect.logWarning("A store did not answer", error.message),
        Effect.fail(
          new Unavailable({ detail: "The store does not answer at the moment. Try again shortly." })
        )
      )
    case "corrupt":
      return Effect.zipRight(
        Effect.logError("A store is damaged", error.message),
        Effect.fail(
          new InternalError({
            detail: "Stored data could not be read. Run `influscope audit` and look at the log."
          })
        )
      )
  }
}

/** The same where a full disk cannot be met because nothing is written. */
export const readProblem = (error: StorageError): Effect.Effect<never, Unavailable | InternalError> =>
  Effect.catchTag(storageProblem(error), "StorageFull", (full) =>
    Effect.fail(new Unavailable({ detail: full.detail }))
  )

const invalidFields = (errors: ReadonlyArray<FieldProblem>): InvalidRequest =>
  new InvalidRequest({
    detail: "Nothing was done. Correct what is listed in errors and send it again.",
    errors
  })

export const invalid = (path: string, message: string): InvalidRequest => invalidFields([{ path, message }])

export const fromIssues = (issues: ReadonlyArray<ParseResult.ArrayFormatterIssue>): InvalidRequest =>
  invalidFields(toFieldProblems(issues))

export const fromParseError = (error: ParseResult.ParseError): InvalidRequest =>
  fromIssues(ParseResult.ArrayFormatter.formatErrorSync(error))

export const unsupported = (detail: string): UnsupportedMediaType => new UnsupportedMediaType({ detail })

export const tooLarge = (limitBytes: number): PayloadTooLarge =>
  new PayloadTooLarge({
    detail: `The body may have ${limitBytes} bytes at most. Split it and send the parts.`
  })

/** A problem for the answers that no endpoint declares. */
export const problemResponse = (
  status: number,
  slug: string,
  title: string,
  detail: string,
  headers: Record<string, string> = {}
): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.text(JSON.stringify({ type: `urn:influscope:problem:${slug}`, title, status, detail }), {
    status,
    contentType: problemContentType,
    headers
  })
