import { type Principal, Subject, Tenant } from "@influscope/domain/access/Principal"
import { Scope } from "@influscope/domain/access/Scopes"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { JWTVerifyGetKey } from "jose"
import { jwtVerify } from "jose/jwt/verify"
import { KeysUnavailable } from "./KeySource.ts"

/** The signatures that are taken: made by a private key and checked by its public one, never by a shared secret. */
export const algorithms = ["ES256", "ES384", "EdDSA", "PS256", "RS256"] as const
export type Algorithm = (typeof algorithms)[number]

export interface TokenRules {
  readonly keys: JWTVerifyGetKey
  readonly algorithms: ReadonlyArray<Algorithm>
  readonly issuer: string
  readonly audience: string
  /** How much clocks may differ. */
  readonly skew: Duration.Duration
}

/** The token is not one of ours, or not good now. The reason is for the log alone. */
export class TokenRefused extends Data.TaggedError("TokenRefused")<{ readonly reason: string }> {}

/** What a token says; other claims are of no interest here. */
const Claims = Schema.Struct({ sub: Subject, tenant: Tenant, scope: Schema.String })
const decodeClaims = Schema.decodeUnknown(Claims)

const isScope = Schema.is(Scope)

/** Longest token, in characters. */
const longestToken = 8_192

/** The scheme is written as one likes. */
const compactToken = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/i

/** The one token of an Authorization header; several headers arrive as one, with a comma, and have none. */
const tokenOf = (authorization: string | undefined): Effect.Effect<string, TokenRefused> => {
  const [, token] = compactToken.exec(authorization ?? "") ?? []
  if (token === undefined) return new TokenRefused({ reason: "no bearer token" })
  return token.length > longestToken ? new TokenRefused({ reason: "too long" }) : Effect.succeed(token)
}

/**
 * Who the bearer of a token is, from the Authorization header. A token needs `sub`, `tenant` and `exp`; its `scope` is a list
 * with blanks between, of which those that are not ours are left out. Keys that a token brings along or points to
 * (`jwk`, `x5c`, `jku`, `x5u`) count for nothing.
 */
export const verifyToken = (
  authorization: string | undefined,
  rules: TokenRules
): Effect.Effect<Principal, TokenRefused | KeysUnavailable> =>
  Effect.gen(function* () {
    const token = yield* tokenOf(authorization)
    const currentDate = new Date(yield* Clock.currentTimeMillis)
    const { payload } = yield* Effect.tryPromise({
      try: () =>
        jwtVerify(token, rules.keys, {
          algorithms: [...rules.algorithms],
          issuer: rules.issuer,
          audience: rules.audience,
          clockTolerance: Duration.toSeconds(rules.skew),
          requiredClaims: ["sub", "exp"],
          currentDate
        }),
      catch: (cause) =>
        cause instanceof KeysUnavailable
          ? cause
          : new TokenRefused({ reason: cause instanceof Error ? cause.message : String(cause) })
    })
    const claims = yield* Effect.mapError(
      decodeClaims(payload),
      ({ message }) => new TokenRefused({ reason: message })
    )
    return {
      subject: claims.sub,
      tenant: claims.tenant,
      scopes: new Set(claims.scope.split(" ").filter(isScope))
    }
  })
