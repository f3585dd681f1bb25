import { readdirSync, readFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { OutreachId } from "@influscope/domain/messages/Campaign"
import { EmailAddress } from "@influscope/domain/messages/Contact"
import { makeProfileId } from "@influscope/domain/ProfileId"
import { Delivery, type OutgoingMessage } from "@influscope/ports/Delivery"
import { type MailServerBehaviour, mailServer, messageIdIn, smtpError } from "@influscope/testing/MailServer"
import { settings } from "@influscope/testing/Settings"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as DeliveryLayer from "../../src/delivery/Delivery.ts"

const id = OutreachId.make("0123456789abcdef0123456789abcdef")

const message = (changes: Partial<OutgoingMessage> = {}): OutgoingMessage => ({
  id,
  channel: "smtp",
  sender: { name: "Jo of Acmé", address: EmailAddress.make("jo@acme.example") },
  to: { id: makeProfileId("x", "ann"), address: EmailAddress.make("ann@example.com") },
  content: { subject: "Hé 👋", text: "Dear Ann\n.\nDot", html: "<p>Dear Ann</p>" },
  unsubscribeUrl: "https://example.com/unsubscribe/token",
  webhook: null,
  ...changes
})

const deliveryIn = (directory: string, values: Readonly<Record<string, string>> = {}) =>
  Layer.build(Layer.provide(Layer.fresh(DeliveryLayer.layer(directory)), settings(values)))

const sendBy = (url: string, outgoing: OutgoingMessage, settings: Readonly<Record<string, string>> = {}) =>
  Effect.gen(function* () {
    const directory = yield* temporaryDirectory
    const services = yield* deliveryIn(directory, { MESSAGES_SMTP_URL: url, ...settings })
    return yield* Effect.flatMap(Delivery, ({ send }) => send(outgoing)).pipe(Effect.provide(services))
  })

const headersOf = (text: string): string =>
  text.slice(0, text.indexOf("\r\n\r\n")).replaceAll(/\r\n[ \t]+/g, " ")

describe("mail", () => {
  it.scopedLive("arrives with what lets a recipient opt out in one step", () =>
    Effect.gen(function* () {
      const { mails, url } = yield* mailServer()
      assert.strictEqual(yield* sendBy(url, message()), "sent")
      const [mail] = mails
      if (mail === undefined) return assert.fail("no mail")
      assert.deepStrictEqual([mail.from, mail.to], ["jo@acme.example", ["ann@example.com"]])
      assert.strictEqual(messageIdIn(mail), id)
      const headers = headersOf(mail.text)
      assert.match(headers, /^List-Unsubscribe: <https:\/\/example\.com\/unsubscribe\/token>$/m)
      assert.match(headers, /^List-Unsubscribe-Post: List-Unsubscribe=One-Click$/m)
      assert.match(headers, /^Subject: =\?UTF-8\?/m)
      assert.match(mail.text, /multipart\/alternative/)
    })
  )

  it.scopedLive("has no header that a name or a subject could begin", () =>
    Effect.gen(function* () {
      const { mails, url } = yield* mailServer()
      const hostile = "x\r\nBcc: eve@example.com\r\n\r\nbody"
      yield* sendBy(
        url,
        message({
          content: { subject: hostile, text: "text", html: null },
          sender: { name: hostile, address: EmailAddress.make("jo@acme.example") }
        })
      )
      const [mail] = mails
      assert.deepStrictEqual(mail?.to, ["ann@example.com"])
      const raw = mail?.text.slice(0, mail.text.indexOf("\r\n\r\n")) ?? ""
      assert.notMatch(raw, /^bcc:/im)
    })
  )

  const refusals: ReadonlyArray<readonly [string, MailServerBehaviour, "later" | "never" | "perhaps"]> = [
    ["is refused for good", { recipient: () => smtpError(550, "no such user") }, "never"],
    ["is refused for now", { recipient: () => smtpError(451, "try again later") }, "later"],
    [
      "is refused after its bytes",
      { beforeTaken: () => Promise.reject(smtpError(554, "it looks like spam")) },
      "never"
    ]
  ]
  for (const [what, behaviour, again] of refusals)
    it.scopedLive(`says what to do when it ${what}`, () =>
      Effect.gen(function* () {
        const { mails, url } = yield* mailServer(behaviour)
        const error = yield* Effect.flip(sendBy(url, message()))
        assert.strictEqual(error._tag, "NotDelivered")
        if (error._tag === "NotDelivered") assert.strictEqual(error.again, again)
        assert.deepStrictEqual(mails, [])
      })
    )

  it.scopedLive("has not left while no server answers", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(sendBy("smtp://127.0.0.1:1", message()))
      assert.strictEqual(error._tag === "NotDelivered" && error.again, "later")
    })
  )

  /** A server that breaks the connection off instead of answering a command, or the bytes of a mail. */
  const breakingOff = (at: "MAIL" | "bytes") =>
    Effect.acquireRelease(
      Effect.async<{ readonly url: string; readonly close: () => void }>((resume) => {
        const answerTo = (line: string): string | undefined => {
          if (line.startsWith("EHLO") || line.startsWith("RCPT")) return "250 ok"
          if (line.startsWith("MAIL")) return at === "MAIL" ? undefined : "250 ok"
          return line.startsWith("DATA") ? "354 go on" : undefined
        }
        const server = createServer((socket) => {
          socket.on("error", () => {})
          socket.write("220 here\r\n")
          socket.on("data", (bytes) => {
            const answer = answerTo(bytes.toString("latin1"))
            if (answer === undefined) socket.destroy()
            else socket.write(`${answer}\r\n`)
          })
        })
        server.listen(0, "127.0.0.1", () => {
          const address = server.address()
          const port = typeof address === "object" && address !== null ? address.port : 0
          resume(Effect.succeed({ url: `smtp://127.0.0.1:${port}`, close: () => server.close() }))
        })
      }),
      ({ close }) => Effect.sync(close)
    )

  it.scopedLive("has not left when the connection breaks off before its bytes", () =>
    Effect.gen(function* () {
      const { url } = yield* breakingOff("MAIL")
      const error = yield* Effect.flip(sendBy(url, message()))
      assert.strictEqual(error._tag === "NotDelivered" && error.again, "later")
    })
  )

  it.scopedLive("may have left when it breaks off after them", () =>
    Effect.gen(function* () {
      const { url } = yield* breakingOff("bytes")
      const error = yield* Effect.flip(sendBy(url, message()))
      assert.strictEqual(error._tag === "NotDelivered" && error.again, "perhaps")
    })
  )

  it.scopedLive("goes over connections that are used again", () =>
    Effect.gen(function* () {
      const { mails, url } = yield* mailServer()
      const directory = yield* temporaryDirectory
      const services = yield* deliveryIn(directory, {
        MESSAGES_SMTP_URL: url,
        MESSAGES_SMTP_CONNECTIONS: "2"
      })
      const ids = Array.from({ length: 20 }, () => OutreachId.make(crypto.randomUUID().replaceAll("-", "")))
      yield* Effect.forEach(
        ids,
        (each) => Effect.flatMap(Delivery, ({ send }) => send(message({ id: each }))),
        { concurrency: 8, discard: true }
      ).pipe(Effect.provide(services))
      assert.deepStrictEqual(new Set(mails.map(messageIdIn)), new Set(ids))
      assert.strictEqual(mails.length, ids.length)
    })
  )
})

