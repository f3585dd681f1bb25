import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Api } from "@influscope/domain/api/Api"
import {
  Audit,
  DeadLetterPage,
  type DeadLetterSummary,
  DeadLetterView,
  DiscoveryJob,
  DiscoveryParams
} from "@influscope/domain/api/OperationsApi"
import { NotFound, Unavailable } from "@influscope/domain/api/Problems"
import { jsonAnswer } from "@influscope/http/Answers"
import { jsonBody } from "@influscope/http/Body"
import { isWithin } from "@influscope/http/JsonSize"
import { invalid, readProblem, storageProblem } from "@influscope/http/Problems"
import { accounts } from "@influscope/pipeline/Audit"
import { relayGrace } from "@influscope/pipeline/Relay"
import { type DeadLetter, DeadLetters } from "@influscope/ports/DeadLetters"
import { Discoveries } from "@influscope/ports/Discoveries"
import { Outbox } from "@influscope/ports/Outbox"
import type { PubSub } from "@influscope/ports/PubSub"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

const auditAnswer = jsonAnswer(Audit)
const pageAnswer = jsonAnswer(DeadLetterPage)
const letterAnswer = jsonAnswer(DeadLetterView)
const discoveryAnswer = jsonAnswer(DiscoveryJob)

const noDeadLetter = (id: string) =>
  new NotFound({ detail: `There is no dead letter ${id}. List them with GET /v1/dead-letters.` })

const summary = (letter: DeadLetter): DeadLetterSummary => ({
  id: letter.id,
  topic: letter.topic,
  items: letter.items,
  reason: letter.reason,
  attempts: letter.attempts,
  deadAt: new Date(letter.deadAt)
})

const Cursor = Schema.parseJson(Schema.Struct({ deadAt: Schema.Int, id: Schema.String }))

const decodeCursor = (cursor: string | undefined) =>
  cursor === undefined
    ? Effect.succeedNone
    : Effect.flatMap(Encoding.decodeBase64UrlString(cursor), Schema.decode(Cursor)).pipe(
        Effect.asSome,
        Effect.mapError(() => invalid("cursor", "not a cursor of this list"))
      )

/** The payload as what it is: JSON where it is JSON that can be written again, else the text itself. */
const payloadOf = (text: string): Effect.Effect<unknown> =>
  Effect.try((): unknown => JSON.parse(text)).pipe(
    Effect.filterOrFail((json) => isWithin(json, { depth: 100, values: Number.POSITIVE_INFINITY })),
    Effect.orElseSucceed(() => text)
  )

export const OperationsHttp = HttpApiBuilder.group(
  Api,
  "operations",
  Effect.fnUntraced(function* (handlers) {
    const outbox = yield* Outbox
    const deadLetters = yield* DeadLetters
    const discoveries = yield* Discoveries
    // What the relay would send again is what is missing: both go by the same account.
    const audit = Effect.provide(accounts(yield* relayGrace), yield* Effect.context<Outbox | PubSub>())

    const list = (params: { readonly topic?: string; readonly limit: number; readonly cursor?: string }) =>
      Effect.gen(function* () {
        const before = yield* decodeCursor(params.cursor)
        const page = yield* deadLetters.list({
          topic: params.topic,
          limit: params.limit,
          before: Option.getOrUndefined(before)
        })
        const last = page.length === params.limit ? page[page.length - 1] : undefined
        return {
          deadLetters: page.map(summary),
          nextCursor:
            last === undefined
              ? null
              : Encoding.encodeBase64Url(JSON.stringify({ deadAt: last.deadAt, id: last.id }))
        }
      }).pipe(Effect.catchTag("StorageError", readProblem))

    const present = (id: string) =>
      Effect.flatMap(
        deadLetters.get(id),
        Option.match({ onNone: () => Effect.fail(noDeadLetter(id)), onSome: Effect.succeed })
      )

    // The outbox hears of it first: when the process ends in between, the relay finds the entry still there. The other
    // way round, a batch that is gone would count as dead for ever.
    const replay = (id: string) =>
      Effect.gen(function* () {
        const letter = yield* present(id)
        yield* outbox.resent(letter.topic, id)
        if (!(yield* deadLetters.replay(id))) return yield* noDeadLetter(id)
      }).pipe(Effect.catchTag("StorageError", storageProblem))

    const drop = (id: string) =>
      Effect.gen(function* () {
        const letter = yield* present(id)
        yield* outbox.markDead(letter.topic, id, "dropped")
        if (!(yield* deadLetters.drop(id))) return yield* noDeadLetter(id)
      }).pipe(Effect.catchTag("StorageError", storageProblem))

    const discover = Effect.gen(function* () {
      const job = yield* discoveries.start(yield* jsonBody(DiscoveryParams))
      return HttpServerResponse.text(JSON.stringify(job), {
        status: 202,
        contentType: "application/json",
        headers: { location: `/v1/discoveries/${job.id}` }
      })
    }).pipe(
      Effect.catchTags({
        DiscoveriesBusy: ({ waiting }) =>
          Effect.fail(
            new Unavailable({ detail: `${waiting} discoveries are waiting. Try again when some are done.` })
          ),
        UnknownSource: (error) =>
          Effect.fail(
            invalid("source", `there is no source ${error.source}; there are ${error.known.join(", ")}`)
          ),
        StorageError: storageProblem
      })
    )

    return handlers
      .handle("audit", () =>
        audit.pipe(
          Effect.flatMap((topics) => auditAnswer({ topics })),
          Effect.catchTag("StorageError", readProblem)
        )
      )
      .handle("listDeadLetters", ({ urlParams }) => Effect.flatMap(list(urlParams), pageAnswer))
      .handle("getDeadLetter", ({ path }) =>
        Effect.gen(function* () {
          const letter = yield* present(path.id)
          return yield* letterAnswer({ ...summary(letter), payload: yield* payloadOf(letter.payload) })
        }).pipe(Effect.catchTag("StorageError", readProblem))
      )
      .handle("replayDeadLetter", ({ path }) => replay(path.id))
      .handle("dropDeadLetter", ({ path }) => drop(path.id))
      .handleRaw("discover", () => discover)
      .handle("getDiscovery", ({ path }) =>
        Effect.flatMap(
          discoveries.get(path.id).pipe(Effect.catchTag("StorageError", readProblem)),
          Option.match({
            onNone: () => Effect.fail(new NotFound({ detail: `There is no discovery ${path.id}.` })),
            onSome: discoveryAnswer
          })
        )
      )
  })
)
