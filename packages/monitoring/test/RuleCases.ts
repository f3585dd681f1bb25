import type { AlertName, Severity } from "../src/Rules.ts"

/** What was measured, in promtool's words for series, and when it is looked at. */
export interface Case {
  readonly series: Readonly<Record<string, string>>
  readonly at: string
  /** Between two samples; a minute when absent. */
  readonly step?: string
}

export interface Cases {
  readonly fires: ReadonlyArray<Case & { readonly severity: Severity }>
  /** Nearly the same, but nobody is told; not with this severity, where there is one. */
  readonly silent: ReadonlyArray<Case & { readonly severity?: Severity }>
}

/** A series of ours. */
const of = (metric: string, labels: string): string =>
  `${metric}{namespace="influscope"${labels === "" ? "" : `,${labels}`}}`

const http = (job: string, route: string, status: number): string =>
  of("http_requests_total", `job="${job}",route="${route}",method="GET",status="${status}"`)

const searchesIn = (le: string): string =>
  of("http_request_duration_seconds_bucket", `job="api",route="/search",le="${le}"`)
const searchesAtAll = of("http_request_duration_seconds_count", 'job="api",route="/search"')

const up = (job: string): string => of("up", `job="${job}",instance="a:1"`)
const batches = (stage: string): string =>
  of("pipeline_batches_total", `job="indexer",topic="profiles.discovered",stage="${stage}"`)
const webhooks = (outcome: string): string =>
  of("alert_webhook_calls_total", `job="tracker",outcome="${outcome}"`)
const messages = (outcome: string): string =>
  of("outreach_messages_total", `job="messages",channel="smtp",outcome="${outcome}"`)
const calls = (code: string): string =>
  of("grpc_requests_total", `job="analytics",method="ComputeBatch",code="${code}"`)
const started = of("process_start_time_seconds", 'job="indexer",instance="a:1"')
const failures = of("tracking_provider_failures_total", 'job="collector",provider="mockstagram"')
const relayed = of("outbox_relayed_total", 'job="scraper",topic="profiles.discovered"')
const oldest = of("queue_oldest_seconds", 'job="api",topic="profiles.discovered"')
const volume = 'persistentvolumeclaim="data-postgres-0"'
const backedUp = of("kube_cronjob_status_last_successful_time", 'cronjob="backup"')
const unshipped = 'otelcol_exporter_send_failed_log_records_total{instance="a:1",exporter="elasticsearch"}'

