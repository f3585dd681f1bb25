// Searches at a set rate: the promise of a search under load.
//   RATE=100 SECONDS=60 k6 run bench/k6/search-gate.js
import { arrivals, given, promises, search, summaryTrendStats } from "./lib.js"

export { handleSummary } from "./lib.js"

export const options = {
  scenarios: { search: arrivals(given("RATE", 100), given("SECONDS", 60)) },
  thresholds: promises("search"),
  summaryTrendStats
}

export default search
