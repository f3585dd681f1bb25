// What the scenarios have in common: one search, as a person would type it.
//   BASE_URL  of the API (http://127.0.0.1:8080), or of it through a sidecar
//   HEADERS   of every request, as JSON: a sidecar may want its token
//   QUERIES   a file of [{ kind, address }]; without it a few words
import { check } from "k6"
import { SharedArray } from "k6/data"
import exec from "k6/execution"
import http from "k6/http"

const base = __ENV.BASE_URL || "http://127.0.0.1:8080"
const headers = JSON.parse(__ENV.HEADERS || "{}")
const words = ["tech", "vegan recipes", "fitness coach", "gamnig", "trav", "emma", "photography", "music"]

// Parsed once, whatever the number of virtual users.
const queries = new SharedArray("queries", () =>
  __ENV.QUERIES === undefined
    ? words.map((word) => ({ kind: "word", address: `q=${encodeURIComponent(word)}` }))
    : JSON.parse(open(__ENV.QUERIES))
)

/** Asks the next query, whoever asks. */
export const search = () => {
  const { address, kind } = queries[exec.scenario.iterationInTest % queries.length]
  const response = http.get(`${base}/search?${address}`, { headers, tags: { name: "search", kind } })
  // Parsing every answer would load the machine more than answering it.
  check(response, {
    "is a page of results": ({ body, status }) =>
      status === 200 && body.startsWith('{"total":') && body.endsWith("}")
  })
}

export const summaryTrendStats = ["min", "avg", "med", "p(90)", "p(95)", "p(99)", "p(99.9)", "max"]

export const handleSummary = (data) =>
  __ENV.SUMMARY === undefined ? {} : { [__ENV.SUMMARY]: JSON.stringify(data) }
