import type { SearchQuery } from "@influscope/domain/Search"
import { InvalidCursor } from "@influscope/ports/SearchIndex"
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as Schema from "effect/Schema"
import { maxTypos } from "./Fuzzy.ts"
import { maxWords } from "./QueryWords.ts"
import type { MatchMode } from "./TextMatch.ts"
import type { Position } from "./TopHits.ts"

/** Where a page ended, and how its text was read (null when there was none). */
export interface PageEnd {
  readonly position: Position
  readonly mode: MatchMode | undefined
}

const CursorJson = Schema.parseJson(
  Schema.Struct({
    /** Fingerprint of the query. */
    f: Schema.String,
    /** Key in the order; null: the unknown ones, which come last. */
    k: Schema.NullOr(Schema.JsonNumber),
    i: Schema.String,
    m: Schema.NullOr(
      Schema.Tuple(Schema.Int.pipe(Schema.between(0, maxTypos)), Schema.Int.pipe(Schema.between(1, maxWords)))
    )
  })
)
const decodeJson = Schema.decodeUnknownEither(CursorJson)

const maxCursorLength = 1_024

/** Names everything that decides which documents come in which order; the page size does not. */
const fingerprint = (query: SearchQuery): string => {
  const { filters } = query
  const parts = [
    query.q.trim(),
    query.sort,
    query.order,
    [...filters.platform].sort(),
    [...filters.category].sort(),
    [...filters.country].sort(),
    [...filters.language].sort(),
    [...filters.tier].sort(),
    filters.verified ?? null,
    filters.followersMin ?? null,
    filters.followersMax ?? null,
    filters.engagementMin ?? null,
    filters.engagementMax ?? null,
    filters.growth30Min ?? null,
    filters.growth30Max ?? null
  ]
  return Bun.hash(JSON.stringify(parts)).toString(36)
}

export const encodeCursor = (query: SearchQuery, end: PageEnd): string =>
  Encoding.encodeBase64Url(
    JSON.stringify({
      f: fingerprint(query),
      k: Number.isFinite(end.position.key) ? end.position.key : null,
      i: end.position.id,
      m: end.mode === undefined ? null : [end.mode.typos, end.mode.minWords]
    })
  )

const malformed = new InvalidCursor({ detail: "the cursor is not one of ours: leave it out to start over" })

/** Reads the cursor of a query, if it has one. */
export const decodeCursor = (query: SearchQuery): Either.Either<PageEnd | undefined, InvalidCursor> => {
  if (query.cursor === undefined) return Either.right(undefined)
  if (query.cursor.length > maxCursorLength) return Either.left(malformed)
  const decoded = Encoding.decodeBase64UrlString(query.cursor).pipe(Either.flatMap(decodeJson))
  if (Either.isLeft(decoded)) return Either.left(malformed)
  const { f, k, i, m } = decoded.right
  if (f !== fingerprint(query))
    return Either.left(
      new InvalidCursor({ detail: "the cursor belongs to another query: leave it out to start over" })
    )
  return Either.right({
    position: { key: k ?? Number.NEGATIVE_INFINITY, id: i },
    mode: m === null ? undefined : { typos: m[0], minWords: m[1] }
  })
}
