import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"

/**
 * Growth of resident memory after which garbage is collected: so many bytes, or this share of what was left by the last
 * collection, whichever is more. The more there is, the longer a collection takes.
 */
const leastGrowth = 32 * 1024 ** 2
const growthShare = 0.125

/** Less growth is collected too once the process has rested for so long: then it holds nobody up. */
const leastGrowthAtRest = 4 * 1024 ** 2
const restMs = 3_000
/** Share of a processor that a process at rest takes. */
const restShare = 0.1

const processorMs = (): number => {
  const { system, user } = process.cpuUsage()
  return (system + user) / 1_000
}

/**
 * Collects garbage now, and again whenever memory has grown, for as long as the scope is open. Large files make garbage
 * faster than the engine thinks worth collecting. A full collection holds everything up, so it goes by growth, not by time.
 */
export const keepMemoryLow = Effect.suspend(() => {
  let floor = 0
  let looked = { at: performance.now(), used: processorMs() }
  let restingSince = looked.at
  return Effect.sync(() => {
    const now = { at: performance.now(), used: processorMs() }
    if (now.used - looked.used > restShare * (now.at - looked.at)) restingSince = now.at
    looked = now
    const resident = process.memoryUsage.rss()
    floor = Math.min(floor, resident)
    const rests = now.at - restingSince >= restMs
    if (resident - floor < (rests ? leastGrowthAtRest : Math.max(leastGrowth, growthShare * floor))) return
    Bun.gc(true)
    floor = process.memoryUsage.rss()
  }).pipe(Effect.repeat(Schedule.spaced("200 millis")), Effect.interruptible, Effect.forkScoped)
})
