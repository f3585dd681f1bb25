import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import { AlertPage } from "@influscope/domain/api/AlertsApi"
import { GivenInfluencer } from "@influscope/domain/api/TrackingApi"
import { platforms } from "@influscope/domain/Platform"
import {
  type AlertCondition,
  type AlertEvidence,
  type AlertRule,
  AlertRuleId,
  AlertRuleName,
  type AlertScope
} from "@influscope/domain/tracking/AlertRule"
import { AnomalyKind } from "@influscope/domain/tracking/Anomalies"
import { type MetricName, metricNames } from "@influscope/domain/tracking/DataPoint"
import { type GrowthWindow, growthWindows } from "@influscope/domain/tracking/Growth"
import { mockstagram } from "@influscope/domain/tracking/InfluencerId"
import type { RaisedAlert } from "@influscope/domain/tracking/RaisedAlert"
import { WebhookUrl } from "@influscope/domain/Webhook"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { ApiClient, ApiClientLive } from "../ApiClient.ts"
import { CliError } from "../CliError.ts"
import { ifSome, jsonOption, pageOptions, plainArg } from "../CommonOptions.ts"
import { print, printJson, remarkNextPage } from "../Output.ts"
import { type Column, table } from "../Table.ts"
import { compact, counted, percent } from "../Text.ts"

const limitOf = (name: string, what: string) =>
  Options.float(name).pipe(Options.withDescription(what), Options.optional)

const conditions = {
  growthAbove: limitOf("growth-above", "When --metric has grown by more than so many percent over --days."),
  growthBelow: limitOf("growth-below", "When it has grown by less; below 0 it is a loss."),
  fall: limitOf("fall", "When more than so many percent of it are lost over --days."),
  engagementAbove: limitOf(
    "engagement-above",
    "When likes and comments are more than so many percent of the followers."
  ),
  engagementBelow: limitOf("engagement-below", "When they are less."),
  anomaly: Options.choice("anomaly", AnomalyKind.literals).pipe(
    Options.withDescription("When a day of --metric is out of line in this way; repeat for alternatives."),
    Options.repeated
  ),
  metric: Options.choice("metric", metricNames).pipe(
    Options.withDescription("Of which figure."),
    Options.withDefault("followers" as const)
  ),
  days: Options.choiceWithValue(
    "days",
    growthWindows.map((days): [string, GrowthWindow] => [String(days), days])
  ).pipe(Options.withDescription("Over how many days."), Options.withDefault(7 as const))
}

const scopes = {
  of: Options.text("of").pipe(
    Options.withDescription("Watch this influencer only, as in youtube:mkbhd; repeat for more."),
    Options.repeated,
    Options.withSchema(Schema.mutable(Schema.Array(GivenInfluencer)))
  ),
  platform: Options.choice("platform", [...platforms, mockstagram]).pipe(
    Options.withDescription("Watch everybody on this platform only."),
    Options.optional
  )
}

interface GivenCondition {
  readonly growthAbove: Option.Option<number>
  readonly growthBelow: Option.Option<number>
  readonly fall: Option.Option<number>
  readonly engagementAbove: Option.Option<number>
  readonly engagementBelow: Option.Option<number>
  readonly anomaly: ReadonlyArray<AnomalyKind>
  readonly metric: MetricName
  readonly days: GrowthWindow
}

/** Every condition that was asked for: there should be one. */
const conditionsOf = (given: GivenCondition): ReadonlyArray<AlertCondition> => {
  const { anomaly, days, metric } = given
  const growth = (side: "above" | "below") => (limit: number) =>
    ({ kind: "growth", metric, days, side, percent: limit }) as const
  const engagement = (side: "above" | "below") => (limit: number) =>
    ({ kind: "engagement", side, percent: limit }) as const
  return [
    ...Option.toArray(Option.map(given.growthAbove, growth("above"))),
    ...Option.toArray(Option.map(given.growthBelow, growth("below"))),
    ...Option.toArray(
      Option.map(given.fall, (limit) => ({ kind: "fall", metric, days, percent: limit }) as const)
    ),
    ...Option.toArray(Option.map(given.engagementAbove, engagement("above"))),
    ...Option.toArray(Option.map(given.engagementBelow, engagement("below"))),
    ...(Arr.isNonEmptyReadonlyArray(anomaly) ? [{ kind: "anomaly", metric, kinds: anomaly } as const] : [])
  ]
}

