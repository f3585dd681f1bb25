import { positive } from "@influscope/domain/Settings"
import * as Config from "effect/Config"
import * as Duration from "effect/Duration"

/**
 * TRACKER_ALERT_EVALUATIONS: influencers a second whose rules are looked at. TRACKER_WEBHOOK_TIMEOUT: for one call.
 * TRACKER_WEBHOOK_ATTEMPTS: calls before an alert goes to the dead letters. TRACKER_WEBHOOK_FIRST_DELAY: after the first
 * call that failed; it doubles, up to 15 minutes. TRACKER_WEBHOOK_PRIVATE: whether webhooks may be on this machine and in
 * private networks.
 */
export const alertsConfig = Config.all({
  evaluations: positive("ALERT_EVALUATIONS", 100),
  timeout: Config.duration("WEBHOOK_TIMEOUT").pipe(Config.withDefault(Duration.seconds(10))),
  attempts: positive("WEBHOOK_ATTEMPTS", 12),
  firstDelay: Config.duration("WEBHOOK_FIRST_DELAY").pipe(Config.withDefault(Duration.seconds(5))),
  privateAddresses: Config.literal("refuse", "allow")("WEBHOOK_PRIVATE").pipe(Config.withDefault("refuse"))
}).pipe(Config.nested("TRACKER"))
