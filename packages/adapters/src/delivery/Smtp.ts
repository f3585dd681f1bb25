import { Readable } from "node:stream"
import { plainValue } from "@influscope/domain/messages/Template"
import { NotDelivered } from "@influscope/ports/Delivery"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Pool from "effect/Pool"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import SMTPConnection from "nodemailer/lib/smtp-connection"
import type { Mail } from "./Mail.ts"

export interface SmtpConfig {
  /** smtp://user:password@host:port, or smtps://. */
  readonly url: Redacted.Redacted<URL>
  /** Open at once, to one server. */
  readonly connections: number
  /** For one message, and for opening a connection. */
  readonly timeout: Duration.Duration
}

/** Longest reason kept, in UTF-16 code units. */
const maxReason = 300

/** What a server or the system said: it is one line, and may be long. */
const reasonOf = (error: Error): string => plainValue(error.message).slice(0, maxReason)

/** The answer of the server that an error carries, 3 digits; undefined when it was the connection that failed. */
const codeOf = (error: Error): number | undefined =>
  "responseCode" in error && typeof error.responseCode === "number" ? error.responseCode : undefined

const failure = (error: Error, began: boolean): NotDelivered => {
  const code = codeOf(error)
  const reason = reasonOf(error)
  if (code !== undefined) return new NotDelivered({ reason, again: code >= 500 ? "never" : "later" })
  return new NotDelivered({ reason, again: began ? "perhaps" : "later" })
}

const isLoopback = (host: string): boolean => /^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/.test(host)

const optionsOf = ({ timeout, url }: SmtpConfig): ConstructorParameters<typeof SMTPConnection>[0] => {
  const { hostname, password, port, protocol } = Redacted.value(url)
  const host = hostname.replace(/^\[|\]$/g, "")
  const secure = protocol === "smtps:"
  const millis = Duration.toMillis(timeout)
  return {
    host,
    port: port === "" ? (secure ? 465 : 587) : Number(port),
    secure,
    // No password goes over the net for everybody to read.
    requireTLS: password !== "" && !isLoopback(host),
    connectionTimeout: millis,
    greetingTimeout: millis,
    socketTimeout: millis
  }
}

/** Whatever is wrong while a connection is opened, nothing was sent: our login is no reason to give a message up. */
const notOpened = (error: Error): NotDelivered =>
  new NotDelivered({ reason: reasonOf(error), again: "later" })

const connect = (config: SmtpConfig): Effect.Effect<SMTPConnection, NotDelivered> =>
  Effect.async((resume) => {
    const connection = new SMTPConnection(optionsOf(config))
    const fail = (error: Error): void => resume(notOpened(error))
    connection.once("error", fail)
    connection.connect((error) => {
      connection.removeListener("error", fail)
      resume(error === undefined || error === null ? Effect.succeed(connection) : notOpened(error))
    })
    return Effect.sync(() => connection.close())
  })

const login = (connection: SMTPConnection, { url }: SmtpConfig): Effect.Effect<void, NotDelivered> => {
  const { password, username } = Redacted.value(url)
  if (username === "") return Effect.void
  const credentials = { user: decodeURIComponent(username), pass: decodeURIComponent(password) }
  return Effect.async((resume) => {
    connection.login({ credentials, ...credentials }, (error) =>
      resume(error === undefined || error === null ? Effect.void : notOpened(error))
    )
  })
}

const open = (config: SmtpConfig): Effect.Effect<SMTPConnection, NotDelivered, Scope.Scope> =>
  Effect.acquireRelease(connect(config), (connection) => Effect.sync(() => connection.close())).pipe(
    // An idle connection may fail whenever it likes; whoever uses it next finds out.
    Effect.tap((connection) => Effect.sync(() => connection.on("error", () => {}))),
    Effect.tap((connection) => login(connection, config)),
    Effect.timeoutFail({
      duration: config.timeout,
      onTimeout: () => new NotDelivered({ reason: "the mail server does not answer", again: "later" })
    })
  )

/** Sends a mail over a connection. The server asks for its bytes when it has taken sender and recipient: from then on it may have it. */
const transfer = (
  connection: SMTPConnection,
  { bytes, envelope }: Mail,
  timeout: Duration.Duration
): Effect.Effect<void, NotDelivered> =>
  Effect.suspend(() => {
    let began = false
    const body = new Readable({
      read() {
        began = true
        this.push(bytes)
        this.push(null)
      }
    })
    return Effect.async<void, NotDelivered>((resume) => {
      const fail = (error: Error): void => resume(failure(error, began))
      const close = (): void => fail(new Error("the mail server closed the connection"))
      connection.once("error", fail)
      connection.once("end", close)
      connection.send(envelope, body, (error) => {
        connection.removeListener("error", fail)
        connection.removeListener("end", close)
        resume(error === null || error === undefined ? Effect.void : failure(error, began))
      })
    }).pipe(
      Effect.timeoutFail({
        duration: timeout,
        onTimeout: () =>
          new NotDelivered({
            reason: `the mail server did not answer within ${Duration.format(timeout)}`,
            again: began ? "perhaps" : "later"
          })
      })
    )
  })

/**
 * Sends mail to a server, over connections that are kept for half a minute. Succeeds when the server has taken it: it passes it on
 * to the recipient's. What is refused for good (5xx) is so `never`, for now (4xx) `later`.
 */
export const makeSmtp = (
  config: SmtpConfig
): Effect.Effect<(mail: Mail) => Effect.Effect<void, NotDelivered>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const pool = yield* Pool.makeWithTTL({
      acquire: open(config),
      min: 0,
      max: config.connections,
      timeToLive: "30 seconds"
    })
    return (mail) =>
      Effect.scoped(
        Effect.gen(function* () {
          const connection = yield* Pool.get(pool)
          // Whatever went wrong, the next mail begins with a new connection.
          yield* transfer(connection, mail, config.timeout).pipe(
            Effect.onExit((exit) =>
              exit._tag === "Success" ? Effect.void : Pool.invalidate(pool, connection)
            )
          )
        })
      )
  })
