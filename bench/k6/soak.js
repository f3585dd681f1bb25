// A little of everything for a long time: whether answers become slower, or memory grows.
//   SECONDS=3600 k6 run bench/k6/soak.js
import exec from "k6/execution"
import { Gauge } from "k6/metrics"
import {
  arrivals,
  budgets,
  createUser,
  getUser,
  given,
  importFile,
  promises,
  residentMegabytes,
  runName,
  search,
  sendPoints,
  summaryTrendStats
} from "./lib.js"

export { handleSummary } from "./lib.js"

const seconds = given("SECONDS", 3_600)
const resident = new Gauge("resident_megabytes")

const every = (period, name) => arrivals(1, seconds, { timeUnit: period, exec: name, preAllocatedVUs: 5 })

export const options = {
  scenarios: {
    searches: arrivals(20, seconds, { exec: "searches" }),
    users: every("1s", "users"),
    points: every("1s", "points"),
    files: every("30s", "files"),
    memory: every("10s", "memory")
  },
  thresholds: {
    ...promises("search", "import", "points", "user-create", "user-get"),
    resident_megabytes: [`value<=${budgets.resident.megabytes}`]
  },
  summaryTrendStats
}

export const setup = () => createUser("setup-1")

export const searches = search

export const users = () => {
  createUser(`${runName()}u${exec.scenario.iterationInTest}`)
  getUser(1)
}

export const points = () =>
  sendPoints([
    { id: "youtube:k6soak", time: new Date().toISOString(), followers: exec.scenario.iterationInTest }
  ])

export const files = () => importFile(500)

export const memory = () => resident.add(residentMegabytes())
