// Points arrive in batches while people look at charts, and the simulated provider is asked for those of INFLUENCERS more.
//   RATE=20 INFLUENCERS=1000 SECONDS=60 k6 run bench/k6/tracking.js
import exec from "k6/execution"
import {
  arrivals,
  given,
  promises,
  readAnalytics,
  readGrowth,
  readSeries,
  sendPoints,
  summaryTrendStats,
  track,
  untilThere,
  untrack
} from "./lib.js"

export { handleSummary } from "./lib.js"

const rate = given("RATE", 20)
const seconds = given("SECONDS", 60)
const range = { from: 1_000_001, to: 1_000_000 + given("INFLUENCERS", 1_000) }

/** Accounts of a test that nobody fetches; the charts are theirs. */
const ids = Array.from({ length: 20 }, (_, place) => `youtube:k6account${place}`)
const daySeconds = 86_400

const pointsAt = (time) =>
  ids.map((id, place) => ({
    id,
    time: new Date(time * 1_000).toISOString(),
    followers: 1_000_000 * place + (time % 1_000_000)
  }))

export const options = {
  scenarios: {
    points: arrivals(Math.max(1, Math.round(rate / 10)), seconds, { exec: "points" }),
    charts: arrivals(rate, seconds, { exec: "charts" })
  },
  thresholds: promises("track", "untrack", "points", "analytics", "series", "growth"),
  summaryTrendStats
}

export const setup = () => {
  const now = Math.floor(Date.now() / 1_000)
  track(range)
  for (let day = 30; day > 0; day--) sendPoints(pointsAt(now - day * daySeconds))
  for (const id of ids) untilThere(id)
}

export const points = () => sendPoints(pointsAt(Math.floor(Date.now() / 1_000)))

export const charts = () => {
  const place = exec.scenario.iterationInTest
  const id = ids[place % ids.length]
  const now = Math.floor(Date.now() / 1_000)
  const reads = [
    () => readAnalytics(id, now - 30 * daySeconds, now),
    () => readSeries(id),
    () => readGrowth(id)
  ]
  reads[place % reads.length]()
}

export const teardown = () => untrack(range)
