import { createHash, createHmac } from "node:crypto"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex")
const hmac = (key: string | Buffer, text: string): Buffer => createHmac("sha256", key).update(text).digest()

/** Nobody answered, or not in time. */
export class RequestFailed extends Data.TaggedError("RequestFailed")<{ readonly why: string }> {
  override get message(): string {
    return this.why
  }
}

const timeoutMs = 5_000
const region = "us-east-1"

export interface SignedRequest {
  readonly method: "GET" | "PUT" | "POST"
  /** Its query, if any, with sorted and encoded keys. */
  readonly url: string
  readonly service: "s3" | "dynamodb" | "sqs" | "sns"
  readonly accessKey: string
  readonly secretKey: string
  /** Lower-case names; sent and signed. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

/** A request with a version 4 signature, as servers with Amazon's interfaces want it. Fails after 5 seconds. */
export const signedFetch = ({
  accessKey,
  body = "",
  headers = {},
  method,
  secretKey,
  service,
  url
}: SignedRequest): Effect.Effect<{ readonly status: number; readonly body: string }, RequestFailed> =>
  Effect.tryPromise({
    try: async (signal) => {
      const { host, pathname, search } = new URL(url)
      const time = new Date().toISOString().replace(/[-:]|\.\d{3}/g, "")
      const scope = `${time.slice(0, 8)}/${region}/${service}/aws4_request`
      const signed: Record<string, string> = {
        ...headers,
        host,
        "x-amz-content-sha256": sha256(body),
        "x-amz-date": time
      }
      const names = Object.keys(signed).sort()
      const canonical = [
        method,
        pathname,
        search.slice(1),
        ...names.map((name) => `${name}:${signed[name] ?? ""}`),
        "",
        names.join(";"),
        sha256(body)
      ].join("\n")
      const key = hmac(
        hmac(hmac(hmac(`AWS4${secretKey}`, time.slice(0, 8)), region), service),
        "aws4_request"
      )
      const signature = hmac(key, ["AWS4-HMAC-SHA256", time, scope, sha256(canonical)].join("\n"))
      const response = await fetch(url, {
        method,
        headers: {
          ...signed,
          authorization: `AWS4-HMAC-SHA256 Credential=${accessKey}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature.toString("hex")}`
        },
        ...(body === "" ? {} : { body }),
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
      })
      return { status: response.status, body: await response.text() }
    },
    catch: (cause) => new RequestFailed({ why: cause instanceof Error ? cause.message : String(cause) })
  })

/** Whether a URL answers 2xx within 2 seconds. */
export const answers = (
  url: string,
  headers: Readonly<Record<string, string>> = {}
): Effect.Effect<boolean> =>
  Effect.tryPromise(async (signal) => {
    const response = await fetch(url, {
      headers,
      signal: AbortSignal.any([signal, AbortSignal.timeout(2_000)])
    })
    await response.body?.cancel()
    return response.ok
  }).pipe(Effect.orElseSucceed(() => false))
