import type { Channel } from "@influscope/domain/messages/Campaign"
import type { EmailAddress } from "@influscope/domain/messages/Contact"
import { Delivery, NotDelivered, type OutgoingMessage } from "@influscope/ports/Delivery"
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { deliverToFile } from "./FileDelivery.ts"
import type { SmtpConfig } from "./Smtp.ts"
import { deliverToWebhook } from "./WebhookDelivery.ts"

/** Read as a secret from the first moment: what is wrong with it is said without showing it. */
const smtpUrl = Config.redacted("MESSAGES_SMTP_URL").pipe(
  Config.mapOrFail((given) => {
    const text = Redacted.value(given)
    return URL.canParse(text) && /^smtps?:$/.test(new URL(text).protocol)
      ? Either.right(Redacted.make(new URL(text)))
      : Either.left(
          ConfigError.InvalidData(["MESSAGES_SMTP_URL"], "expected smtp://host:port or smtps://host:port")
        )
  }),
  Config.option
)

/** Whether webhooks may be on this machine and in private networks. */
export const privateAddresses = Config.literal(
  "refuse",
  "allow"
)("MESSAGES_WEBHOOK_PRIVATE").pipe(Config.withDefault("refuse"))

/** Without MESSAGES_SMTP_URL the channel smtp is not there. */
const deliveryConfig = Config.all({
  url: smtpUrl,
  privateAddresses,
  connections: Config.integer("MESSAGES_SMTP_CONNECTIONS").pipe(
    Config.validate({ message: "expected 1 or more", validation: (value) => value >= 1 }),
    Config.withDefault(4)
  ),
  timeout: Config.duration("MESSAGES_DELIVERY_TIMEOUT").pipe(Config.withDefault(Duration.seconds(30)))
})

const unconfigured = (channel: Channel) =>
  new NotDelivered({ reason: `this installation has no channel ${channel}`, again: "never" })

/** Mail takes a library that nobody else needs: it is loaded where there is a server. */
const openServer = (config: SmtpConfig) =>
  Effect.gen(function* () {
    const [{ composeMail }, { makeSmtp }] = yield* Effect.promise(() =>
      Promise.all([import("./Mail.ts"), import("./Smtp.ts")])
    )
    const send = yield* makeSmtp(config)
    return (message: OutgoingMessage, address: EmailAddress) =>
      Effect.flatMap(composeMail(message, address), send)
  })

const make = (directory: Option.Option<string>) =>
  Effect.gen(function* () {
    const { connections, privateAddresses, timeout, url } = yield* deliveryConfig
    const toWebhook = deliverToWebhook({ timeout, privateAddresses })
    const toFile = Option.map(directory, deliverToFile)
    const toServer = yield* Effect.transposeMapOption(url, (server) =>
      openServer({ url: server, connections, timeout })
    )

    const mail = (message: OutgoingMessage): Effect.Effect<void, NotDelivered> => {
      const { address } = message.to
      if (Option.isNone(toServer)) return unconfigured("smtp")
      if (address === null) return new NotDelivered({ reason: "there is no address", again: "never" })
      return toServer.value(message, address)
    }

    return Delivery.of({
      channels: new Set<Channel>([
        "webhook",
        ...(Option.isSome(toFile) ? ["file" as const] : []),
        ...(Option.isSome(toServer) ? ["smtp" as const] : [])
      ]),
      send: Effect.fn("Delivery.send")(function* (message) {
        switch (message.channel) {
          case "webhook":
            yield* toWebhook(message)
            return "delivered"
          case "file":
            yield* Option.match(toFile, {
              onNone: () => unconfigured("file"),
              onSome: (write) => write(message)
            })
            return "delivered"
          case "smtp":
            yield* mail(message)
            return "sent"
        }
      })
    })
  })

/** The channels of an installation that keeps what it writes in a directory. */
export const layer = (directory: string): Layer.Layer<Delivery, ConfigError.ConfigError> =>
  Layer.scoped(Delivery, make(Option.some(directory)))

const configuredDirectory = Config.string("MESSAGES_FILE_DIRECTORY").pipe(Config.option)

/** As `layer`; the channel file is there only where MESSAGES_FILE_DIRECTORY says where. */
export const layerConfig: Layer.Layer<Delivery, ConfigError.ConfigError> = Layer.scoped(
  Delivery,
  Effect.flatMap(configuredDirectory, make)
)