const conditionOf = (given: GivenCondition): Effect.Effect<AlertCondition, CliError> => {
  const [condition, ...others] = conditionsOf(given)
  return condition !== undefined && others.length === 0
    ? Effect.succeed(condition)
    : Effect.fail(
        new CliError({
          what: "A rule has one condition.",
          likelyCause: condition === undefined ? "None was given." : "Several were given.",
          todo: "For example --fall 10 --days 7, --growth-above 5 or --anomaly purge."
        })
      )
}

const scopeOf = (given: {
  readonly of: ReadonlyArray<typeof GivenInfluencer.Type>
  readonly platform: Option.Option<(typeof platforms)[number] | typeof mockstagram>
}): Effect.Effect<AlertScope, CliError> => {
  if (Arr.isNonEmptyReadonlyArray(given.of)) {
    return Option.isNone(given.platform)
      ? Effect.succeed({ kind: "influencers", ids: given.of })
      : Effect.fail(
          new CliError({
            what: "A rule watches some influencers or a platform.",
            likelyCause: "Both --of and --platform were given.",
            todo: "Leave one of them out, or add two rules."
          })
        )
  }
  return Effect.succeed(
    Option.match(given.platform, {
      onNone: () => ({ kind: "all" }) as const,
      onSome: (namespace) => ({ kind: "namespace", namespace }) as const
    })
  )
}

const conditionText = (condition: AlertCondition): string => {
  switch (condition.kind) {
    case "growth":
      return `${condition.metric} grow ${condition.side} ${condition.percent} % in ${counted(condition.days, "day")}`
    case "fall":
      return `${condition.metric} fall by ${condition.percent} % in ${counted(condition.days, "day")}`
    case "engagement":
      return `engagement ${condition.side} ${condition.percent} %`
    case "anomaly":
      return `${condition.kinds.join(" or ")} of ${condition.metric}`
  }
}

const scopeText = (scope: AlertScope): string => {
  switch (scope.kind) {
    case "all":
      return "everybody"
    case "namespace":
      return `all of ${scope.namespace}`
    case "influencers":
      return scope.ids.length === 1 ? scope.ids[0] : counted(scope.ids.length, "influencer")
  }
}

const evidenceText = (evidence: AlertEvidence): string => {
  switch (evidence.kind) {
    case "growth":
      return `${evidence.metric} ${percent(evidence.growth.percent)} in ${counted(evidence.growth.days, "day")}`
    case "engagement":
      return `engagement ${percent(evidence.rate)}`
    case "anomaly":
      return `${evidence.anomaly.kind} of ${evidence.metric}: ${compact(evidence.anomaly.before)} to ${compact(evidence.anomaly.after)}`
  }
}

const add = Command.make(
  "add",
  {
    name: plainArg("name").pipe(
      Args.withSchema(AlertRuleName),
      Args.withDescription("What the rule is called in its alerts.")
    ),
    webhook: Options.text("webhook").pipe(
      Options.withSchema(WebhookUrl),
      Options.withDescription("Where alerts are posted: an https address.")
    ),
    ...conditions,
    ...scopes,
    json: jsonOption
  },
  (given) =>
    Effect.gen(function* () {
      const { alerts } = yield* ApiClient
      const { name, webhook } = given
      const condition = yield* conditionOf(given)
      const scope = yield* scopeOf(given)
      const added = yield* alerts.addAlertRule({ payload: { name, webhook, condition, scope } })
      if (given.json) return yield* printJson(added)
      yield* print(`Rule ${added.id} watches ${scopeText(scope)}: ${conditionText(condition)}.`)
      yield* print(`Its webhooks are signed with ${added.secret}, which is not shown again.`)
    }).pipe(Effect.provide(ApiClientLive))
).pipe(Command.withDescription("Have a webhook called when a condition comes true."))

