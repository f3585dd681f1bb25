import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import type { InvalidRequest, PayloadTooLarge, UnsupportedMediaType } from "@influscope/domain/api/Problems"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { isWithin } from "./JsonSize.ts"
import { fromParseError, invalid, tooLarge, unsupported } from "./Problems.ts"

/** Largest JSON body, in bytes: 500 profiles with long bios fit. */
export const maxJsonBytes = 4 * 1024 * 1024

/** What no honest body comes near: 500 profiles with every field and 100 categories each have 65,000 values. */
const maxJsonSize = { depth: 20, values: 200_000 }

const readBytes = (request: HttpServerRequest.HttpServerRequest, limitBytes: number) =>
  Effect.gen(function* () {
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

/** Besides JSON, what `curl -d` and `fetch` call a body that nobody has named: it is tried as JSON too. */
const jsonTypes =
  /^(?:application\/(?:[\w.-]+\+)?json|application\/x-www-form-urlencoded|text\/plain)\s*(?:;|$)/i

const requireJson = ({ headers }: HttpServerRequest.HttpServerRequest) => {
  const type = headers["content-type"]?.trim() ?? ""
  const coding = headers["content-encoding"]?.trim().toLowerCase() ?? "identity"
  if (type !== "" && !jsonTypes.test(type))
    return unsupported(`Send JSON with Content-Type application/json, not ${type.slice(0, 100)}.`)
  return coding === "identity"
    ? Effect.void
    : unsupported("Send the body as it is, without Content-Encoding.")
}

/** Reads and decodes a JSON body of bounded size. A field nobody knows is an error, not a loss nobody notices; whatever is wrong with it is said with the path of the field. */
export const jsonBody = <A, I>(
  schema: Schema.Schema<A, I>
): Effect.Effect<
  A,
  InvalidRequest | PayloadTooLarge | UnsupportedMediaType,
  HttpServerRequest.HttpServerRequest
> => {
  const decode = Schema.decodeUnknown(schema, { errors: "all", onExcessProperty: "error" })
  return Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    yield* requireJson(request)
    const bytes = yield* readBytes(request, maxJsonBytes)
    const json = yield* Effect.try({
      try: (): unknown => JSON.parse(bytes.toString("utf8")),
      catch: (cause) => invalid("body", `not JSON: ${cause instanceof Error ? cause.message : String(cause)}`)
    })
    if (!isWithin(json, maxJsonSize)) {
      return yield* invalid(
        "body",
        `more than ${maxJsonSize.values} values, or nested deeper than ${maxJsonSize.depth} levels`
      )
    }
    return yield* Effect.mapError(decode(json), fromParseError)
  })
}
