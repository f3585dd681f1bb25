import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"

/** A service did not answer as it should. */
export class Unanswered extends Schema.TaggedError<Unanswered>()("Unanswered", { what: Schema.String }) {}

/** Again and again: a service may be away for longer than a slow machine takes to start its store. */
export const patiently = <A>(answer: Effect.Effect<A, Unanswered>): Effect.Effect<A, Unanswered> =>
  Effect.retry(answer, Schedule.spaced("500 millis").pipe(Schedule.upTo("5 minutes")))

/** The text of an answer with success. */
export const request = (
  url: string,
  { within = "20 seconds", ...init }: RequestInit & { readonly within?: Duration.DurationInput } = {}
): Effect.Effect<string, Unanswered> =>
  Effect.tryPromise({
    try: async (signal) => {
      const response = await fetch(url, { ...init, signal })
      const text = await response.text()
      if (!response.ok) throw new Error(`${response.status}: ${text.slice(0, 200)}`)
      return text
    },
    catch: (cause) => new Unanswered({ what: `${url}: ${String(cause)}` })
  }).pipe(
    Effect.timeoutFail({
      duration: within,
      onTimeout: () => new Unanswered({ what: `${url}: no answer` })
    })
  )

/** An answer in JSON; one of another shape is a defect. */
export const get = <A, I>(
  schema: Schema.Schema<A, I>,
  url: string,
  init: RequestInit = {}
): Effect.Effect<A, Unanswered> =>
  Effect.flatMap(request(url, init), (text) => Effect.orDie(Schema.decode(Schema.parseJson(schema))(text)))
