import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import {
  AddedAlertRule,
  AlertPage,
  type AlertParams,
  AlertRules,
  NewAlertRule
} from "@influscope/domain/api/AlertsApi"
import { Api } from "@influscope/domain/api/Api"
import { NotFound } from "@influscope/domain/api/Problems"
import { AlertRule, type AlertRuleId } from "@influscope/domain/tracking/AlertRule"
import { jsonAnswer } from "@influscope/http/Answers"
import { jsonBody } from "@influscope/http/Body"
import { invalid, readProblem, storageProblem } from "@influscope/http/Problems"
import { Alerts } from "@influscope/ports/Alerts"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

const addedAnswer = jsonAnswer(AddedAlertRule)
const rulesAnswer = jsonAnswer(AlertRules)
const ruleAnswer = jsonAnswer(AlertRule)
const pageAnswer = jsonAnswer(AlertPage)

const noRule = (id: AlertRuleId) =>
  new NotFound({ detail: `There is no alert rule ${id}. List them with GET /v1/alerts/rules.` })

export const AlertsHttp = HttpApiBuilder.group(
  Api,
  "alerts",
  Effect.fnUntraced(function* (handlers) {
    const alerts = yield* Alerts

    const add = Effect.gen(function* () {
      const added = yield* alerts.addRule(yield* jsonBody(NewAlertRule))
      return yield* Effect.map(addedAnswer(added), HttpServerResponse.setStatus(201))
    }).pipe(
      Effect.catchTags({
        RuleRefused: ({ detail, path }) => Effect.fail(invalid(path, detail)),
        StorageError: storageProblem
      })
    )

    const get = (id: AlertRuleId) =>
      Effect.gen(function* () {
        const rule = (yield* alerts.rules).find((known) => known.id === id)
        return yield* rule === undefined ? noRule(id) : ruleAnswer(rule)
      }).pipe(Effect.catchTag("StorageError", readProblem))

    const remove = (id: AlertRuleId) =>
      Effect.gen(function* () {
        if (!(yield* alerts.removeRule(id))) return yield* noRule(id)
      }).pipe(Effect.catchTag("StorageError", storageProblem))

    const list = ({ cursor, influencer, limit, rule }: AlertParams) =>
      alerts.list({ cursor, influencer, limit, rule }).pipe(
        Effect.catchTag("StorageError", readProblem),
        Effect.flatMap(
          Option.match({
            onNone: () => Effect.fail(invalid("cursor", "expected nextCursor of the page before")),
            onSome: pageAnswer
          })
        )
      )

    return handlers
      .handleRaw("addAlertRule", () => add)
      .handle("listAlertRules", () =>
        alerts.rules.pipe(
          Effect.catchTag("StorageError", readProblem),
          Effect.flatMap((rules) => rulesAnswer({ rules }))
        )
      )
      .handle("getAlertRule", ({ path }) => get(path.id))
      .handle("removeAlertRule", ({ path }) => remove(path.id))
      .handle("listAlerts", ({ urlParams }) => list(urlParams))
  })
)
