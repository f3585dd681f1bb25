import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Database } from "../../src/postgres/Database.ts"

interface Totals {
  readonly name: string
  readonly sent: number
  readonly sentBatches: number
  readonly applied: number
  readonly appliedBatches: number
  readonly dead: number
  readonly deadBatches: number
  readonly dropped: number
  readonly droppedBatches: number
}

/** What the totals should be, from the rows; holds as long as nothing was pruned. */
const countedFromRows = (of: "topic" | "job"): string => `
SELECT ${of} AS name, sum(items)::float8 AS "sent", count(*)::float8 AS "sentBatches",
  ${["confirmed", "dead", "dropped"]
    .map((state) => {
      const name = state === "confirmed" ? "applied" : state
      return `coalesce(sum(items) FILTER (WHERE state = '${state}'), 0)::float8 AS "${name}",
        count(*) FILTER (WHERE state = '${state}')::float8 AS "${name}Batches"`
    })
    .join(", ")}
FROM influscope.outbox WHERE ${of} IS NOT NULL GROUP BY ${of} ORDER BY ${of}`

const keptTotals = `
SELECT topic AS name, sum(sent)::float8 AS "sent", sum(sent_batches)::float8 AS "sentBatches",
  sum(applied)::float8 AS "applied", sum(applied_batches)::float8 AS "appliedBatches",
  sum(dead)::float8 AS "dead", sum(dead_batches)::float8 AS "deadBatches",
  sum(dropped)::float8 AS "dropped", sum(dropped_batches)::float8 AS "droppedBatches"
FROM influscope.outbox_topics GROUP BY topic ORDER BY topic`

interface JobTotals {
  readonly name: string
  readonly items: number
  readonly batches: number
  readonly confirmedBatches: number
  readonly deadItems: number
  readonly deadBatches: number
}

const keptJobs = `
SELECT job AS name, sum(items)::float8 AS "items", sum(batches)::float8 AS "batches",
  sum(confirmed_batches)::float8 AS "confirmedBatches",
  sum(dead_items)::float8 AS "deadItems", sum(dead_batches)::float8 AS "deadBatches"
FROM influscope.outbox_jobs GROUP BY job ORDER BY job`

/** A payload is there exactly as long as it may be sent again. */
const misplacedPayloads = `
SELECT count(*)::float8 AS count FROM influscope.outbox o FULL JOIN influscope.outbox_payloads p USING (seq)
WHERE (o.state IN ('sent', 'dead')) IS DISTINCT FROM (p.seq IS NOT NULL)`

/** The totals say what the rows say, and no payload is missing or left over. */
export const consistent = Effect.gen(function* () {
  const database = yield* Database
  const select = <Row extends object>(statement: string) => database.query<Row>("check", statement, [])
  assert.deepStrictEqual(yield* select<Totals>(keptTotals), yield* select<Totals>(countedFromRows("topic")))
  const jobs = yield* select<Totals>(countedFromRows("job"))
  assert.deepStrictEqual(
    yield* select<JobTotals>(keptJobs),
    jobs.map((job) => ({
      name: job.name,
      items: job.sent,
      batches: job.sentBatches,
      confirmedBatches: job.appliedBatches,
      deadItems: job.dead + job.dropped,
      deadBatches: job.deadBatches + job.droppedBatches
    }))
  )
  assert.deepStrictEqual(yield* select(misplacedPayloads), [{ count: 0 }])
})

/** Deadlocks since the server started, the ones that were mended by trying again included. */
export const deadlocks = Effect.gen(function* () {
  const database = yield* Database
  const [row] = yield* database.query<{ deadlocks: number }>(
    "check",
    "SELECT deadlocks::float8 AS deadlocks FROM pg_stat_database WHERE datname = current_database()",
    []
  )
  return row?.deadlocks ?? 0
})
