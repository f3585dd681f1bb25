import { createHmac, type KeyObject, sign } from "node:crypto"

type Json = Readonly<Record<string, unknown>>

const encoded = (value: unknown): string =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url")

/** Signs like an honest issuer would, whatever it is that is signed. */
export const es256 =
  (key: KeyObject) =>
  (input: string): string =>
    sign("sha256", Buffer.from(input), { key, dsaEncoding: "ieee-p1363" }).toString("base64url")

export const hs256 =
  (secret: string | Buffer) =>
  (input: string): string =>
    createHmac("sha256", secret).update(input).digest("base64url")

/** A token of any header and any claims. */
export const jws = (header: Json, claims: unknown, signature: (input: string) => string): string => {
  const input = `${encoded(header)}.${encoded(claims)}`
  return `${input}.${signature(input)}`
}
