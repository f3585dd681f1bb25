import type { Dashboard, Panel } from "./Dashboard.ts"
import { outsideRequests, quantile, quickSeconds, rate, searches, select } from "./Selection.ts"

/** As long as Grafana thinks fit for the time that is shown. */
const window = "$__rate_interval"

const per = (metric: string, by: string, matchers = ""): string => rate(metric, window, { by, matchers })

const slow = (metric: string, by: string, matchers = ""): string =>
  quantile(0.99, metric, window, { by, matchers })

/** The usual quantiles of one histogram. */
const quantiles = (metric: string, matchers = ""): Panel["queries"] =>
  Object.fromEntries([0.5, 0.95, 0.99].map((q) => [`p${q * 100}`, quantile(q, metric, window, { matchers })]))

const share = (part: string, whole: string): string => `${part} / ${whole}`

/** Of requests to some routes: how many, how many fail, how long they take. */
const requests = (matchers: string): ReadonlyArray<Panel> => [
  {
    title: "Requests",
    about: "Answered requests by route and status.",
    unit: "reqps",
    queries: { "{{route}} {{status}}": per("http_requests_total", "route, status", matchers) }
  },
  {
    title: "Duration",
    about: "From request to answer, 99 of 100 requests.",
    unit: "s",
    queries: { "{{route}}": slow("http_request_duration_seconds", "route", matchers) }
  }
]

/** Of a topic's consumer: how much it does, how much waits. */
const consumer = (topic: string): ReadonlyArray<Panel> => [
  {
    title: "Batches",
    about:
      "published: given to the broker. applied: done and durable. retried: asked for again, by an outage mostly.",
    unit: "ops",
    queries: { "{{stage}}": per("pipeline_batches_total", "stage", `topic="${topic}"`) }
  },
  {
    title: "Time for one batch",
    about: "In the consumer.",
    unit: "s",
    queries: quantiles("pipeline_batch_duration_seconds", `topic="${topic}"`)
  },
  {
    title: "Waiting",
    about: "Messages in the queue or in work. Growing for long: the consumer does not keep up.",
    unit: "short",
    queries: { messages: `max(${select("queue_messages", `topic="${topic}"`)})` }
  }
]

const overview: Dashboard = {
  name: "overview",
  title: "Overview",
  about: "Is it well? From here to the others by the menu InfluScope.",
  rows: {
    Now: [
      {
        title: "Targets down",
        about: "Processes that Prometheus cannot read.",
        unit: "short",
        kind: "stat",
        alarming: 1,
        queries: { down: `count(${select("up")}) - sum(${select("up")})` }
      },
      {
        title: "Requests from outside",
        about: "Without probes.",
        unit: "reqps",
        kind: "stat",
        queries: { requests: per("http_requests_total", "", outsideRequests) }
      },
      {
        title: "Failed requests",
        about:
          "Share of requests from outside that were answered with 5xx, in five minutes. The promise is 0.1 % a month.",
        unit: "percentunit",
        kind: "stat",
        alarming: 0.001,
        queries: { failed: `slo:error_ratio:rate5m{slo="api"}` }
      },
      {
        title: "Oldest message",
        about: "The age of what has waited longest in any queue.",
        unit: "s",
        kind: "stat",
        alarming: 300,
        queries: { age: `max(${select("queue_oldest_seconds")})` }
      },
      {
        title: "Dead letters",
        about: "Messages that wait for a person: influscope dlq list.",
        unit: "short",
        kind: "stat",
        alarming: 1,
        queries: { messages: `max(${select("dead_letters")})` }
      },
      {
        title: "Profiles",
        about: "In the search index.",
        unit: "short",
        kind: "stat",
        queries: { profiles: `max(${select("index_profiles")})` }
      }
    ],
    "HTTP by service": [
      {
        title: "Requests",
        about: "Of other services through the sidecars as well.",
        unit: "reqps",
        queries: { "{{job}}": per("http_requests_total", "job") }
      },
      {
        title: "Failed requests",
        about: "Share that was answered with 5xx.",
        unit: "percentunit",
        queries: {
          "{{job}}": `1 - ${share(per("http_requests_total", "job", 'status!~"5.."'), per("http_requests_total", "job"))}`
        }
      },
      {
        title: "Duration",
        about: "99 of 100 requests are answered in this time.",
        unit: "s",
        queries: { "{{job}}": slow("http_request_duration_seconds", "job") }
      }
    ],
    "gRPC of analytics": [
      {
        title: "Calls",
        about: "By method and how they ended. One process without sidecars makes none.",
        unit: "reqps",
        queries: { "{{method}} {{code}}": per("grpc_requests_total", "method, code") }
      },
      {
        title: "Duration",
        about: "99 of 100 calls are answered in this time.",
        unit: "s",
        queries: { "{{method}}": slow("grpc_request_duration_seconds", "method") }
      }
    ],
    Processes: [
      {
        title: "Processor",
        about:
          "Seconds a second. JavaScript runs on one core: near 1 a process is full, and another replica is due.",
        unit: "percentunit",
        alarming: 0.9,
        queries: { "{{job}} {{instance}}": per("process_cpu_seconds_total", "job, instance") }
      },
      {
        title: "Memory",
        about: "Resident.",
        unit: "bytes",
        queries: { "{{job}} {{instance}}": select("process_resident_memory_bytes") }
      },
      {
        title: "Age",
        about: "Falls to 0 when a process starts again.",
        unit: "s",
        queries: { "{{job}} {{instance}}": `time() - ${select("process_start_time_seconds")}` }
      },
      {
        title: "Disk of the data directory",
        about: "Where everything is one process: what is free.",
        unit: "bytes",
        queries: { "{{instance}}": select("data_disk_free_bytes") }
      }
    ]
  }
}

