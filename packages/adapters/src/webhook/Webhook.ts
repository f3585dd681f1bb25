import { createHmac } from "node:crypto"
import { lookup } from "node:dns"
import * as http from "node:http"
import * as https from "node:https"
import type { LookupFunction } from "node:net"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { hostOf, isPrivateAddress } from "./PrivateAddresses.ts"

/** The receiver did not take it; `reason` is a sentence for whoever looks after it. */
export class WebhookFailed extends Data.TaggedError("WebhookFailed")<{ readonly reason: string }> {}

export interface Call {
  readonly url: URL
  /** whsec_ and bytes in base64. */
  readonly secret: Redacted.Redacted
  /** The same on every call about the same thing, for the receiver to know it by. */
  readonly id: string
  /** JSON. */
  readonly body: string
}

export interface CallOptions {
  readonly timeout: Duration.Duration
  readonly privateAddresses: "refuse" | "allow"
}

/** A secret of 32 random bytes. */
export const makeSecret = (): string =>
  `whsec_${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64")}`

/** As Standard Webhooks signs (standardwebhooks.com): HMAC-SHA256 of id, time (epoch seconds) and body. */
export const signatureOf = ({ body, id, secret }: Call, timestamp: number): string => {
  const key = Buffer.from(Redacted.value(secret).replace(/^whsec_/, ""), "base64")
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.${body}`).digest("base64")}`
}

const privateReason = "at an address of this machine or of a private network"

/**
 * Looks a name up for the connection itself: the address that is checked is the one that is used, so a name cannot lead
 * elsewhere the second time it is asked for.
 */
const lookupPublic: LookupFunction = (hostname, options, callback) =>
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    const [first] = addresses ?? []
    if (error !== null || first === undefined) return callback(error ?? new Error("no address"), "", 4)
    if (addresses.some(({ address }) => isPrivateAddress(address)))
      return callback(new Error(privateReason), "", 4)
    if (options.all === true) return callback(null, addresses)
    callback(null, first.address, first.family)
  })

/** One POST, no redirects followed; succeeds with the status of the answer, whose body is nobody's business. */
const post = (
  { body, url }: Call,
  headers: Readonly<Record<string, string>>,
  { privateAddresses }: CallOptions
): Effect.Effect<number, WebhookFailed> =>
  Effect.async((resume) => {
    const { request } = url.protocol === "https:" ? https : http
    const own = { "content-type": "application/json", "content-length": Buffer.byteLength(body) }
    const outgoing = request(
      url,
      {
        method: "POST",
        headers: { ...own, ...headers },
        // A connection of its own, so that none is kept for whoever comes rarely.
        agent: false,
        ...(privateAddresses === "refuse" ? { lookup: lookupPublic } : {})
      },
      (response) => {
        resume(Effect.succeed(response.statusCode ?? 0))
        response.destroy()
      }
    )
    outgoing.on("error", ({ message }) => resume(new WebhookFailed({ reason: `${url.host}: ${message}` })))
    outgoing.end(body)
    return Effect.sync(() => outgoing.destroy())
  })

/**
 * Calls a webhook once. Fails when it cannot be reached, does not answer in time or answers anything but 2xx; and, unless
 * they are allowed, when it is on this machine or in a private network: whoever may name an address shall not reach by it what
 * only this machine can reach.
 */
export const callWebhook = Effect.fn("Webhook.call")(function* (call: Call, options: CallOptions) {
  const { host } = call.url
  // What is no name is not looked up.
  if (options.privateAddresses === "refuse" && isPrivateAddress(hostOf(call.url)))
    return yield* new WebhookFailed({ reason: `${host}: ${privateReason}` })
  const timestamp = Math.floor((yield* Clock.currentTimeMillis) / 1_000)
  const headers = {
    "user-agent": "InfluScope",
    "webhook-id": call.id,
    "webhook-timestamp": String(timestamp),
    "webhook-signature": signatureOf(call, timestamp)
  }
  const status = yield* post(call, headers, options).pipe(
    Effect.timeoutFail({
      duration: options.timeout,
      onTimeout: () =>
        new WebhookFailed({ reason: `${host}: no answer within ${Duration.format(options.timeout)}` })
    })
  )
  if (status < 200 || status >= 300)
    return yield* new WebhookFailed({ reason: `${host}: answered ${status}` })
})
