import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import type { DeadLetterSummary } from "@influscope/domain/api/OperationsApi"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { ApiClient, ApiClientLive } from "../ApiClient.ts"
import { CliError } from "../CliError.ts"
import { ifSome, jsonOption, pageOptions, plainArg } from "../CommonOptions.ts"
import { print, printJson, remarkNextPage } from "../Output.ts"
import { type Column, table } from "../Table.ts"
import { count, counted } from "../Text.ts"

const topic = Options.text("topic").pipe(Options.withDescription("Only of this topic."), Options.optional)

const columns: ReadonlyArray<Column<DeadLetterSummary>> = [
  { title: "id", cell: ({ id }) => id },
  { title: "topic", cell: ({ topic }) => topic },
  { title: "items", cell: ({ items }) => count(items), align: "right" },
  { title: "attempts", cell: ({ attempts }) => count(attempts), align: "right" },
  { title: "dead since", cell: ({ deadAt }) => deadAt.toISOString() },
  { title: "reason", cell: ({ reason }) => reason, shrinks: true }
]

const list = Command.make(
  "list",
  {
    topic,
    ...pageOptions("Entries", 100),
    json: jsonOption
  },
  (given) =>
    Effect.gen(function* () {
      const { operations } = yield* ApiClient
      const page = yield* operations.listDeadLetters({
        urlParams: {
          limit: given.limit,
          ...ifSome(given.topic, (topic) => ({ topic })),
          ...ifSome(given.cursor, (cursor) => ({ cursor }))
        }
      })
      if (given.json) return yield* printJson(page)
      if (page.deadLetters.length === 0) return yield* print("There are no dead letters.")
      yield* print(table(columns, page.deadLetters))
      yield* remarkNextPage(page.nextCursor)
    }).pipe(Effect.provide(ApiClientLive))
).pipe(Command.withDescription("List the messages that could not be handled, newest first."))

const id = plainArg("id").pipe(Args.withDescription("As `influscope dlq list` shows it."))

const show = Command.make("show", { id, json: jsonOption }, (given) =>
  Effect.gen(function* () {
    const { operations } = yield* ApiClient
    const letter = yield* operations.getDeadLetter({ path: { id: given.id } })
    if (given.json) return yield* printJson(letter)
    yield* print(table(columns, [letter]))
    yield* print(`\n${JSON.stringify(letter.payload, null, 2)}`)
  }).pipe(Effect.provide(ApiClientLive))
).pipe(Command.withDescription("Show one of them with its payload."))

const ids = plainArg("id").pipe(Args.repeated, Args.withDescription("As `influscope dlq list` shows them."))
const all = Options.boolean("all").pipe(Options.withDescription("All of them, or all of --topic."))

const pageSize = 100

/** The ids a command means: those it was given, or all there were when it began. */
const chosen = (given: {
  readonly id: ReadonlyArray<string>
  readonly all: boolean
  readonly topic: Option.Option<string>
}) =>
  Effect.gen(function* () {
    if (!given.all) {
      if (given.id.length > 0) return given.id
      return yield* new CliError({
        what: "There is nothing to do.",
        likelyCause: "Neither ids nor --all were given.",
        todo: "influscope dlq list shows the ids."
      })
    }
    const { operations } = yield* ApiClient
    const filter = ifSome(given.topic, (topic) => ({ topic }))
    const letters = yield* Stream.paginateEffect("", (cursor) =>
      operations
        .listDeadLetters({ urlParams: { limit: pageSize, ...filter, ...(cursor === "" ? {} : { cursor }) } })
        .pipe(Effect.map((page) => [page.deadLetters, Option.fromNullable(page.nextCursor)] as const))
    ).pipe(Stream.runCollect)
    return [...letters].flat().map((letter) => letter.id)
  })

/** Replayed messages are handled at once; waiting for it shows whether they died again. */
const untilHandled = Effect.gen(function* () {
  const { operations } = yield* ApiClient
  yield* operations.audit({}).pipe(
    Effect.map(({ topics }) => topics.every(({ pending }) => pending === 0)),
    Effect.repeat({
      until: (idle) => idle,
      schedule: Schedule.intersect(Schedule.spaced("100 millis"), Schedule.recurs(50))
    })
  )
})

const replay = Command.make("replay", { id: ids, all, topic }, (given) =>
  Effect.gen(function* () {
    const { operations } = yield* ApiClient
    const letters = yield* chosen(given)
    yield* Effect.forEach(letters, (one) => operations.replayDeadLetter({ path: { id: one } }), {
      discard: true
    })
    yield* untilHandled
    const again = yield* Effect.forEach(
      letters,
      (one) =>
        operations.getDeadLetter({ path: { id: one } }).pipe(
          Effect.as(1),
          Effect.catchTag("NotFound", () => Effect.succeed(0))
        ),
      { concurrency: 4 }
    )
    const died = again.reduce((sum: number, one) => sum + one, 0)
    yield* print(`${counted(letters.length, "message")} sent again.`)
    if (died > 0) {
      return yield* new CliError({
        what: `${counted(died, "message")} could not be handled again.`,
        likelyCause: "What made them fail is still there.",
        todo: "influscope dlq list shows the reasons; what can never succeed goes with influscope dlq drop."
      })
    }
  }).pipe(Effect.provide(ApiClientLive))
).pipe(Command.withDescription("Send messages again, after what stopped them was mended."))

const drop = Command.make("drop", { id: ids, all, topic }, (given) =>
  Effect.gen(function* () {
    const { operations } = yield* ApiClient
    const letters = yield* chosen(given)
    yield* Effect.forEach(letters, (one) => operations.dropDeadLetter({ path: { id: one } }), {
      discard: true
    })
    yield* print(`${counted(letters.length, "message")} dropped for good; the audit counts them as dropped.`)
  }).pipe(Effect.provide(ApiClientLive))
).pipe(Command.withDescription("Remove messages for good."))

export const dlq = Command.make("dlq").pipe(
  Command.withDescription("Look after the messages that could not be handled (dead letters)."),
  Command.withSubcommands([list, show, replay, drop])
)
