// Ten times as many searches for a moment: nobody is turned away, and afterwards all is as before.
//   RATE=15 SECONDS=30 k6 run bench/k6/spike.js
import { arrivals, budgets, given, promises, search, slack, summaryTrendStats } from "./lib.js"

export { handleSummary } from "./lib.js"

const rate = given("RATE", 15)
const seconds = given("SECONDS", 30)
/** What came during the spike is answered by then. */
const pause = Math.ceil(seconds / 5)

const calm = [`p(95)<=${budgets.routes.search.p95 * slack}`]

export const options = {
  scenarios: {
    before: arrivals(rate, seconds),
    spike: arrivals(10 * rate, seconds, { startTime: `${seconds}s` }),
    after: arrivals(rate, seconds, { startTime: `${2 * seconds + pause}s` })
  },
  thresholds: {
    ...promises(),
    "http_req_duration{scenario:before}": calm,
    // Slow is all it may be.
    "http_req_duration{scenario:spike}": [`p(95)<=${budgets.spike.p95 * slack}`],
    "http_req_duration{scenario:after}": calm
  },
  summaryTrendStats
}

export default search
