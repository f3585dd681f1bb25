import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"

/**
 * Every metric of the system, once. Names follow Prometheus: base units in the name, `_total` for counters. Labels come
 * from fixed sets only (topics, stages, routes), never from ids or user text. Services register counters when they start:
 * of a series that begins with its first event, Prometheus sees no increase.
 */
const seconds = MetricBoundaries.fromIterable([
  0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10
])

export const httpRequests = Metric.counter("http_requests_total", {
  description: "Answered requests by route, method and status",
  incremental: true
})
export const httpDuration = Metric.histogram(
  "http_request_duration_seconds",
  seconds,
  "Time from request to answer by route"
)
export const grpcRequests = Metric.counter("grpc_requests_total", {
  description: "Answered gRPC calls by method and code",
  incremental: true
})
export const grpcDuration = Metric.histogram(
  "grpc_request_duration_seconds",
  seconds,
  "Time from call to answer by method"
)
/** Stages: published, applied, retried (a handler asked for the batch again), analytics. */
export const stageBatches = Metric.counter("pipeline_batches_total", {
  description: "Batches by stage and topic",
  incremental: true
})
export const stageItems = Metric.counter("pipeline_items_total", {
  description: "Items by stage and topic",
  incremental: true
})
export const stageDuration = Metric.histogram(
  "pipeline_batch_duration_seconds",
  seconds,
  "Time to handle one batch by stage"
)
export const deadLettered = Metric.counter("dead_letters_total", {
  description: "Messages moved to the dead letters by topic",
  incremental: true
})
export const rejectedRows = Metric.counter("import_rows_rejected_total", {
  description: "Rows of imported files that could not be used",
  incremental: true
})
export const importedRows = Metric.counter("import_rows_total", {
  description: "Rows of imported files that were read",
  incremental: true
})
export const relayed = Metric.counter("outbox_relayed_total", {
  description: "Overdue batches sent again by the relay, by topic",
  incremental: true
})
export const queueMessages = Metric.gauge("queue_messages", {
  description: "Messages waiting or in work by topic"
})
export const queueItems = Metric.gauge("queue_items", { description: "Items waiting or in work by topic" })
export const queueOldest = Metric.gauge("queue_oldest_seconds", {
  description: "Age of the oldest message waiting or in work by topic"
})
export const deadLettersWaiting = Metric.gauge("dead_letters", {
  description: "Messages among the dead letters"
})
export const slotsDue = Metric.counter("tracking_slots_due_total", {
  description: "Influencers times nominal times that were handed out to be fetched",
  incremental: true
})
export const dispatchBehind = Metric.gauge("tracking_dispatch_behind_seconds", {
  description:
    "Time up to now whose slots have not been handed out: it grows while too much waits for workers or store"
})
export const slotsMissed = Metric.counter("tracking_slots_missed_total", {
  description: "Slots that nobody fetched in time: there is no point for them",
  incremental: true
})
export const slotsUnknown = Metric.counter("tracking_slots_unknown_total", {
  description: "Slots of influencers that their provider does not know",
  incremental: true
})
export const pointsWritten = Metric.counter("tracking_points_written_total", {
  description: "Points written to the time series that were not there before",
  incremental: true
})
export const pointLateness = Metric.histogram(
  "tracking_point_lateness_seconds",
  MetricBoundaries.fromIterable([
    0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20, 30, 60, 120, 300, 600, 1_800, 3_600
  ]),
  "Time from the nominal time of a batch of points until it was durable in the time series"
)
export const providerFailures = Metric.counter("tracking_provider_failures_total", {
  description: "Fetches that the provider did not answer, by provider",
  incremental: true
})
export const raisedAlerts = Metric.counter("alerts_raised_total", {
  description: "Alerts that rules have made",
  incremental: true
})
export const webhookCalls = Metric.counter("alert_webhook_calls_total", {
  description: "Calls of the webhooks of alerts, by outcome",
  incremental: true
})
export const outreachMessages = Metric.counter("outreach_messages_total", {
  description: "Attempts to send messages of campaigns, by channel and outcome",
  incremental: true
})
export const usersCreated = Metric.counter("users_created_total", {
  description: "Users that were made, by request or by queue; its rate is that of their creation",
  incremental: true
})
export const userCacheReads = Metric.counter("user_cache_reads_total", {
  description: "Users read through the cache, by outcome",
  incremental: true
})
export const postsAnalysed = Metric.counter("posts_analysed_total", {
  description: "Posts that were analysed, again counted again",
  incremental: true
})
export const indexProfiles = Metric.gauge("index_profiles", { description: "Profiles in the search index" })
export const diskFree = Metric.gauge("data_disk_free_bytes", {
  description: "Free space on the disk of the data directory"
})
export const diskSize = Metric.gauge("data_disk_size_bytes", {
  description: "Size of the disk of the data directory"
})
export const residentMemory = Metric.gauge("process_resident_memory_bytes", {
  description: "Resident memory"
})
export const processorTime = Metric.counter("process_cpu_seconds_total", {
  description: "Processor time, user and system; JavaScript runs on one core, so 1 a second is all of it",
  incremental: true
})
export const startTime = Metric.gauge("process_start_time_seconds", {
  description: "When the process began, in seconds since 1970"
})
export const postReads = Metric.counter("post_reads_total", {
  description: "Posts read by id, and changes that the cache could not be told, by outcome",
  incremental: true
})