describe("a file", () => {
  it.scopedLive("is there once, however often the message is sent", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const services = yield* deliveryIn(directory)
      const outgoing = message({ channel: "file", to: { id: makeProfileId("x", "ann"), address: null } })
      const send = Effect.flatMap(Delivery, (delivery) => delivery.send(outgoing)).pipe(
        Effect.provide(services)
      )
      assert.strictEqual(yield* send, "delivered")
      const first = readFileSync(join(directory, `${id}.json`), "utf8")
      yield* send
      assert.strictEqual(readFileSync(join(directory, `${id}.json`), "utf8"), first)
      assert.deepStrictEqual(
        readdirSync(directory).filter((name) => name.endsWith(".json")),
        [`${id}.json`]
      )
      assert.deepInclude(JSON.parse(first), { id, subject: "Hé 👋" })
    })
  )
})

describe("a webhook", () => {
  const receiver = (status: number) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        const requests: Array<{ readonly id: string | null; readonly body: unknown }> = []
        const server = Bun.serve({
          hostname: "127.0.0.1",
          port: 0,
          fetch: async (request) => {
            requests.push({ id: request.headers.get("webhook-id"), body: await request.json() })
            return new Response("", { status })
          }
        })
        return { requests, server, url: `http://127.0.0.1:${server.port}/hook` }
      }),
      ({ server }) => Effect.promise(() => server.stop(true))
    )
  const hook = (url: string) =>
    message({
      channel: "webhook",
      webhook: { url, secret: Redacted.make("whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0") }
    })
  const allowed = { MESSAGES_WEBHOOK_PRIVATE: "allow" }

  it.scopedLive("is posted with the id of the message", () =>
    Effect.gen(function* () {
      const { requests, url } = yield* receiver(204)
      assert.strictEqual(yield* sendBy("smtp://127.0.0.1:1", hook(url), allowed), "delivered")
      const [request] = requests
      assert.strictEqual(request?.id, id)
      assert.nestedProperty(request?.body, "data.subject")
    })
  )

  it.scopedLive("is posted again later when the receiver does not take it", () =>
    Effect.gen(function* () {
      const { url } = yield* receiver(500)
      const error = yield* Effect.flip(sendBy("smtp://127.0.0.1:1", hook(url), allowed))
      assert.strictEqual(error._tag === "NotDelivered" && error.again, "later")
    })
  )

  it.scopedLive("is not posted to what only this machine can reach", () =>
    Effect.gen(function* () {
      const { requests, url } = yield* receiver(204)
      yield* Effect.flip(sendBy("smtp://127.0.0.1:1", hook(url)))
      assert.deepStrictEqual(requests, [])
    })
  )
})
