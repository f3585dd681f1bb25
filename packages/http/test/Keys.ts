import { generateKeyPairSync, type KeyObject } from "node:crypto"
import { Subject, Tenant } from "@influscope/domain/access/Principal"
import type { Scope } from "@influscope/domain/access/Scopes"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { SignJWT } from "jose/jwt/sign"
import { issueToken } from "../src/IssueToken.ts"

export const newKey = (): KeyObject => generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey

export const pemOf = (key: KeyObject): string => String(key.export({ format: "pem", type: "pkcs8" }))

/** The public half as an issuer publishes it. */
export const jwkOf = (key: KeyObject, kid: string) => {
  const { crv = "", x = "", y = "" } = key.export({ format: "jwk" })
  return { kty: "EC", crv, x, y, kid, alg: "ES256", use: "sig" }
}

export const names = { issuer: "https://issuer.example", audience: "influscope" }

export const principal = (scopes: ReadonlyArray<Scope>) => ({
  subject: Subject.make("ada"),
  tenant: Tenant.make("acme"),
  scopes: new Set(scopes)
})

/** A token for an hour. */
export const tokenOf = (key: KeyObject, ...scopes: ReadonlyArray<Scope>) =>
  issueToken(pemOf(key), { principal: principal(scopes), lifetime: Duration.hours(1), ...names })

/** As an issuer with several keys makes it: its header names the key. */
export const namedTokenOf = (key: KeyObject, kid: string) =>
  Effect.promise(() =>
    new SignJWT({ tenant: "acme", scope: "users:read" })
      .setProtectedHeader({ alg: "ES256", kid })
      .setSubject("ada")
      .setIssuer(names.issuer)
      .setAudience(names.audience)
      .setExpirationTime("1 hour")
      .sign(key)
  )
