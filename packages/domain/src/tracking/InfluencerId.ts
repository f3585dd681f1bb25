import * as Schema from "effect/Schema"
import { platforms } from "../Platform.ts"
import { maxHandleLength } from "../ProfileId.ts"

/** Providers with accounts of their own, which are on no platform; their keys are numbers. */
export const mockstagram = "mockstagram"

/**
 * Who is tracked: `platform:handle` as in search, or `mockstagram:<number>` of the simulated provider. Every ProfileId
 * is one.
 */
export const InfluencerId = Schema.String.pipe(
  Schema.pattern(
    new RegExp(
      `^(?:(?:${platforms.join("|")}):[^\\s\\p{C}:/\\\\?#]{1,${maxHandleLength}}|${mockstagram}:[1-9][0-9]{0,9})$`,
      "u"
    ),
    { message: () => "expected platform:handle or mockstagram:number, for example youtube:mkbhd" }
  ),
  Schema.brand("InfluencerId")
).annotations({
  identifier: "InfluencerId",
  description: "platform:handle in lower case, or mockstagram:number"
})
export type InfluencerId = typeof InfluencerId.Type

/** The part before the colon: a platform, or the name of a provider with accounts of its own. */
export const namespaceOf = (id: InfluencerId): string => id.slice(0, id.indexOf(":"))

/** The part after the colon: a handle or a number. */
export const keyOf = (id: InfluencerId): string => id.slice(id.indexOf(":") + 1)
