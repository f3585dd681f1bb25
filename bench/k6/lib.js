// What the scripts have in common: where the system is, what is asked of it, what is promised, and what is reported.
//   BASE_URL   of the API (http://127.0.0.1:8080), or of it through a sidecar
//   USERS_URL  of the users service (http://127.0.0.1:8081)
//   HEADERS    of every request, as JSON: a token, where one is asked for
//   QUERIES    a file of [{ kind, address }] to search for; without it a few words
//   SLACK      how many times slower than budgets.json answers may be (1)
//   SUMMARY    file for k6's own figures, JSON
//   MARKDOWN   file for a table of them, such as $GITHUB_STEP_SUMMARY
import { check, sleep } from "k6"
import { SharedArray } from "k6/data"
import exec from "k6/execution"
import http from "k6/http"

const base = __ENV.BASE_URL || "http://127.0.0.1:8080"
const usersBase = __ENV.USERS_URL || "http://127.0.0.1:8081"
const headers = JSON.parse(__ENV.HEADERS || "{}")

/** What is promised, of all scripts: milliseconds that 95 of 100 answers stay within, by route. */
export const budgets = JSON.parse(open("./budgets.json"))
export const slack = Number(__ENV.SLACK || 1)

/** A number of the environment. */
export const given = (name, otherwise) => Number(__ENV[name] || otherwise)

const ask = (
  name,
  method,
  url,
  { body = null, headers: own = {}, status = 200, is = () => true, tags = {} } = {}
) => {
  const response = http.request(method, url, body, {
    headers: { ...headers, ...own },
    tags: { name, ...tags }
  })
  // Parsing every answer would load the machine more than answering it.
  check(response, { "is the answer": (answer) => answer.status === status && is(answer.body) })
  return response
}

const json = { "content-type": "application/json" }
const post = (name, path, value, status) =>
  ask(name, "POST", `${base}${path}`, { body: JSON.stringify(value), headers: json, status })

const words = ["tech", "vegan recipes", "fitness coach", "gamnig", "trav", "emma", "photography", "music"]

// Parsed once, whatever the number of virtual users.
const queries = new SharedArray("queries", () =>
  __ENV.QUERIES === undefined
    ? words.map((word) => ({ kind: "word", address: `q=${encodeURIComponent(word)}` }))
    : JSON.parse(open(__ENV.QUERIES))
)

const isPage = (body) => body.startsWith('{"total":') && body.endsWith("}")

/** Asks the next query, whoever asks. */
export const search = () => {
  const { address, kind } = queries[exec.scenario.iterationInTest % queries.length]
  return ask("search", "GET", `${base}/search?${address}`, { is: isPage, tags: { kind } })
}

/** The profile that a search found first. */
export const openProfile = () => {
  const [found] = search().json("hits")
  if (found !== undefined) ask("profile", "GET", `${base}/v1/profiles/${encodeURIComponent(found.id)}`)
}

/** Of this run: accounts and users of another one are others. */
export const runName = () => `k6${exec.scenario.startTime}`

/** Imports a file of accounts that nobody has stated before; answers the job. */
export const importFile = (rows) => {
  const name = `${runName()}i${exec.scenario.iterationInTest}`
  const lines = Array.from(
    { length: rows },
    (_, row) => `${name}r${row},Account ${row},${1_000 + row},Writes about tea`
  )
  return ask("import", "POST", `${base}/v1/imports?file=${name}.csv&platform=instagram`, {
    body: `handle,name,followers,bio\n${lines.join("\n")}\n`,
    headers: { "content-type": "text/csv" },
    status: 202
  }).json()
}

export const importStatus = (id) => ask("import-status", "GET", `${base}/v1/imports/${id}`).json()

/** Accounts of the simulated provider, by their numbers. */
export const track = (range) => post("track", "/v1/tracking", { range }, 200)
export const untrack = (range) => post("untrack", "/v1/tracking/remove", { range }, 200)

export const sendPoints = (points) => post("points", "/v1/points", { points }, 202)

const seriesUrl = (id) => `${base}/v1/influencers/${encodeURIComponent(id)}/series?metrics=followers`

/** Points are in the series a moment after they were taken: asks until there are some. */
export const untilThere = (id) => {
  const asked = { headers, tags: { name: "waiting" }, responseCallback: http.expectedStatuses(200, 404) }
  while (!http.get(seriesUrl(id), asked).body.includes('"followers"')) sleep(0.2)
}

