import { createHash, createHmac } from "node:crypto"
import * as Redacted from "effect/Redacted"

export interface S3Credentials {
  readonly accessKey: string
  readonly secretKey: Redacted.Redacted
  /** Of temporary credentials. */
  readonly sessionToken: Redacted.Redacted | undefined
}

export interface S3Request {
  readonly method: "GET" | "PUT" | "DELETE"
  /** Without a query. Its path needs no escaping. */
  readonly url: URL
  readonly region: string
  readonly expiresSeconds: number
  /** In epoch milliseconds. */
  readonly now: number
}

const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest()

const escape = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)

/**
 * An address that carries its own permission (AWS Signature Version 4 in the query; the body is not signed). For what
 * Dapr's S3 binding has no operation for: objects larger than the sidecar takes, and making the bucket.
 */
export const signedUrl = (
  { accessKey, secretKey, sessionToken }: S3Credentials,
  { expiresSeconds, method, now, region, url }: S3Request
): string => {
  const time = new Date(now).toISOString().replace(/[-:]|\.\d+/g, "")
  const day = time.slice(0, 8)
  const scope = `${day}/${region}/s3/aws4_request`
  const query = [
    ["X-Amz-Algorithm", "AWS4-HMAC-SHA256"],
    ["X-Amz-Credential", `${accessKey}/${scope}`],
    ["X-Amz-Date", time],
    ["X-Amz-Expires", String(expiresSeconds)],
    ...(sessionToken === undefined ? [] : [["X-Amz-Security-Token", Redacted.value(sessionToken)]]),
    ["X-Amz-SignedHeaders", "host"]
  ]
    .map(([name = "", value = ""]) => `${name}=${escape(value)}`)
    .join("&")
  const request = [method, url.pathname, query, `host:${url.host}`, "", "host", "UNSIGNED-PAYLOAD"].join("\n")
  const toSign = ["AWS4-HMAC-SHA256", time, scope, createHash("sha256").update(request).digest("hex")].join(
    "\n"
  )
  const key = [region, "s3", "aws4_request"].reduce(
    (parent, part) => hmac(parent, part),
    hmac(`AWS4${Redacted.value(secretKey)}`, day)
  )
  return `${url.origin}${url.pathname}?${query}&X-Amz-Signature=${hmac(key, toSign).toString("hex")}`
}
