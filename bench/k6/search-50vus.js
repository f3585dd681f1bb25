// Fifty people search one after the other for a minute (closed model): each thinks, asks, reads the answer and thinks
// again, 1.2 s on average, which makes about 40 requests/s. They wait for slow answers and ask less then, so what this
// shows is how long an answer takes, not how much the service can take: that is breakpoint.js.
//   k6 run bench/k6/search-50vus.js
import { sleep } from "k6"
import { search, summaryTrendStats } from "./search.js"

export { handleSummary } from "./search.js"

const think = Number(__ENV.THINK || 1.2)

export const options = {
  scenarios: {
    search: { executor: "constant-vus", vus: Number(__ENV.VUS || 50), duration: `${__ENV.DURATION || 60}s` }
  },
  thresholds: {
    http_req_failed: ["rate==0"],
    checks: ["rate==1"],
    http_req_duration: [`avg<${__ENV.AVERAGE || 6.04}`, `p(95)<${__ENV.P95 || 9.18}`]
  },
  summaryTrendStats
}

export default function ask() {
  // Half as long to half as long again, and before the first search too: people do not move in step.
  sleep(think * (0.5 + Math.random()))
  search()
}
