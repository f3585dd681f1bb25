import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Unavailable } from "@influscope/domain/api/Problems"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"

/** Of one kind at once: each asks its store every second. */
const mostStreams = 100
/** A stream ends after so long; who watches on connects again, as browsers do by themselves. */
const longestStream = "1 hour"
const pollInterval = "1 second"
/** Who loses the connection comes back after 3 s. */
const streamBegin = "retry: 3000\n\n"
/** A line that says nothing keeps proxies from taking the silence for the end: after so many polls without news. */
const longestSilence = 15

/** One server-sent event: `id` is what a client that comes back says it has seen last. */
export const serverSentEvent = (name: string, id: string, data: string): string =>
  `id: ${id}\nevent: ${name}\ndata: ${data}\n\n`

interface State<Seen> {
  readonly seen: Seen
  readonly silent: number
  readonly isFirst: boolean
}

/**
 * Makes answers that go on as things happen: `poll` is asked every second what is new since what was seen, and says it as
 * events, or nothing.
 */
export const makeEventStreams = () => {
  let streams = 0
  const counted = Effect.acquireRelease(
    Effect.sync(() => streams++),
    () => Effect.sync(() => streams--)
  )

  return <Seen, E>(
    first: Seen,
    poll: (seen: Seen) => Effect.Effect<readonly [seen: Seen, events: string], E>
  ): Effect.Effect<HttpServerResponse.HttpServerResponse, Unavailable> => {
    const next = (state: State<Seen>) =>
      Effect.gen(function* () {
        if (!state.isFirst) yield* Effect.sleep(pollInterval)
        const [seen, events] = yield* poll(state.seen)
        const silent = events === "" ? (state.silent + 1) % longestSilence : 0
        const text = events === "" && silent === 0 ? ": nothing new\n\n" : events
        return Option.some([text, { seen, silent, isFirst: false }] as const)
      })
    const texts = Stream.unfoldEffect<State<Seen>, string, E, never>(
      { seen: first, silent: 0, isFirst: true },
      next
    ).pipe(
      Stream.filter((text) => text !== ""),
      // Nothing of the answer goes out before there is something in it.
      (events) => Stream.concat(Stream.make(streamBegin), events),
      Stream.interruptAfter(longestStream),
      Stream.encodeText
    )
    return Effect.suspend(() =>
      streams >= mostStreams
        ? new Unavailable({
            detail: `There are ${mostStreams} live streams, which is the most. Close some, or try again later.`
          })
        : Effect.succeed(
            // Counted while it is read: of an answer to HEAD nobody reads it.
            HttpServerResponse.stream(Stream.unwrapScoped(Effect.as(counted, texts)), {
              contentType: "text/event-stream",
              headers: { "cache-control": "no-store" }
            })
          )
    )
  }
}
