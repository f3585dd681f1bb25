import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { InvalidRequest, type PayloadTooLarge } from "@influscope/domain/api/Problems"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { invalid, tooLarge } from "./Problems.ts"

/** Largest JSON body, in bytes: 500 profiles with long bios fit. */
export const maxJsonBytes = 4 * 1024 * 1024

const readBytes = (limitBytes: number) =>
  Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const declared = Number(request.headers["content-length"] ?? 0)
    if (declared > limitBytes) return yield* tooLarge(limitBytes)
    let size = 0
    const chunks = yield* request.stream.pipe(
      Stream.mapError(() => invalid("body", "expected a JSON body")),
      Stream.tap((chunk) => {
        size += chunk.byteLength
        return size > limitBytes ? tooLarge(limitBytes) : Effect.void
      }),
      Stream.runCollect
    )
    return Buffer.concat(Chunk.toReadonlyArray(chunks))
  })

/** Reads and decodes a JSON body of bounded size; whatever is wrong with it is said with the path of the field. */
export const jsonBody = <A, I>(
  schema: Schema.Schema<A, I>
): Effect.Effect<A, InvalidRequest | PayloadTooLarge, HttpServerRequest.HttpServerRequest> => {
  const decode = Schema.decodeUnknown(schema, { errors: "all" })
  return Effect.gen(function* () {
    const bytes = yield* readBytes(maxJsonBytes)
    const json = yield* Effect.try({
      try: (): unknown => JSON.parse(bytes.toString("utf8")),
      catch: (cause) => invalid("body", `not JSON: ${cause instanceof Error ? cause.message : String(cause)}`)
    })
    return yield* decode(json).pipe(
      Effect.mapError(
        (error) =>
          new InvalidRequest({
            detail: "Nothing was done. Correct what is listed in errors and send it again.",
            errors: ParseResult.ArrayFormatter.formatErrorSync(error)
              .slice(0, 100)
              .map((issue) => ({ path: issue.path.map(String).join("."), message: issue.message }))
          })
      )
    )
  })
}