const pipeline: Dashboard = {
  name: "pipeline",
  title: "Pipeline",
  about: "From the first word of something to its effect: outbox, queues, consumers, dead letters.",
  rows: {
    Queues: [
      {
        title: "Messages",
        about: "Waiting or in work. A message carries up to 500 items.",
        unit: "short",
        queries: { "{{topic}}": `max by (topic) (${select("queue_messages")})` }
      },
      {
        title: "Items",
        about: "In those messages.",
        unit: "short",
        queries: { "{{topic}}": `max by (topic) (${select("queue_items")})` }
      },
      {
        title: "Oldest message",
        about: "Growing steadily: nobody takes from this queue.",
        unit: "s",
        alarming: 300,
        queries: { "{{topic}}": `max by (topic) (${select("queue_oldest_seconds")})` }
      }
    ],
    Flow: [
      {
        title: "Items published",
        about: "Durable in the outbox and on their way.",
        unit: "ops",
        queries: { "{{topic}}": per("pipeline_items_total", "topic", 'stage="published"') }
      },
      {
        title: "Items applied",
        about: "In their store, and confirmed. Over time as many as were published.",
        unit: "ops",
        queries: { "{{topic}}": per("pipeline_items_total", "topic", 'stage="applied"') }
      },
      {
        title: "Time for one batch",
        about: "99 of 100 batches are done in this time.",
        unit: "s",
        queries: { "{{topic}}": slow("pipeline_batch_duration_seconds", "topic") }
      }
    ],
    "What went wrong": [
      {
        title: "Batches asked for again",
        about: "An outage of a store or of analytics, mostly: nothing is lost, it comes again.",
        unit: "ops",
        queries: { "{{topic}}": per("pipeline_batches_total", "topic", 'stage="retried"') }
      },
      {
        title: "Batches sent again by the relay",
        about: "Overdue: the broker or a consumer was down. Steadily above 0: one of them loses messages.",
        unit: "ops",
        queries: { "{{topic}}": per("outbox_relayed_total", "topic") }
      },
      {
        title: "To the dead letters",
        about: "Batches that were given up, with a reason: influscope dlq list.",
        unit: "ops",
        queries: { "{{topic}}": per("dead_letters_total", "topic") }
      }
    ],
    Imports: [
      {
        title: "Rows of files",
        about: "Read, and of those rejected with a reason that the import's report has.",
        unit: "ops",
        queries: { read: per("import_rows_total", ""), rejected: per("import_rows_rejected_total", "") }
      },
      {
        title: "Profiles in the index",
        about: "Falls only when an index is made anew.",
        unit: "short",
        queries: { profiles: `max(${select("index_profiles")})` }
      }
    ]
  }
}

