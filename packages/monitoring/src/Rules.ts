import { outsideRequests, quickSeconds, rate, searches, select } from "./Selection.ts"

/** Share of events that were bad, and the promise: how many may be in 30 days. */
interface Objective {
  readonly name: string
  readonly allowed: number
  readonly errorRatio: (window: string) => string
}

const objectives = {
  api: {
    name: "api",
    allowed: 0.001,
    errorRatio: (window) =>
      // Without a single failure there is no series to count.
      `(${rate("http_requests_total", window, { matchers: `${outsideRequests},status=~"5.."` })} or vector(0)) / ${rate("http_requests_total", window, { matchers: outsideRequests })}`
  },
  search: {
    name: "search",
    allowed: 0.01,
    errorRatio: (window) =>
      `1 - ${rate("http_request_duration_seconds_bucket", window, { matchers: `${searches},le="${quickSeconds}"` })} / ${rate("http_request_duration_seconds_count", window, { matchers: searches })}`
  },
  tracking: {
    name: "tracking",
    allowed: 0.001,
    errorRatio: (window) =>
      `${rate("tracking_slots_missed_total", window)} / ${rate("tracking_slots_due_total", window)}`
  }
} satisfies Readonly<Record<string, Objective>>

const ratioName = (window: string): string => `slo:error_ratio:rate${window}`

/**
 * How fast a month's allowance is used up before somebody is told, by the workbook of Google's SREs: in the long window to
 * be sure, in the short one to be soon over when it is over. The first two use 2 and 5 % of it, the others 10 %.
 */
const burns = {
  page: [
    { times: 14.4, long: "1h", short: "5m" },
    { times: 6, long: "6h", short: "30m" }
  ],
  ticket: [
    { times: 3, long: "1d", short: "2h" },
    { times: 1, long: "3d", short: "6h" }
  ]
} as const

const windows = ["5m", "30m", "1h", "2h", "6h", "1d", "3d"]

interface RecordingRule {
  readonly record: string
  readonly labels: Readonly<Record<string, string>>
  readonly expr: string
}

export const recordings: ReadonlyArray<RecordingRule> = Object.values(objectives).flatMap(
  ({ errorRatio, name }) =>
    windows.map((window) => ({
      record: ratioName(window),
      labels: { namespace: "influscope", slo: name },
      expr: errorRatio(window)
    }))
)

/** page: somebody is woken. ticket: on a working day. */
export type Severity = "page" | "ticket"

interface Condition {
  readonly severity: Severity
  readonly expr: string
  /** How long it has to hold. */
  readonly for: string
}

interface Alert {
  readonly summary: string
  /** One or more conditions: the same trouble, more or less urgent. */
  readonly conditions: ReadonlyArray<Condition>
}

const burning = ({ allowed, name }: Objective): ReadonlyArray<Condition> =>
  (["page", "ticket"] as const).map((severity) => ({
    severity,
    for: severity === "page" ? "2m" : "15m",
    expr: burns[severity]
      .map(({ long, short, times }) => {
        const limit = Number((times * allowed).toPrecision(3))
        const above = (window: string) => `${select(ratioName(window), `slo="${name}"`)} > ${limit}`
        return `(${above(long)} and ${above(short)})`
      })
      .join(" or ")
  }))

const page = (expr: string, wait: string): Condition => ({ severity: "page", expr, for: wait })
const ticket = (expr: string, wait: string): Condition => ({ severity: "ticket", expr, for: wait })

const services = 'job!="daprd"'

/** Free share of a disk, in one process and of volumes on Kubernetes. */
const freeShares = [
  `${select("data_disk_free_bytes")} / ${select("data_disk_size_bytes")}`,
  `${select("kubelet_volume_stats_available_bytes")} / ${select("kubelet_volume_stats_capacity_bytes")}`
]

/** What of that is left in four hours, going on as in the last two. */
const freeSoon = ["data_disk_free_bytes", "kubelet_volume_stats_available_bytes"].map(
  (metric) => `predict_linear(${select(metric)}[2h], 4 * 3600)`
)

