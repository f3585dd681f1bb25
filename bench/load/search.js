// Asks at a set rate whatever the answers take (open model), so that a slow answer does not hide the ones behind it.
// Started by run.ts, or by hand:
//   BASE_URL=http://127.0.0.1:8080 QUERIES=queries.json RATE=100 DURATION=60 k6 run bench/load/search.js
import { check } from "k6"
import { SharedArray } from "k6/data"
import exec from "k6/execution"
import http from "k6/http"

const rate = Number(__ENV.RATE || 100)
const duration = Number(__ENV.DURATION || 60)
const base = __ENV.BASE_URL || "http://127.0.0.1:8080"

// Parsed once, whatever the number of virtual users: [{ kind, address }].
const queries = new SharedArray("queries", () => JSON.parse(open(__ENV.QUERIES)))

export const options = {
  discardResponseBodies: false,
  scenarios: {
    search: {
      executor: "constant-arrival-rate",
      rate,
      timeUnit: "1s",
      duration: `${duration}s`,
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
  summaryTrendStats: ["min", "avg", "med", "p(90)", "p(95)", "p(99)", "p(99.9)", "max"]
}

export default function search() {
  const { address, kind } = queries[exec.scenario.iterationInTest % queries.length]
  const response = http.get(`${base}/search?${address}`, { tags: { name: "search", kind } })
  // Parsing every answer would load the machine more than answering it.
  check(response, {
    "is a page of results": ({ body, status }) =>
      status === 200 && body.startsWith('{"total":') && body.endsWith("}")
  })
}

export const handleSummary = (data) =>
  __ENV.SUMMARY === undefined ? {} : { [__ENV.SUMMARY]: JSON.stringify(data) }