/** For every alert: when it has to be told, and when it must not be. */
export const cases: Readonly<Record<AlertName, Cases>> = {
  ApiErrorBudgetBurn: {
    fires: [
      {
        severity: "page",
        at: "70m",
        series: { [http("api", "/v1/users", 200)]: "0+95x80", [http("api", "/v1/users", 500)]: "0+5x80" }
      },
      // Little, but for days.
      {
        severity: "ticket",
        at: "4d",
        step: "10m",
        series: { [http("api", "/v1/users", 200)]: "0+995x580", [http("api", "/v1/users", 500)]: "0+5x580" }
      }
    ],
    silent: [
      {
        at: "4d",
        step: "10m",
        series: {
          [http("api", "/v1/users", 200)]: "0+9996x580",
          [http("api", "/v1/users", 500)]: "0+4x580"
        }
      },
      // A probe that fails while a store is away is no request of anybody.
      {
        at: "70m",
        series: { [http("api", "/v1/users", 200)]: "0+100x80", [http("api", "/readyz", 503)]: "0+100x80" }
      },
      // It was bad, and is over.
      {
        severity: "page",
        at: "70m",
        series: {
          [http("api", "/v1/users", 200)]: "0+100x80",
          [http("api", "/v1/users", 500)]: "0+10x10 100x70"
        }
      }
    ]
  },
  SearchLatencyBudgetBurn: {
    fires: [
      {
        severity: "page",
        at: "70m",
        series: { [searchesIn("0.25")]: "0+70x80", [searchesAtAll]: "0+100x80" }
      }
    ],
    silent: [{ at: "70m", series: { [searchesIn("0.25")]: "0+995x80", [searchesAtAll]: "0+1000x80" } }]
  },
  TrackingBudgetBurn: {
    fires: [
      {
        severity: "page",
        at: "70m",
        series: {
          [of("tracking_slots_missed_total", "")]: "0+50x80",
          [of("tracking_slots_due_total", "")]: "0+1000x80"
        }
      }
    ],
    silent: [
      {
        at: "70m",
        series: {
          [of("tracking_slots_missed_total", "")]: "7x80",
          [of("tracking_slots_due_total", "")]: "0+1000x80"
        }
      },
      {
        at: "70m",
        series: {
          [of("tracking_slots_missed_total", "")]: "0x80",
          [of("tracking_slots_due_total", "")]: "0x80"
        }
      }
    ]
  },
  ServiceDown: {
    fires: [{ severity: "page", at: "10m", series: { [up("api")]: "1x5 0x20" } }],
    silent: [
      { at: "8m", series: { [up("api")]: "1x5 0x1 1x20" } },
      { at: "10m", series: { 'up{namespace="other",job="api",instance="a:1"}': "0x20", [up("api")]: "1x20" } }
    ]
  },
  SidecarDown: {
    fires: [{ severity: "page", at: "10m", series: { [up("daprd")]: "1x5 0x20" } }],
    silent: [{ at: "10m", series: { [up("daprd")]: "1x20", [up("api")]: "0x20" } }]
  },
  NothingScraped: {
    fires: [{ severity: "page", at: "10m", series: { 'up{namespace="other",job="api"}': "1x20" } }],
    silent: [{ at: "10m", series: { [up("api")]: "0x20" } }]
  },
  KeepsRestarting: {
    fires: [{ severity: "ticket", at: "9m", series: { [started]: "100x2 200x2 300x2 400x20" } }],
    // A new version.
    silent: [{ at: "9m", series: { [started]: "100x4 200x20" } }]
  },
  ServerErrors: {
    fires: [
      {
        severity: "ticket",
        at: "25m",
        series: {
          [http("scraper", "/imports", 200)]: "0+90x30",
          [http("scraper", "/imports", 500)]: "0+10x30"
        }
      }
    ],
    silent: [
      {
        at: "25m",
        series: {
          [http("scraper", "/imports", 200)]: "0+99x30",
          [http("scraper", "/imports", 500)]: "0+1x30"
        }
      },
      {
        at: "25m",
        series: {
          [http("scraper", "/imports", 200)]: "0+50x30",
          [http("scraper", "/imports", 404)]: "0+50x30"
        }
      }
    ]
  },
  AnalyticsErrors: {
    fires: [
      { severity: "ticket", at: "25m", series: { [calls("OK")]: "0+90x30", [calls("INTERNAL")]: "0+10x30" } }
    ],
    silent: [{ at: "25m", series: { [calls("OK")]: "0+50x30", [calls("INVALID_ARGUMENT")]: "0+50x30" } }]
  },
  ProcessorBusy: {
    fires: [
      {
        severity: "ticket",
        at: "30m",
        series: { [of("process_cpu_seconds_total", 'job="indexer",instance="a:1"')]: "0+58x40" }
      }
    ],
    // Sidecars have more than one core.
    silent: [
      {
        at: "30m",
        series: {
          [of("process_cpu_seconds_total", 'job="indexer",instance="a:1"')]: "0+30x40",
          [of("process_cpu_seconds_total", 'job="daprd",instance="a:2"')]: "0+90x40"
        }
      }
    ]
  },
  QueueAge: {
    fires: [
      { severity: "page", at: "50m", series: { [oldest]: "0+60x60" } },
      { severity: "ticket", at: "20m", series: { [oldest]: "0+60x60" } }
    ],
    silent: [{ at: "50m", series: { [oldest]: "200x60" } }]
  },
  DeadLetters: {
    fires: [{ severity: "ticket", at: "10m", series: { [of("dead_letters", 'job="api"')]: "0x2 1x20" } }],
    silent: [{ at: "10m", series: { [of("dead_letters", 'job="api"')]: "0x2 1x2 0x20" } }]
  },
  ConsumerRetries: {
    fires: [
      {
        severity: "ticket",
        at: "30m",
        series: { [batches("retried")]: "0+2x40", [batches("applied")]: "0+8x40" }
      }
    ],
    silent: [
      {
        at: "30m",
        series: {
          [batches("retried")]: "0+1x40",
          [batches("applied")]: "0+99x40",
          [batches("published")]: "0+100x40"
        }
      }
    ]
  },
  OutboxRelayed: {
    fires: [{ severity: "ticket", at: "45m", series: { [relayed]: "0+1x60" } }],
    // Once, after the broker was down.
    silent: [{ at: "45m", series: { [relayed]: "0x10 40x60" } }]
  },
  SlotsMissed: {
    fires: [
      {
        severity: "ticket",
        at: "8m",
        series: { [of("tracking_slots_missed_total", 'job="tracker"')]: "0x5 10x20" }
      }
    ],
    silent: [{ at: "8m", series: { [of("tracking_slots_missed_total", 'job="tracker"')]: "10x20" } }]
  },
  TrackingBehind: {
    fires: [
      {
        severity: "page",
        at: "10m",
        series: { [of("tracking_dispatch_behind_seconds", 'job="tracker"')]: "0+60x20" }
      }
    ],
    silent: [{ at: "10m", series: { [of("tracking_dispatch_behind_seconds", 'job="tracker"')]: "60x20" } }]
  },
  ProviderFails: {
    fires: [{ severity: "ticket", at: "25m", series: { [failures]: "0+1x30" } }],
    silent: [{ at: "25m", series: { [failures]: "0x10 3x30" } }]
  },
  WebhooksFail: {
    fires: [
      {
        severity: "ticket",
        at: "40m",
        series: { [webhooks("failed")]: "0+10x50", [webhooks("delivered")]: "0+1x50" }
      }
    ],
    silent: [{ at: "40m", series: { [webhooks("failed")]: "0+1x50", [webhooks("delivered")]: "0+10x50" } }]
  },
  MessagesFail: {
    fires: [
      {
        severity: "ticket",
        at: "40m",
        series: { [messages("sent")]: "0+80x50", [messages("failed")]: "0+20x50" }
      }
    ],
    silent: [{ at: "40m", series: { [messages("sent")]: "0+80x50", [messages("queued")]: "0+20x50" } }]
  },
  DiskAlmostFull: {
    fires: [
      {
        severity: "page",
        at: "10m",
        series: {
          [of("data_disk_free_bytes", 'job="influscope"')]: "5x20",
          [of("data_disk_size_bytes", 'job="influscope"')]: "100x20"
        }
      },
      {
        severity: "page",
        at: "10m",
        series: {
          [of("kubelet_volume_stats_available_bytes", volume)]: "5x20",
          [of("kubelet_volume_stats_capacity_bytes", volume)]: "100x20"
        }
      }
    ],
    silent: [
      {
        at: "10m",
        series: {
          [of("data_disk_free_bytes", 'job="influscope"')]: "20x20",
          [of("data_disk_size_bytes", 'job="influscope"')]: "100x20"
        }
      }
    ]
  },
  DiskFillsUp: {
    fires: [
      {
        severity: "ticket",
        at: "60m",
        series: { [of("data_disk_free_bytes", 'job="influscope"')]: "10000-100x90" }
      }
    ],
    silent: [{ at: "60m", series: { [of("data_disk_free_bytes", 'job="influscope"')]: "100000-100x90" } }]
  },
  BackupLate: {
    fires: [{ severity: "ticket", at: "27h", step: "10m", series: { [backedUp]: "0x200" } }],
    silent: [{ at: "27h", step: "10m", series: { [backedUp]: "0x140 86400x60" } }]
  },
  LogsNotShipped: {
    fires: [{ severity: "ticket", at: "40m", series: { [unshipped]: "0+5x60" } }],
    silent: [{ at: "40m", series: { [unshipped]: "0x60" } }]
  }
}
