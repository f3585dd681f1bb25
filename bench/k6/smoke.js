// Every route once, a few times over: whether they are all there and answer.
//   ITERATIONS=5 k6 run bench/k6/smoke.js
import exec from "k6/execution"
import {
  budgets,
  createUser,
  getUser,
  given,
  importFile,
  importStatus,
  openProfile,
  promises,
  readAnalytics,
  readGrowth,
  readSeries,
  runName,
  sendPoints,
  summaryTrendStats,
  track,
  untilThere,
  untrack
} from "./lib.js"

export { handleSummary } from "./lib.js"

export const options = {
  scenarios: { smoke: { executor: "shared-iterations", vus: 1, iterations: given("ITERATIONS", 5) } },
  thresholds: promises(...Object.keys(budgets.routes)),
  summaryTrendStats
}

const id = "youtube:k6smoke"
const range = { from: 1_000_001, to: 1_000_010 }

const now = () => new Date().toISOString()

export const setup = () => {
  sendPoints([{ id, time: now(), followers: 1_000 }])
  untilThere(id)
}

export default function everyRoute() {
  openProfile()
  importStatus(importFile(10).id)
  track(range)
  untrack(range)
  sendPoints([{ id, time: now(), followers: 1_000 }])
  readSeries(id)
  readGrowth(id)
  readAnalytics(id, 0, Math.ceil(Date.now() / 1_000))
  createUser(`${runName()}u${exec.scenario.iterationInTest}`)
  getUser(1)
}
