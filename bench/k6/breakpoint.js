// Raises the rate step by step (open model) until the p95 of a step reaches the limit, or an answer fails or is not asked
// for in time, and ends there: k6 then says that a threshold was missed (99), which is what was looked for.
//   RATES=100,200,400 SECONDS=10 P95=9.18 k6 run bench/k6/breakpoint.js
import { budgets, given, search, summaryTrendStats } from "./lib.js"

export { handleSummary } from "./lib.js"

const rates = (__ENV.RATES || "40,80,120,160,200,250,300,400,500,600,800,1000").split(",").map(Number)
const seconds = given("SECONDS", 10)
const limit = given("P95", budgets.people.p95)

/** Between two steps, for what is left of the one before. */
const pause = 1

export const options = {
  scenarios: Object.fromEntries(
    rates.map((rate, step) => [
      `at_${rate}`,
      {
        executor: "constant-arrival-rate",
        rate,
        timeUnit: "1s",
        startTime: `${step * (seconds + pause)}s`,
        duration: `${seconds}s`,
        gracefulStop: `${pause}s`,
        preAllocatedVUs: 100,
        maxVUs: 100
      }
    ])
  ),
  thresholds: Object.fromEntries(
    rates.flatMap((rate, step) => {
      // At the end of the step: it begins slowly, and a few answers say little.
      const delayAbortEval = `${step * (seconds + pause) + seconds}s`
      const ending = (threshold) => [{ threshold, abortOnFail: true, delayAbortEval }]
      return [
        [`http_req_duration{scenario:at_${rate}}`, ending(`p(95)<${limit}`)],
        [`http_req_failed{scenario:at_${rate}}`, ending("rate==0")],
        [`dropped_iterations{scenario:at_${rate}}`, ending("count==0")],
        // Always met: k6 counts by scenario only what has a threshold.
        [`http_reqs{scenario:at_${rate}}`, ["count>=0"]]
      ]
    })
  ),
  summaryTrendStats
}

export default search