export const readAnalytics = (id, from, to) =>
  ask(
    "analytics",
    "GET",
    `${base}/influencer_analytics/${encodeURIComponent(id)}?start_time=${from}&end_time=${to}`
  )
export const readSeries = (id) => ask("series", "GET", seriesUrl(id))
export const readGrowth = (id) =>
  ask("growth", "GET", `${base}/v1/influencers/${encodeURIComponent(id)}/growth?metrics=followers`)

export const createUser = (name) =>
  ask("user-create", "POST", `${usersBase}/create`, {
    body: JSON.stringify({ name, created_at: "2024-01-23" }),
    headers: { ...json, "idempotency-key": name },
    status: 204
  })
export const getUser = (id) =>
  ask("user-get", "GET", `${usersBase}/get?id=${id}`, {
    is: (body) => body.startsWith(`{"user_id":"${id}",`)
  })

/** Of the process that answers the API, in megabytes. */
export const residentMegabytes = () => {
  const { body } = http.get(`${base}/metrics`, { headers, tags: { name: "metrics" } })
  return Number(/^process_resident_memory_bytes(?:\{[^}]*\})? (\S+)$/m.exec(body)?.[1]) / 1e6
}

/** A request so often a second, whatever the answers take (open model): a slow answer does not hide the ones behind it. */
export const arrivals = (rate, seconds, more = {}) => ({
  executor: "constant-arrival-rate",
  rate,
  timeUnit: "1s",
  duration: `${seconds}s`,
  preAllocatedVUs: 50,
  maxVUs: 200,
  ...more
})

/** Every answer is right and in time, and those of the routes keep to their budgets. */
export const promises = (...names) => ({
  http_req_failed: ["rate==0"],
  checks: ["rate==1"],
  dropped_iterations: ["count==0"],
  ...Object.fromEntries(
    names.flatMap((name) => [
      [`http_req_duration{name:${name}}`, [`p(95)<=${budgets.routes[name].p95 * slack}`]],
      // Always met: k6 counts by route only what has a threshold.
      [`http_reqs{name:${name}}`, ["count>=0"]]
    ])
  )
})

export const summaryTrendStats = ["min", "avg", "med", "p(90)", "p(95)", "p(99)", "p(99.9)", "max"]

const figure = (value) => (value === undefined ? "-" : String(Math.round(value * 10) / 10))

/** A row for every route, or part of a script, that something is promised of. */
const rowOf = (metrics, selector) => {
  const [kind, name] = selector.split(":")
  const budget = kind === "name" ? budgets.routes[name] : undefined
  const times = metrics[`http_req_duration{${selector}}`].values
  const requests = metrics[`http_reqs{${selector}}`]
  const limit = budget === undefined ? undefined : budget.p95 * slack
  return `| ${[
    budget === undefined ? name : budget.route,
    requests === undefined ? "-" : requests.values.count,
    ...[times.med, times["p(95)"], times["p(99)"], limit].map(figure)
  ].join(" | ")} |`
}

const missed = (metrics) =>
  Object.entries(metrics).flatMap(([name, { thresholds = {} }]) =>
    Object.entries(thresholds).flatMap(([threshold, { ok }]) => (ok ? [] : [`- \`${name}\`: ${threshold}`]))
  )

const markdownOf = ({ metrics }) => {
  const selectors = Object.keys(metrics).flatMap((name) => {
    const [, selector] = /^http_req_duration\{((?:name|scenario):.*)\}$/.exec(name) || []
    return selector === undefined ? [] : [selector]
  })
  const failures = missed(metrics)
  return [
    "| route | requests | p50 ms | p95 | p99 | p95 may be |",
    "|---|---:|---:|---:|---:|---:|",
    ...selectors.sort().map((selector) => rowOf(metrics, selector)),
    "",
    failures.length === 0 ? "Everything that is promised holds." : "**Missed:**",
    ...failures,
    ""
  ].join("\n")
}

export const handleSummary = (data) => ({
  ...(__ENV.SUMMARY === undefined ? {} : { [__ENV.SUMMARY]: JSON.stringify(data) }),
  [__ENV.MARKDOWN || "stdout"]: markdownOf(data)
})