const search: Dashboard = {
  name: "search",
  title: "Search",
  about: `Searches and all other reading through the API. The promise: 99 of 100 searches in ${quickSeconds * 1_000} ms.`,
  rows: {
    Searches: [
      {
        title: "Searches",
        about: "By status.",
        unit: "reqps",
        queries: { "{{status}}": per("http_requests_total", "status", searches) }
      },
      {
        title: "Duration",
        about: "Of searches.",
        unit: "s",
        alarming: quickSeconds,
        queries: quantiles("http_request_duration_seconds", searches)
      },
      {
        title: `In ${quickSeconds * 1_000} ms`,
        about: "Share of searches that were answered in that time.",
        unit: "percentunit",
        queries: {
          quick: share(
            per("http_request_duration_seconds_bucket", "", `${searches},le="${quickSeconds}"`),
            per("http_request_duration_seconds_count", "", searches)
          )
        }
      }
    ],
    "The whole API": [
      {
        title: "Busiest routes",
        about: "The ten with most requests.",
        unit: "reqps",
        queries: { "{{route}}": `topk(10, ${per("http_requests_total", "route", outsideRequests)})` }
      },
      {
        title: "Slowest routes",
        about: "The ten whose 99 of 100 take longest.",
        unit: "s",
        queries: {
          "{{route}}": `topk(10, ${slow("http_request_duration_seconds", "route", outsideRequests)})`
        }
      },
      {
        title: "Answers by status",
        about: "429 and 503 ask callers to wait; other 5xx are our fault.",
        unit: "reqps",
        queries: { "{{status}}": per("http_requests_total", "status", outsideRequests) }
      }
    ]
  }
}

const tracking: Dashboard = {
  name: "tracking",
  title: "Tracking",
  about: "A slot is one influencer at one nominal time; a point is what a provider said of it.",
  rows: {
    Slots: [
      {
        title: "Slots and points",
        about:
          "Due and written are the same but for those that providers do not know, and those still on their way.",
        unit: "ops",
        queries: {
          due: per("tracking_slots_due_total", ""),
          written: per("tracking_points_written_total", ""),
          unknown: per("tracking_slots_unknown_total", "")
        }
      },
      {
        title: "Missed slots",
        about: "Given up: there will be no point for them.",
        unit: "ops",
        queries: { missed: per("tracking_slots_missed_total", "") }
      },
      {
        title: "Behind",
        about:
          "Time whose slots were not handed out yet. It grows while too much waits for workers or store.",
        unit: "s",
        alarming: 120,
        queries: { behind: `max(${select("tracking_dispatch_behind_seconds")})` }
      }
    ],
    "How late": [
      {
        title: "Lateness of points",
        about: "From the nominal time until the point is durable.",
        unit: "s",
        queries: quantiles("tracking_point_lateness_seconds")
      },
      {
        title: "Oldest message",
        about: "Of the queues in between.",
        unit: "s",
        queries: {
          "{{topic}}": `max by (topic) (${select("queue_oldest_seconds", 'topic=~"influencers.due|datapoints.collected"')})`
        }
      },
      {
        title: "Time for one batch",
        about: "To ask the provider, and to write: 99 of 100 batches.",
        unit: "s",
        queries: {
          "{{topic}}": slow(
            "pipeline_batch_duration_seconds",
            "topic",
            'topic=~"influencers.due|datapoints.collected"'
          )
        }
      }
    ],
    "Providers and alerts": [
      {
        title: "Fetches that failed",
        about: "By provider. They are tried again until the slot is given up.",
        unit: "ops",
        queries: { "{{provider}}": per("tracking_provider_failures_total", "provider") }
      },
      {
        title: "Alerts raised",
        about: "By the rules of users.",
        unit: "ops",
        queries: { alerts: per("alerts_raised_total", "") }
      },
      {
        title: "Calls of webhooks",
        about: "By outcome: a receiver that fails is called again.",
        unit: "ops",
        queries: { "{{outcome}}": per("alert_webhook_calls_total", "outcome") }
      }
    ]
  }
}

const users: Dashboard = {
  name: "users",
  title: "Users",
  about: "How many users are made, how fast, and how they are read.",
  rows: {
    Creation: [
      {
        title: "Users created a second",
        about: "By request, or by the queue.",
        unit: "ops",
        queries: { "by {{by}}": per("users_created_total", "by") }
      },
      {
        title: "Users created",
        about: "In the time that is shown.",
        unit: "short",
        kind: "stat",
        queries: { users: `sum(increase(${select("users_created_total")}[$__range]))` }
      },
      {
        title: "Waiting to be created",
        about: "Requests to make a user that are in the queue.",
        unit: "short",
        queries: { messages: `max(${select("queue_messages", 'topic="users.create-requested"')})` }
      }
    ],
    Requests: requests('route=~"/create|/get|/v1/users|/v1/users/requests|/v1/users/{id}"'),
    Cache: [
      {
        title: "Reads through the cache",
        about: "By outcome; none where users are not cached.",
        unit: "reqps",
        queries: { "{{outcome}}": per("user_cache_reads_total", "outcome") }
      }
    ]
  }
}

