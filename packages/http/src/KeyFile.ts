import { createPublicKey, type KeyObject } from "node:crypto"
import { readFile } from "node:fs/promises"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { JWTVerifyGetKey } from "jose"
import { createLocalJWKSet } from "jose/jwks/local"

/** The keys that tokens are to be checked with cannot be used. */
export class KeysUnusable extends Data.TaggedError("KeysUnusable")<{
  readonly where: string
  readonly why: string
}> {
  override get message(): string {
    return `The keys of ${this.where} cannot be used: ${this.why}`
  }
}

const optional = Schema.optionalWith(Schema.String, { exact: true })
const Jwk = Schema.Struct(
  { kty: Schema.String, kid: optional, alg: optional },
  Schema.Record({ key: Schema.String, value: Schema.Unknown })
)
type Jwk = typeof Jwk.Type

/** A JSON Web Key Set. */
export const KeySet = Schema.Struct({ keys: Schema.mutable(Schema.Array(Jwk)) })
export type KeySet = typeof KeySet.Type

const decodeJwk = Schema.decodeUnknownSync(Jwk)
const decodeFile = Schema.decodeSync(Schema.parseJson(Schema.Union(KeySet, Jwk)))

const smallestRsaBits = 2_048

/** Only the public half is kept, whatever the file has. */
const publicJwk = (key: KeyObject): Jwk => {
  const bits = key.asymmetricKeyDetails?.modulusLength
  if (bits !== undefined && bits < smallestRsaBits)
    throw new TypeError(`an RSA key of ${bits} bits is too short; ${smallestRsaBits} are the least`)
  return decodeJwk(key.export({ format: "jwk" }))
}

const fromJwk = (jwk: Jwk): Jwk => {
  if (jwk.kty === "oct")
    throw new TypeError("it has a shared secret; only key pairs (EC, RSA, Ed25519) are taken")
  const { alg, kid } = jwk
  return {
    ...publicJwk(createPublicKey({ key: jwk, format: "jwk" })),
    ...(kid === undefined ? {} : { kid }),
    ...(alg === undefined ? {} : { alg })
  }
}

const readKeys = (text: string): KeySet => {
  if (text.includes("-----BEGIN ")) return { keys: [publicJwk(createPublicKey(text))] }
  const json = decodeFile(text)
  return { keys: Schema.is(KeySet)(json) ? json.keys.map(fromJwk) : [fromJwk(json)] }
}

/** What finds the key of a token by its header. It fails with an error of jose's where the set has none. */
export const keyFinder = (set: KeySet): JWTVerifyGetKey => {
  const find = createLocalJWKSet(set)
  // A key without a name is meant whatever name a token has for it.
  return set.keys.every(({ kid }) => kid === undefined) ? ({ alg }) => find({ alg }) : find
}

/** The keys of a file: PEM (a public key, a private one, or a certificate), a JSON Web Key, or a set of them. */
export const keysOfFile = (path: string): Effect.Effect<JWTVerifyGetKey, KeysUnusable> =>
  Effect.tryPromise({
    try: async () => keyFinder(readKeys(await readFile(path, "utf8"))),
    catch: (cause) =>
      new KeysUnusable({ where: path, why: cause instanceof Error ? cause.message : String(cause) })
  })
