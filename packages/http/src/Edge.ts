import { httpDuration, httpRequests } from "@influscope/telemetry/Metrics"
import * as Metric from "effect/Metric"

// What holds for every request and every answer, whoever makes it.

/** A request id from outside is kept when it is harmless in a log and in a header. */
export const requestIdOf = (given: string | undefined): string =>
  given !== undefined && /^[A-Za-z0-9._-]{1,128}$/.test(given) ? given : crypto.randomUUID()

const isLocalName = (host: string): boolean =>
  /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i.test(host)

/**
 * A page of another site can make a browser call a server on this machine. It cannot do so without saying where it
 * comes from, or under a host name of its own; where no tokens are asked for both are turned away. `url` is the request's.
 */
export const isForeign = (url: string, host: string | undefined, origin: string | undefined): boolean =>
  (host !== undefined && !isLocalName(host)) ||
  (origin !== undefined && origin !== `${url.startsWith("https:") ? "https" : "http"}://${host}`)

// Routes, methods and statuses are few, and making a tagged metric costs more than counting with it.
const counters = new Map<string, typeof httpRequests>()
const durations = new Map<string, typeof httpDuration>()

const durationOf = (route: string): typeof httpDuration => {
  const known = durations.get(route)
  if (known !== undefined) return known
  const made = Metric.tagged(httpDuration, "route", route)
  durations.set(route, made)
  return made
}

const requestCounter = (route: string, method: string, status: string): typeof httpRequests => {
  const key = `${route} ${method} ${status}`
  const known = counters.get(key)
  if (known !== undefined) return known
  const made = httpRequests.pipe(
    Metric.tagged("route", route),
    Metric.tagged("method", method),
    Metric.tagged("status", status)
  )
  counters.set(key, made)
  return made
}

/** Headers of every answer, unless it has its own. */
export const commonHeaders = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "content-security-policy": "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'",
  "cache-control": "no-store"
}

/** Counts an answer and the seconds it took: what Metric.update does, without its look-up of tags that nobody sets. */
export const countAnswer = (route: string, method: string, status: number, seconds: number): void => {
  requestCounter(route, method, String(status)).unsafeUpdate(1, [])
  durationOf(route).unsafeUpdate(seconds, [])
}