const posts: Dashboard = {
  name: "posts",
  title: "Posts",
  about: "Posts from being taken in to being analysed.",
  rows: {
    Analysis: [
      {
        title: "Posts analysed a second",
        about: "Posts that come again are analysed again.",
        unit: "ops",
        queries: { posts: per("posts_analysed_total", "") }
      },
      ...consumer("posts.submitted")
    ],
    Reading: [
      {
        title: "Reads of posts",
        about: "By outcome; failed: the cache was no help, the store was asked.",
        unit: "reqps",
        queries: { "{{outcome}}": per("post_reads_total", "outcome") }
      },
      ...requests('route=~"/v1/posts.*|/v1/users/{id}/posts.*"')
    ]
  }
}

const messages: Dashboard = {
  name: "messages",
  title: "Messages",
  about: "Messages of campaigns, and conversations.",
  rows: {
    "Messages of campaigns": [
      {
        title: "Attempts a second",
        about:
          "sent and delivered are good; queued comes again; failed and givenUp do not; unknown: the process ended meanwhile.",
        unit: "ops",
        queries: { "{{outcome}}": per("outreach_messages_total", "outcome") }
      },
      {
        title: "By channel",
        about: "Attempts.",
        unit: "ops",
        queries: { "{{channel}}": per("outreach_messages_total", "channel") }
      },
      {
        title: "Delivered",
        about: "Share of attempts that succeeded, by channel.",
        unit: "percentunit",
        queries: {
          "{{channel}}": share(
            per("outreach_messages_total", "channel", 'outcome=~"sent|delivered"'),
            per("outreach_messages_total", "channel")
          )
        }
      }
    ],
    Queue: consumer("messages.send-requested"),
    Conversations: requests('route=~"/v1/conversations.*|/v1/inbox"')
  }
}

const sidecars: Dashboard = {
  name: "sidecars",
  title: "Sidecars",
  about: "Dapr beside each service. Durations are in milliseconds here: they are Dapr's own.",
  rows: {
    Health: [
      {
        title: "Sidecars up",
        about: "By app.",
        unit: "short",
        queries: { "{{instance}}": select("up", 'job="daprd"') }
      },
      {
        title: "Processor",
        about: "Seconds a second.",
        unit: "percentunit",
        queries: { "{{instance}}": per("process_cpu_seconds_total", "instance", 'job="daprd"') }
      },
      {
        title: "Memory",
        about: "Resident.",
        unit: "bytes",
        queries: { "{{instance}}": select("process_resident_memory_bytes", 'job="daprd"') }
      }
    ],
    "Publish and subscribe": [
      {
        title: "Published",
        about: "By app and topic, and whether the broker took it.",
        unit: "ops",
        queries: {
          "{{app_id}} {{topic}} success={{success}}": per(
            "dapr_component_pubsub_egress_count",
            "app_id, topic, success"
          )
        }
      },
      {
        title: "Delivered",
        about: "By app and topic, and what the app answered.",
        unit: "ops",
        queries: {
          "{{app_id}} {{topic}} {{process_status}}": per(
            "dapr_component_pubsub_ingress_count",
            "app_id, topic, process_status"
          )
        }
      },
      {
        title: "Time for a delivery",
        about: "In the app: 99 of 100.",
        unit: "ms",
        queries: { "{{app_id}} {{topic}}": slow("dapr_component_pubsub_ingress_latencies", "app_id, topic") }
      }
    ],
    Calls: [
      {
        title: "HTTP of the sidecars",
        about: "Requests that apps make to their sidecars, and sidecars to their apps.",
        unit: "reqps",
        queries: { "{{app_id}} {{status}}": per("dapr_http_server_request_count", "app_id, status") }
      },
      {
        title: "Calls of other services",
        about: "Sent through the sidecar.",
        unit: "reqps",
        queries: {
          "{{app_id}} to {{dst_app_id}}": per(
            "dapr_runtime_service_invocation_req_sent_total",
            "app_id, dst_app_id"
          )
        }
      },
      {
        title: "State",
        about: "Operations on the state store, and whether they succeeded.",
        unit: "ops",
        queries: {
          "{{app_id}} {{operation}} success={{success}}": per(
            "dapr_component_state_count",
            "app_id, operation, success"
          )
        }
      },
      {
        title: "Resiliency",
        about: "How often a policy was applied: retries, timeouts, open circuits.",
        unit: "ops",
        queries: {
          "{{app_id}} {{policy}} {{status}}": per("dapr_resiliency_count", "app_id, policy, status")
        }
      }
    ]
  }
}

export const dashboards: ReadonlyArray<Dashboard> = [
  overview,
  pipeline,
  search,
  tracking,
  users,
  posts,
  messages,
  sidecars
]
