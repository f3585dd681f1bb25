// Asks at a set rate whatever the answers take (open model), so that a slow answer does not hide the ones behind it.
//   RATE=100 DURATION=60 k6 run bench/k6/open.js
import { search, summaryTrendStats } from "./search.js"

export { handleSummary } from "./search.js"

export const options = {
  scenarios: {
    search: {
      executor: "constant-arrival-rate",
      rate: Number(__ENV.RATE || 100),
      timeUnit: "1s",
      duration: `${__ENV.DURATION || 60}s`,
      preAllocatedVUs: 50,
      maxVUs: 200
    }
  },
  thresholds: {
    http_req_failed: ["rate==0"],
    http_req_duration: [`p(95)<=${__ENV.P95 || 20}`],
    dropped_iterations: ["count==0"],
    checks: ["rate==1"]
  },
  summaryTrendStats
}

export default search
