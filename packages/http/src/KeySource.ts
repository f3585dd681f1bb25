import * as Data from "effect/Data"
import * as Schema from "effect/Schema"
import type { JWTVerifyGetKey } from "jose"
import { JWKSNoMatchingKey } from "jose/errors"
import { KeySet, keyFinder } from "./KeyFile.ts"

/** Nothing is known about the token: the keys it would be checked with could not be had. */
export class KeysUnavailable extends Data.TaggedError("KeysUnavailable")<{ readonly cause: unknown }> {}

/** In ms: a set is fetched again after so long, or when a token has a key that is not in it, */
const maxAge = 10 * 60_000
/** but not sooner than so long after the last try, */
const restBetweenFetches = 30_000
/** or after so long where there is none yet. */
const restBeforeFirst = 2_000
/** While its issuer does not answer, a set is good for so long. */
const longestUse = 24 * 3_600_000

const fetchTimeout = 5_000

const decodeSet = Schema.decodeUnknownSync(KeySet)

const fetchSet = async (url: URL): Promise<KeySet> => {
  const response = await fetch(url, {
    redirect: "error",
    signal: AbortSignal.timeout(fetchTimeout),
    headers: { accept: "application/json, application/jwk-set+json" }
  })
  if (!response.ok) throw new TypeError(`answered ${response.status}`)
  return decodeSet(await response.json())
}

/**
 * Finds keys in the set that an issuer publishes. It is fetched when it is first needed, when it is old, and when a token has
 * a key that it lacks, so that new keys are known at once; but never often, whatever tokens ask for. While the issuer does
 * not answer, the set that is known goes on being used.
 */
export const keysOfUrl = (url: URL, now: () => number = Date.now): JWTVerifyGetKey => {
  let known: { readonly find: JWTVerifyGetKey; readonly at: number } | undefined
  let triedAt = Number.NEGATIVE_INFINITY
  let failure: unknown
  let fetching: Promise<void> | undefined

  const refresh = (): Promise<void> => {
    if (fetching !== undefined) return fetching
    if (now() - triedAt < (known === undefined ? restBeforeFirst : restBetweenFetches))
      return Promise.resolve()
    triedAt = now()
    fetching = fetchSet(url)
      .then((set) => {
        known = { find: keyFinder(set), at: now() }
      })
      .catch((cause: unknown) => {
        failure = cause
      })
      .finally(() => {
        fetching = undefined
      })
    return fetching
  }

  const current = (): JWTVerifyGetKey => {
    if (known === undefined || now() - known.at > longestUse) throw new KeysUnavailable({ cause: failure })
    return known.find
  }

  return async (header, token) => {
    if (known === undefined || now() - known.at > maxAge) await refresh()
    try {
      return await current()(header, token)
    } catch (error) {
      if (!(error instanceof JWKSNoMatchingKey)) throw error
      await refresh()
      return current()(header, token)
    }
  }
}
