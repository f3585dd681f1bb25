import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"

/**
 * Growth of resident memory after which garbage is collected: so many bytes, or this share of what was left by the last
 * collection, whichever is more. The more there is, the longer a collection takes.
 */
const leastGrowth = 32 * 1024 ** 2
const growthShare = 0.125

/**
 * Collects garbage now, and again whenever memory has grown, for as long as the scope is open. Large files make garbage
 * faster than the engine thinks worth collecting. A full collection holds everything up, so it goes by growth, not by time.
 */
export const keepMemoryLow = Effect.suspend(() => {
  let floor = 0
  return Effect.sync(() => {
    const resident = process.memoryUsage.rss()
    floor = Math.min(floor, resident)
    if (resident - floor < Math.max(leastGrowth, growthShare * floor)) return
    Bun.gc(true)
    floor = process.memoryUsage.rss()
  }).pipe(Effect.repeat(Schedule.spaced("200 millis")), Effect.interruptible, Effect.forkScoped)
})
