import { createPrivateKey, type KeyObject } from "node:crypto"
import type { Principal } from "@influscope/domain/access/Principal"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { SignJWT } from "jose/jwt/sign"
import { importPKCS8 } from "jose/key/import"
import type { Algorithm } from "./Tokens.ts"

export interface TokenRequest {
  readonly principal: Principal
  readonly lifetime: Duration.Duration
  readonly issuer: string
  readonly audience: string
}

/** The signature that a private key makes; undefined for kinds of keys that are not taken. */
const algorithmOf = (key: KeyObject): Algorithm | undefined => {
  switch (key.asymmetricKeyType) {
    case "ec":
      return key.asymmetricKeyDetails?.namedCurve === "prime256v1" ? "ES256" : "ES384"
    case "rsa":
      return "RS256"
    case "ed25519":
      return "EdDSA"
    default:
      return undefined
  }
}

/** Makes a token that is good from now on, signed with a private key in PEM. Fails with what is wrong with the key. */
export const issueToken = (
  pem: string,
  { audience, issuer, lifetime, principal }: TokenRequest
): Effect.Effect<string, string> =>
  Effect.gen(function* () {
    const now = Math.floor((yield* Clock.currentTimeMillis) / 1_000)
    return yield* Effect.tryPromise({
      try: async () => {
        const key = createPrivateKey(pem)
        const alg = algorithmOf(key)
        if (alg === undefined) throw new TypeError(`keys of the kind ${key.asymmetricKeyType} are not taken`)
        const claims = { tenant: principal.tenant, scope: [...principal.scopes].join(" ") }
        return await new SignJWT(claims)
          .setProtectedHeader({ alg, typ: "JWT" })
          .setSubject(principal.subject)
          .setIssuer(issuer)
          .setAudience(audience)
          .setIssuedAt(now)
          .setNotBefore(now)
          .setExpirationTime(now + Math.floor(Duration.toSeconds(lifetime)))
          .sign(await importPKCS8(String(key.export({ format: "pem", type: "pkcs8" })), alg))
      },
      catch: (cause) => (cause instanceof Error ? cause.message : String(cause))
    })
  })
