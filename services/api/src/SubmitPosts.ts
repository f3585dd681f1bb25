import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { CurrentPrincipal } from "@influscope/domain/access/Principal"
import { GivenPost, GivenPosts, type LinesAccepted, maxListedLines } from "@influscope/domain/api/PostsApi"
import { Conflict, type InvalidRequest, Unavailable } from "@influscope/domain/api/Problems"
import { maxBatchBytes, maxBatchItems } from "@influscope/domain/Events"
import type { Post, PostId } from "@influscope/domain/posts/Post"
import { jsonBody } from "@influscope/http/Body"
import { isWithin } from "@influscope/http/JsonSize"
import { fromParseError, invalid } from "@influscope/http/Problems"
import { toPost } from "@influscope/pipeline/ToPost"
import { Posts } from "@influscope/ports/Posts"
import type { StorageError } from "@influscope/ports/StorageError"
import * as Arr from "effect/Array"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as ParseResult from "effect/ParseResult"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Sink from "effect/Sink"
import * as Stream from "effect/Stream"
import { type Line, linesOf, maxLineBytes } from "./JsonLines.ts"

const strictly = { errors: "all", onExcessProperty: "error" } as const
type Decoded = Effect.Effect<ReadonlyArray<GivenPost>, ParseResult.ParseError>
const decodeOne = (body: unknown): Decoded =>
  Effect.map(Schema.decodeUnknown(GivenPost, strictly)(body), Arr.of)
const decodeMany = (body: unknown): Decoded =>
  Effect.map(Schema.decodeUnknown(GivenPosts, strictly)(body), ({ posts }) => posts)
const decodeLine = Schema.decodeUnknownEither(GivenPost, strictly)

/** What no honest line comes near. */
const maxLineSize = { depth: 5, values: 100 }

/** A stream waits for room so long before it is told to come back. */
const patience = Schedule.spaced("50 millis").pipe(Schedule.upTo("30 seconds"))

const digestOf = (text: string): string => new Bun.CryptoHasher("sha256").update(text).digest("hex")

/** The moment of a request: of the first one with its key, if it has one. */
const momentOf = (key: string | undefined, digest: string | undefined) =>
  Effect.gen(function* () {
    if (key === undefined) return yield* Clock.currentTimeMillis
    const { subject, tenant } = yield* CurrentPrincipal
    const posts = yield* Posts
    return yield* posts.momentOf(digestOf(`${tenant}\n${subject}\n${key}`), digest)
  }).pipe(
    Effect.catchTag("KeyReused", () =>
      Effect.fail(
        new Conflict({
          detail:
            "The Idempotency-Key was used for another request within a day. Use a new one for each request."
        })
      )
    )
  )

/** Submits the one post or the up to 500 of a JSON body, all or none, and answers their ids. */
export const submitJson = (key: string | undefined) =>
  Effect.gen(function* () {
    const body = yield* jsonBody(Schema.Unknown)
    const isMany = typeof body === "object" && body !== null && "posts" in body
    const given = yield* Effect.mapError((isMany ? decodeMany : decodeOne)(body), fromParseError)
    const moment = yield* momentOf(key, key === undefined ? undefined : digestOf(JSON.stringify(given)))
    const stated = given.map((post) => toPost(post, moment))
    yield* (yield* Posts).submit(stated)
    return { accepted: stated.length, ids: stated.map(({ id }): PostId => id) }
  })

const tooLong = invalid("line", `longer than ${maxLineBytes} bytes`)

/** The post of a line, or what is wrong with it. */
const postOf = ({ text }: Line, moment: number): Either.Either<Post, InvalidRequest> => {
  if (text === undefined) return Either.left(tooLong)
  const json = Either.try({
    try: (): unknown => JSON.parse(text),
    catch: (cause) => invalid("line", `not JSON: ${cause instanceof Error ? cause.message : String(cause)}`)
  })
  return Either.flatMap(json, (value) =>
    isWithin(value, maxLineSize)
      ? Either.mapBoth(decodeLine(value), {
          onLeft: fromParseError,
          onRight: (given) => toPost(given, moment)
        })
      : Either.left(invalid("line", "not a post: it has too many values, or too many levels of them"))
  )
}

/** Lines that are handled together: as many as a message carries. */
const batches = Sink.foldWeighted<Chunk.Chunk<Line>, Line>({
  initial: Chunk.empty(),
  maxCost: maxBatchBytes,
  cost: (_, { text = "" }) => Math.max(text.length, maxBatchBytes / maxBatchItems),
  body: (lines, line) => Chunk.append(lines, line)
})

/** Submits the posts of JSON Lines as they come, and answers what became of the lines. Holds one batch of them at a time. */
export const submitLines = (key: string | undefined) =>
  Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const posts = yield* Posts
    const moment = yield* momentOf(key, undefined)
    const refusals: Array<LinesAccepted["refusals"][number]> = []
    let accepted = 0
    let refused = 0

    const submit = (lines: Chunk.Chunk<Line>) =>
      Effect.gen(function* () {
        const stated: Array<Post> = []
        for (const line of lines) {
          const post = postOf(line, moment)
          if (Either.isRight(post)) stated.push(post.right)
          else {
            refused++
            if (refusals.length < maxListedLines)
              refusals.push({ line: line.number, errors: post.left.errors })
          }
        }
        if (stated.length > 0)
          yield* posts
            .submit(stated)
            .pipe(Effect.retry({ schedule: patience, while: ({ _tag }) => _tag === "PipelineBusy" }))
        accepted += stated.length
      })

    yield* linesOf(request.stream).pipe(
      Stream.mapError(() =>
        invalid("body", `the stream broke off after ${accepted} posts, which are stored`)
      ),
      Stream.transduce(batches),
      Stream.runForEach(submit),
      Effect.catchTag(
        "StorageError",
        (error): Effect.Effect<never, StorageError | Unavailable> =>
          error.reason === "unavailable" || error.reason === "conflict"
            ? new Unavailable({
                detail: `The store does not answer. ${accepted} posts are stored; send all of them again shortly: those are recognised.`
              })
            : error
      )
    )
    const report: LinesAccepted = { accepted, refused, refusals }
    return report
  })
