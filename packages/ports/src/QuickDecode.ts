import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { recognize } from "./Recognize.ts"

/** Decodes JSON text. Most of what we wrote ourselves is what it should be, and to see that is much quicker than to decode it. */
export const quickDecode = <A, I>(
  schema: Schema.Schema<A, I>
): ((text: string) => Effect.Effect<A, ParseResult.ParseError>) => {
  const decode = Schema.decode(Schema.parseJson(schema))
  const isDecoded = recognize(schema)
  return (text) =>
    Effect.suspend(() => {
      const parsed = Either.try((): unknown => JSON.parse(text))
      return Either.isRight(parsed) && isDecoded(parsed.right) ? Effect.succeed(parsed.right) : decode(text)
    })
}