/** By name, which is that of its runbook as well. */
export const alerts = {
  ApiErrorBudgetBurn: {
    summary: "Requests to the API fail faster than the promise of 99.9 % allows.",
    conditions: burning(objectives.api)
  },
  SearchLatencyBudgetBurn: {
    summary: `More searches than promised take longer than ${quickSeconds * 1_000} ms.`,
    conditions: burning(objectives.search)
  },
  TrackingBudgetBurn: {
    summary: "More slots are missed than the promise of 99.9 % allows.",
    conditions: burning(objectives.tracking)
  },
  ServiceDown: {
    summary: "{{ $labels.job }} at {{ $labels.instance }} cannot be scraped.",
    conditions: [page(`${select("up", services)} == 0`, "3m")]
  },
  SidecarDown: {
    summary: "The sidecar at {{ $labels.instance }} cannot be scraped.",
    conditions: [page(`${select("up", 'job="daprd"')} == 0`, "3m")]
  },
  NothingScraped: {
    summary: "Prometheus has no target of InfluScope.",
    conditions: [page(`absent(${select("up", services)})`, "5m")]
  },
  KeepsRestarting: {
    summary: "{{ $labels.job }} at {{ $labels.instance }} started {{ $value }} times in 15 minutes.",
    conditions: [ticket(`changes(${select("process_start_time_seconds")}[15m]) >= 3`, "0s")]
  },
  ServerErrors: {
    summary: "{{ $value | humanizePercentage }} of the answers of {{ $labels.job }} are errors of ours.",
    conditions: [
      ticket(
        `${rate("http_requests_total", "10m", { by: "namespace, job", matchers: 'status=~"5.."' })} / ${rate("http_requests_total", "10m", { by: "namespace, job" })} > 0.05`,
        "10m"
      )
    ]
  },
  AnalyticsErrors: {
    summary: "{{ $value | humanizePercentage }} of the calls of analytics fail.",
    conditions: [
      ticket(
        `${rate("grpc_requests_total", "10m", { by: "namespace", matchers: 'code=~"INTERNAL|UNAVAILABLE"' })} / ${rate("grpc_requests_total", "10m", { by: "namespace" })} > 0.05`,
        "10m"
      )
    ]
  },
  ProcessorBusy: {
    summary:
      "{{ $labels.job }} at {{ $labels.instance }} has used nearly all of its core for a quarter of an hour.",
    conditions: [
      ticket(
        `${rate("process_cpu_seconds_total", "5m", { by: "namespace, job, instance", matchers: services })} > 0.9`,
        "15m"
      )
    ]
  },
  QueueAge: {
    summary: "A message of {{ $labels.topic }} has waited for {{ $value | humanizeDuration }}.",
    conditions: [
      page(`max by (namespace, topic) (${select("queue_oldest_seconds")}) > 1800`, "5m"),
      ticket(`max by (namespace, topic) (${select("queue_oldest_seconds")}) > 300`, "10m")
    ]
  },
  DeadLetters: {
    summary: "{{ $value }} messages are among the dead letters.",
    conditions: [ticket(`max by (namespace) (${select("dead_letters")}) > 0`, "5m")]
  },
  ConsumerRetries: {
    summary: "{{ $value | humanizePercentage }} of the batches of {{ $labels.topic }} are asked for again.",
    conditions: [
      ticket(
        `${rate("pipeline_batches_total", "10m", { by: "namespace, topic", matchers: 'stage="retried"' })} / ${rate("pipeline_batches_total", "10m", { by: "namespace, topic", matchers: 'stage=~"applied|retried"' })} > 0.1`,
        "15m"
      )
    ]
  },
  OutboxRelayed: {
    summary: "Batches of {{ $labels.topic }} had to be sent again for half an hour.",
    conditions: [
      ticket(`sum by (namespace, topic) (increase(${select("outbox_relayed_total")}[15m])) > 0`, "30m")
    ]
  },
  SlotsMissed: {
    summary: "{{ $value | humanize }} slots were given up in 10 minutes.",
    conditions: [
      ticket(`sum by (namespace) (increase(${select("tracking_slots_missed_total")}[10m])) > 0`, "0s")
    ]
  },
  TrackingBehind: {
    summary: "Slots of the last {{ $value | humanizeDuration }} were not handed out yet.",
    conditions: [page(`max by (namespace) (${select("tracking_dispatch_behind_seconds")}) > 120`, "5m")]
  },
  ProviderFails: {
    summary: "The provider {{ $labels.provider }} has not answered fetches for a quarter of an hour.",
    conditions: [
      ticket(`${rate("tracking_provider_failures_total", "5m", { by: "namespace, provider" })} > 0`, "15m")
    ]
  },
  WebhooksFail: {
    summary: "More calls of webhooks fail than succeed.",
    conditions: [
      ticket(
        `${rate("alert_webhook_calls_total", "15m", { by: "namespace", matchers: 'outcome="failed"' })} > ${rate("alert_webhook_calls_total", "15m", { by: "namespace", matchers: 'outcome="delivered"' })}`,
        "15m"
      )
    ]
  },
  MessagesFail: {
    summary: "{{ $value | humanizePercentage }} of the messages by {{ $labels.channel }} fail for good.",
    conditions: [
      ticket(
        `${rate("outreach_messages_total", "15m", { by: "namespace, channel", matchers: 'outcome=~"failed|givenUp|unknown"' })} / ${rate("outreach_messages_total", "15m", { by: "namespace, channel" })} > 0.1`,
        "15m"
      )
    ]
  },
  DiskAlmostFull: {
    summary: "{{ $value | humanizePercentage }} of a disk are free.",
    conditions: [page(freeShares.map((share) => `${share} < 0.1`).join(" or "), "5m")]
  },
  DiskFillsUp: {
    summary: "A disk will be full within four hours if it goes on like this.",
    conditions: [ticket(freeSoon.map((left) => `${left} < 0`).join(" or "), "30m")]
  },
  BackupLate: {
    summary: "The last backup that succeeded is {{ $value | humanizeDuration }} old.",
    conditions: [
      ticket(
        `time() - ${select("kube_cronjob_status_last_successful_time", 'cronjob="backup"')} > 26 * 3600`,
        "30m"
      )
    ]
  },
  LogsNotShipped: {
    summary:
      "The collector at {{ $labels.instance }} could not ship {{ $value | humanize }} log lines in 15 minutes.",
    conditions: [
      ticket(
        'sum by (instance) (increase({__name__=~"otelcol_exporter_(send|enqueue)_failed_log_records(_total)?"}[15m])) > 0',
        "15m"
      )
    ]
  }
} satisfies Readonly<Record<string, Alert>>

export type AlertName = keyof typeof alerts

/** Where the runbooks are read. */
const runbooks = "https://github.com/influscope/influscope/blob/main/docs/runbooks"

interface AlertRule {
  readonly alert: string
  readonly expr: string
  readonly for: string
  readonly labels: { readonly severity: Severity }
  readonly annotations: { readonly summary: string; readonly runbook_url: string }
}

interface RuleGroup {
  readonly name: string
  readonly rules: ReadonlyArray<RecordingRule | AlertRule>
}

/** The groups of a rule file. */
export const ruleGroups: ReadonlyArray<RuleGroup> = [
  { name: "influscope-objectives", rules: recordings },
  {
    name: "influscope-alerts",
    rules: Object.entries<Alert>(alerts).flatMap(([alert, { conditions, summary }]) =>
      conditions.map(({ expr, for: wait, severity }) => ({
        alert,
        expr,
        for: wait,
        labels: { severity },
        annotations: { summary, runbook_url: `${runbooks}/${alert}.md` }
      }))
    )
  }
]
