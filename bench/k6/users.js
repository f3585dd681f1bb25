// People sign up, and are looked up ten times as often.
//   RATE=10 SECONDS=60 k6 run bench/k6/users.js
import exec from "k6/execution"
import { arrivals, createUser, getUser, given, promises, runName, summaryTrendStats } from "./lib.js"

export { handleSummary } from "./lib.js"

const rate = given("RATE", 10)
const seconds = given("SECONDS", 60)

export const options = {
  scenarios: {
    creates: arrivals(rate, seconds, { exec: "create" }),
    gets: arrivals(10 * rate, seconds, { exec: "get" })
  },
  thresholds: promises("user-create", "user-get"),
  summaryTrendStats
}

/** Numbers are given in order: those up to here are there. */
const first = 10

export const setup = () => {
  for (let number = 1; number <= first; number++) createUser(`setup-${number}`)
}

export const create = () => createUser(`${runName()}u${exec.scenario.iterationInTest}`)

export const get = () => getUser(1 + (exec.scenario.iterationInTest % first))
