import * as HttpClient from "@effect/platform/HttpClient"
import type { HttpClientRequest } from "@effect/platform/HttpClientRequest"
import * as Chunk from "effect/Chunk"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as RateLimiter from "effect/RateLimiter"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { type FoundProfile, type ScrapedProfile, type Source, SourceFailed } from "../Sources.ts"
import { ask, type NoAnswer, type ProviderLimits, shownUrl } from "./ProviderAnswer.ts"

/** Where a page starts: the place of its first entry, and what the page before said about where it is. */
export interface PageStart {
  readonly place: number
  readonly cursor: string | undefined
}

/** All that has to be said about an HTTP provider; `makeHttpSource` makes a source of it. */
export interface HttpProvider<Answer, AnswerJson, Entry, EntryJson> {
  /** Name of the source, as a discovery is started with. */
  readonly name: string
  /** No request ever leaves its origin. */
  readonly endpoint: URL
  /** `place`: a page can be asked for by the place of its first entry. `cursor`: only by what the page before says. */
  readonly paging: "place" | "cursor"
  /** Most entries asked for at once. */
  readonly pageSize: number
  readonly request: (start: PageStart, limit: number) => HttpClientRequest
  /** Shape of an answer. Its entries stay as they are: each is judged alone. */
  readonly answer: Schema.Schema<Answer, AnswerJson>
  readonly entriesOf: (answer: Answer) => ReadonlyArray<unknown>
  readonly entry: Schema.Schema<Entry, EntryJson>
  /** None when the entry's handle cannot be one. */
  readonly toProfile: (entry: Entry) => Option.Option<ScrapedProfile>
  /** Where the page behind this one is, which would start at `place`; undefined when this was the last. */
  readonly next: (answer: Answer, place: number) => { readonly cursor: string | undefined } | undefined
}

/** Longest entry, in about the UTF-16 code units of its JSON. */
const maxEntryLength = 64 * 1024
/** Pages without entries that a cursor may lead through before the provider is taken for broken. */
const maxEmptyPages = 20
/** Reasons of skipped entries that are logged per page. */
const maxLoggedReasons = 3

interface State extends PageStart {
  readonly pages: number
  readonly emptyPages: number
  /** Hash of the last answer. */
  readonly last: string
}

/** Whether a JSON value is longer than an entry may be. Without recursion: it can be nested deeper than the stack is. */
const isTooLong = (json: unknown): boolean => {
  const open: Array<unknown> = [json]
  let length = 0
  while (open.length > 0 && length <= maxEntryLength) {
    const value = open.pop()
    length += typeof value === "string" ? value.length + 3 : 3
    if (typeof value !== "object" || value === null) continue
    for (const [key, child] of Object.entries(value)) {
      length += Array.isArray(value) ? 0 : key.length + 3
      open.push(child)
    }
  }
  return length > maxEntryLength
}

const issueText = (error: ParseResult.ParseError): string => {
  const [issue] = ParseResult.ArrayFormatter.formatErrorSync(error)
  if (issue === undefined) return "it has another shape"
  const path = issue.path.map(String).join(".")
  return `${path === "" ? "" : `${path}: `}${issue.message}`.slice(0, 300).replace(/\.+$/, "")
}

/**
 * A source of what an HTTP provider knows. Pages are asked for one after another at a bounded rate; a busy or broken
 * provider is asked again (see `ask`). An answer that is none, a page of another shape and a provider that does not come
 * to an end fail the source with a sentence; what stood before is yielded. An entry of another shape is skipped and
 * logged. Avatars are not fetched.
 */
