// Fifty people search one after the other for a minute (closed model): each thinks, asks, reads the answer and thinks
// again, 1.2 s on average, which makes about 40 requests/s. They wait for slow answers and ask less then, so what this
// shows is how long an answer takes, not how much the service can take: that is breakpoint.js.
//   k6 run bench/k6/people.js
import { sleep } from "k6"
import { budgets, given, search, summaryTrendStats } from "./lib.js"

export { handleSummary } from "./lib.js"

const think = given("THINK", 1.2)

export const options = {
  scenarios: {
    search: { executor: "constant-vus", vus: given("VUS", 50), duration: `${given("SECONDS", 60)}s` }
  },
  thresholds: {
    http_req_failed: ["rate==0"],
    checks: ["rate==1"],
    http_req_duration: [
      `avg<${given("AVERAGE", budgets.people.average)}`,
      `p(95)<${given("P95", budgets.people.p95)}`
    ]
  },
  summaryTrendStats
}

export default function ask() {
  // Half as long to half as long again, and before the first search too: people do not move in step.
  sleep(think * (0.5 + Math.random()))
  search()
}
