import { positive } from "@influscope/domain/Settings"
import * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import * as Redacted from "effect/Redacted"

/**
 * MESSAGES_RATE: messages a second in the name of one sender. MESSAGES_BURST: after a pause, so many seconds of them at once.
 * MESSAGES_ATTEMPTS: before a message goes to the dead letters; MESSAGES_FIRST_DELAY: after the first one that failed, it doubles,
 * up to an hour. MESSAGES_CONCURRENCY: messages of a batch at once; MESSAGES_BATCHES: batches at once.
 * MESSAGES_UNKNOWN_OUTCOME: whether a mail is sent again of which nobody knows whether it left, because the process ended
 * while it was being sent.
 */
export const sendingConfig = Config.all({
  rate: positive("RATE", 10),
  burst: positive("BURST", 5),
  attempts: positive("ATTEMPTS", 10),
  firstDelay: Config.duration("FIRST_DELAY").pipe(Config.withDefault(Duration.seconds(30))),
  concurrency: positive("CONCURRENCY", 8),
  batches: positive("BATCHES", 2),
  unknownOutcome: Config.literal("report", "resend")("UNKNOWN_OUTCOME").pipe(Config.withDefault("report"))
}).pipe(Config.nested("MESSAGES"))

/**
 * MESSAGES_PUBLIC_URL: where the API is for those who get messages, for the links to opt out. MESSAGES_SECRET: what those links are
 * signed with, 32 characters or more; made once and kept when it is left out.
 */
export const linksConfig = Config.all({
  publicUrl: Config.url("PUBLIC_URL").pipe(Config.withDefault(new URL("http://localhost:8080"))),
  secret: Config.redacted("SECRET").pipe(
    Config.validate({
      message: "expected 32 characters or more",
      validation: (secret) => Redacted.value(secret).length >= 32
    }),
    Config.option
  )
}).pipe(Config.nested("MESSAGES"))
