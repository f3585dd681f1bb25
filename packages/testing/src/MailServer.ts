import * as Effect from "effect/Effect"
import { SMTPServer, type SMTPServerOptions } from "smtp-server"

/** A mail as the server took it. */
export interface ReceivedMail {
  readonly from: string
  readonly to: ReadonlyArray<string>
  readonly text: string
}

/** What the server answers instead of taking a mail: at the recipient, or after the bytes. */
export interface MailServerBehaviour {
  readonly recipient?: (address: string) => Error | undefined
  /** Runs when the bytes are there and before they are acknowledged. */
  readonly beforeTaken?: (mail: ReceivedMail) => Promise<void>
}

/** An error that the server answers with this code. */
export const smtpError = (responseCode: number, message: string): Error =>
  Object.assign(new Error(message), { responseCode })

/** The id in a Message-ID of ours. */
export const messageIdIn = ({ text }: ReceivedMail): string =>
  /^message-id: <([0-9a-f]{32})@/im.exec(text)?.[1] ?? "none"

/** A mail server on this machine for as long as the scope is open, and the mails that it took. */
export const mailServer = (behaviour: MailServerBehaviour = {}) =>
  Effect.acquireRelease(
    Effect.async<{
      readonly url: string
      readonly mails: Array<ReceivedMail>
      readonly close: () => Promise<void>
    }>((resume) => {
      const mails: Array<ReceivedMail> = []
      const options: SMTPServerOptions = {
        authOptional: true,
        disabledCommands: ["STARTTLS", "AUTH"],
        logger: false,
        onRcptTo: ({ address }, _session, done) => done(behaviour.recipient?.(address)),
        onData: (stream, { envelope }, done) => {
          const chunks: Array<Buffer> = []
          stream.on("data", (chunk: Buffer) => chunks.push(chunk))
          stream.on("end", () => {
            const mail = {
              from: envelope.mailFrom === false ? "" : envelope.mailFrom.address,
              to: envelope.rcptTo.map(({ address }) => address),
              text: Buffer.concat(chunks).toString("utf8")
            }
            Promise.resolve(behaviour.beforeTaken?.(mail)).then(
              () => {
                mails.push(mail)
                done()
              },
              (error: Error) => done(error)
            )
          })
        }
      }
      const server = new SMTPServer(options)
      // Clients that are killed break their connections off.
      server.on("error", () => {})
      const listening = server.listen(0, "127.0.0.1", () => {
        const address = listening.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        const close = () => new Promise<void>((closed) => server.close(() => closed()))
        resume(Effect.succeed({ url: `smtp://127.0.0.1:${port}`, mails, close }))
      })
    }),
    ({ close }) => Effect.promise(close)
  )
