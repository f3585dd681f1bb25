import { isPrivateUrl } from "@influscope/adapters/webhook/PrivateAddresses"
import { makeSecret } from "@influscope/adapters/webhook/Webhook"
import { type AlertRule, AlertRuleId } from "@influscope/domain/tracking/AlertRule"
import { Alerts, RuleRefused } from "@influscope/ports/Alerts"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import { AlertLog } from "./AlertLog.ts"
import { AlertRules } from "./AlertRules.ts"
import { alertsConfig } from "./Config.ts"
import { Watch } from "./Watch.ts"

const mostRules = 100

/** The rules and their alerts, for whoever asks. */
export const AlertsLive = Layer.effect(
  Alerts,
  Effect.gen(function* () {
    const { privateAddresses } = yield* alertsConfig
    const rules = yield* AlertRules
    const log = yield* AlertLog
    const watch = yield* Watch

    return Alerts.of({
      addRule: Effect.fn("Alerts.addRule")(function* ({ secret = makeSecret(), ...given }) {
        if (privateAddresses === "refuse" && isPrivateUrl(new URL(given.webhook)))
          return yield* new RuleRefused({
            path: "webhook",
            detail:
              "expected a public address; TRACKER_WEBHOOK_PRIVATE=allow permits this machine and private networks"
          })
        const rule: AlertRule = { ...given, id: AlertRuleId.make(crypto.randomUUID()) }
        if (!(yield* rules.add({ rule, secret: Redacted.make(secret) }, mostRules)))
          return yield* new RuleRefused({
            path: "body",
            detail: `there are ${mostRules} rules, which is the most; remove one first`
          })
        watch.begin(rule)
        return { ...rule, secret }
      }),
      rules: Effect.sync(rules.all),
      removeRule: Effect.fn("Alerts.removeRule")(function* (id) {
        const wasThere = yield* rules.remove(id)
        watch.forget(log.all().flatMap(({ influencer, rule }) => (rule === id ? [influencer] : [])))
        return wasThere
      }),
      list: (filter) => Effect.sync(() => log.page(filter))
    })
  })
)