const ruleColumns: ReadonlyArray<Column<AlertRule>> = [
  { title: "id", cell: ({ id }) => id },
  { title: "name", cell: ({ name }) => name, shrinks: true },
  { title: "when", cell: ({ condition }) => conditionText(condition) },
  { title: "whom", cell: ({ scope }) => scopeText(scope) },
  { title: "webhook", cell: ({ webhook }) => webhook, shrinks: true }
]

const listRules = Command.make("list", { json: jsonOption }, (given) =>
  Effect.gen(function* () {
    const { alerts } = yield* ApiClient
    const { rules } = yield* alerts.listAlertRules({})
    if (given.json) return yield* printJson({ rules })
    yield* print(rules.length === 0 ? "There are no alert rules." : table(ruleColumns, rules))
  }).pipe(Effect.provide(ApiClientLive))
).pipe(Command.withDescription("List the rules."))

const remove = Command.make(
  "remove",
  {
    ids: plainArg("id").pipe(
      Args.withSchema(AlertRuleId),
      Args.atLeast(1),
      Args.withDescription("As `influscope alerts rules list` shows them.")
    )
  },
  ({ ids }) =>
    Effect.gen(function* () {
      const { alerts } = yield* ApiClient
      yield* Effect.forEach(ids, (id) => alerts.removeAlertRule({ path: { id } }), { discard: true })
      yield* print(`${counted(ids.length, "rule")} removed; the alerts stay.`)
    }).pipe(Effect.provide(ApiClientLive))
).pipe(Command.withDescription("Remove rules. Their alerts stay."))

const rules = Command.make("rules").pipe(
  Command.withDescription("Say what makes an alert, and where it is posted."),
  Command.withSubcommands([add, listRules, remove])
)

const deliveryText = ({ attempts, failure, state }: RaisedAlert["delivery"]): string =>
  failure === null ? state : `${state} after ${counted(attempts, "call")}: ${failure}`

const columns: ReadonlyArray<Column<RaisedAlert>> = [
  { title: "raised", cell: ({ raisedAt }) => raisedAt.toISOString() },
  { title: "influencer", cell: ({ influencer }) => influencer, shrinks: true },
  { title: "rule", cell: ({ name }) => name, shrinks: true },
  { title: "why", cell: ({ evidence }) => evidenceText(evidence) },
  { title: "webhook", cell: ({ delivery }) => deliveryText(delivery), shrinks: true }
]

const encodePage = Schema.encode(AlertPage)

const list = Command.make(
  "list",
  {
    influencer: Options.text("influencer").pipe(
      Options.withSchema(GivenInfluencer),
      Options.withDescription("Only of this influencer."),
      Options.optional
    ),
    rule: Options.text("rule").pipe(
      Options.withSchema(AlertRuleId),
      Options.withDescription("Only of the rule with this id."),
      Options.optional
    ),
    ...pageOptions("Entries", 100),
    json: jsonOption
  },
  (given) =>
    Effect.gen(function* () {
      const { alerts } = yield* ApiClient
      const page = yield* alerts.listAlerts({
        urlParams: {
          limit: given.limit,
          ...ifSome(given.influencer, (influencer) => ({ influencer })),
          ...ifSome(given.rule, (rule) => ({ rule })),
          ...ifSome(given.cursor, (cursor) => ({ cursor }))
        }
      })
      if (given.json) return yield* printJson(yield* encodePage(page))
      if (page.alerts.length === 0) return yield* print("There are no alerts.")
      yield* print(table(columns, page.alerts))
      yield* remarkNextPage(page.nextCursor)
    }).pipe(Effect.provide(ApiClientLive))
).pipe(Command.withDescription("List the alerts and what became of their webhooks, newest first."))

export const alerts = Command.make("alerts").pipe(
  Command.withDescription("Be told when figures do something."),
  Command.withSubcommands([rules, list])
)
