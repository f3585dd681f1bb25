import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"

/**
 * Every metric of the system, once. Names follow Prometheus: base units in the name, `_total` for counters. Labels come
 * from fixed sets only (topics, stages, routes), never from ids or user text.
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
export const indexProfiles = Metric.gauge("index_profiles", { description: "Profiles in the search index" })
export const residentMemory = Metric.gauge("process_resident_memory_bytes", {
  description: "Resident memory"
})
