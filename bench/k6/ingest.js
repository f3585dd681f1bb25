// Files arrive at a set rate, and are followed until what is in them can be found.
//   RATE=2 ROWS=500 SECONDS=60 k6 run bench/k6/ingest.js
import { check, sleep } from "k6"
import { Trend } from "k6/metrics"
import {
  arrivals,
  budgets,
  given,
  importFile,
  importStatus,
  promises,
  slack,
  summaryTrendStats
} from "./lib.js"

export { handleSummary } from "./lib.js"

const rows = given("ROWS", 500)

/** From before a file is sent until all of it is imported, ms. */
const imported = new Trend("imported", true)

export const options = {
  scenarios: { ingest: arrivals(given("RATE", 2), given("SECONDS", 60), { gracefulStop: "60s" }) },
  thresholds: {
    ...promises("import", "import-status"),
    imported: [`p(95)<=${budgets.imported.p95 * slack}`]
  },
  summaryTrendStats
}

export default function ingest() {
  const started = Date.now()
  let job = importFile(rows)
  while (job.state !== "done" && job.state !== "failed") {
    sleep(0.2)
    job = importStatus(job.id)
  }
  imported.add(Date.now() - started)
  check(job, { "every row is imported": ({ report, state }) => state === "done" && report.imported === rows })
}