export const makeHttpSource = <Answer, AnswerJson, Entry, EntryJson>(
  provider: HttpProvider<Answer, AnswerJson, Entry, EntryJson>,
  limits: ProviderLimits
): Effect.Effect<Source, never, HttpClient.HttpClient | Scope.Scope> =>
  Effect.gen(function* () {
    const client = yield* HttpClient.HttpClient
    const limiter = yield* RateLimiter.make({
      limit: 1,
      interval: Duration.millis(1_000 / limits.requestsPerSecond)
    })
    const { name } = provider
    const where = shownUrl(provider.endpoint)
    const failed = (detail: string) => new SourceFailed({ source: name, detail })
    const parseText = Schema.decodeEither(Schema.parseJson())
    const parseAnswer = Schema.decodeUnknownEither(provider.answer)
    const parseEntry = Schema.decodeUnknownEither(provider.entry)

    const read = (body: Uint8Array): Either.Either<Answer, SourceFailed> => {
      const text = Either.try({
        try: () => new TextDecoder("utf-8", { fatal: true }).decode(body),
        catch: () => failed(`${where} answered something that is not UTF-8.`)
      })
      return Either.flatMap(text, (json) =>
        parseText(json).pipe(
          Either.mapLeft((error) =>
            failed(`${where} answered something that is not JSON: ${issueText(error)}.`)
          ),
          Either.flatMap((value) =>
            Either.mapLeft(parseAnswer(value), (error) =>
              failed(`${where} answered JSON of another shape: ${issueText(error)}.`)
            )
          )
        )
      )
    }

    /** The profile of an entry, or why it is skipped. */
    const profileOf = (entry: unknown): Either.Either<ScrapedProfile, string> => {
      if (isTooLong(entry)) return Either.left(`it is longer than ${maxEntryLength} characters`)
      return parseEntry(entry).pipe(
        Either.mapLeft(issueText),
        Either.flatMap((decoded) =>
          Either.fromOption(provider.toProfile(decoded), () => "its handle cannot be one")
        )
      )
    }

    /** The profiles at the places wanted. */
    const profilesOf = (entries: ReadonlyArray<unknown>, start: number, from: number, until: number) => {
      const found: Array<FoundProfile> = []
      const skipped: Array<string> = []
      for (const [index, entry] of entries.entries()) {
        const place = start + index
        if (place < from || place >= until) continue
        Either.match(profileOf(entry), {
          onLeft: (reason) => skipped.push(`entry ${place}: ${reason}`),
          onRight: (profile) => found.push({ ...profile, place })
        })
      }
      return { found, skipped }
    }

    const turn = (state: State, from: number, until: number) =>
      Effect.gen(function* () {
        if (state.pages >= limits.maxPages)
          return yield* failed(`${where} did not come to an end within ${limits.maxPages} pages.`)
        const limit =
          provider.paging === "place" ? Math.min(provider.pageSize, until - state.place) : provider.pageSize
        const body = yield* ask(
          client,
          limiter,
          provider.request(state, limit),
          provider.endpoint.origin,
          limits
        ).pipe(Effect.mapError((error: NoAnswer) => failed(error.detail)))
        const last = new Bun.CryptoHasher("sha256").update(body).digest("hex")
        const answer = yield* read(body)
        const entries = provider.entriesOf(answer)
        if (provider.paging === "place" && entries.length > 0 && last === state.last)
          return yield* failed(
            `${where} answered the same entries again when asked for those from ${state.place}: it does not heed where a page is to start.`
          )
        const { found, skipped } = profilesOf(entries, state.place, from, until)
        if (skipped.length > 0)
          yield* Effect.logWarning("Entries of a provider were skipped", {
            source: name,
            skipped: skipped.length,
            of: entries.length,
            reasons: skipped.slice(0, maxLoggedReasons)
          })
        const place = state.place + entries.length
        const emptyPages = entries.length === 0 ? state.emptyPages + 1 : 0
        const next = provider.next(answer, place)
        const over =
          next === undefined || place >= until || (provider.paging === "place" && entries.length === 0)
        if (!over && provider.paging === "cursor") {
          if (emptyPages > maxEmptyPages)
            return yield* failed(`${where} leads through more than ${maxEmptyPages} pages without entries.`)
          if (next.cursor === state.cursor)
            return yield* failed(`${where} says that the page behind this one is this one again.`)
        }
        const following: Option.Option<State> = over
          ? Option.none()
          : Option.some({ place, cursor: next.cursor, pages: state.pages + 1, emptyPages, last })
        return { found, following, entries: entries.length, skipped: skipped.length }
      })

    const discover: Source["discover"] = ({ count, offset }) =>
      Stream.suspend(() => {
        const sum = { source: name, pages: 0, entries: 0, profiles: 0, skipped: 0 }
        const until = offset + count
        const start = provider.paging === "place" ? offset : 0
        const first: State = { place: start, cursor: undefined, pages: 0, emptyPages: 0, last: "" }
        return Stream.paginateChunkEffect(first, (state) =>
          Effect.map(turn(state, offset, until), ({ entries, following, found, skipped }) => {
            sum.pages++
            sum.entries += entries
            sum.profiles += found.length
            sum.skipped += skipped
            return [Chunk.unsafeFromArray(found), following] as const
          })
        ).pipe(
          Stream.ensuring(
            Effect.suspend(() =>
              sum.skipped === 0
                ? Effect.logInfo("A provider was read", sum)
                : Effect.logWarning("A provider was read, less the entries that were skipped", sum)
            )
          )
        )
      })

    return { name, discover }
  })
