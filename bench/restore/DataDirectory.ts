import { rmSync } from "node:fs"
import { join } from "node:path"
import * as SqliteTimeSeries from "@influscope/adapters/sqlite/timeseries/TimeSeries"
import { TimeSeries } from "@influscope/ports/TimeSeries"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { startApp } from "../support/App.ts"
import { bytesOf } from "../support/Disk.ts"
import { rounded, type Spread, spreadOf } from "../support/Numbers.ts"
import { writePoints } from "./Points.ts"

export interface DirectoryAmounts {
  readonly profiles: number
  readonly points: number
  readonly seed: number
}

const main = join(import.meta.dirname, "..", "..", "cli", "src", "main.ts")

/** Runs a command on a data directory; answers how long it took. */
const influscope = async (dataDir: string, ...args: ReadonlyArray<string>): Promise<number> => {
  const started = performance.now()
  const child = Bun.spawn([process.execPath, main, ...args], {
    env: { ...process.env, INFLUSCOPE_DATA_DIR: dataDir, INFLUSCOPE_LOG_LEVEL: "WARN" },
    stdout: "ignore",
    stderr: "pipe"
  })
  const [said, code] = await Promise.all([new Response(child.stderr).text(), child.exited])
  if (code !== 0) throw new Error(`influscope ${args.join(" ")} ended with ${code}: ${said}`)
  return rounded((performance.now() - started) / 1_000, 1)
}

/** Statements one after the other, each timed, until `work` is over; ids of those acknowledged. */
const stating = async (url: string, word: string, work: () => Promise<unknown>) => {
  const acknowledged: Array<string> = []
  const times: Array<number> = []
  let over = false
  const state = async (): Promise<void> => {
    for (let n = 0; !over; n++) {
      const handle = `${word}${n}`
      const started = performance.now()
      const answer = await fetch(`${url}/v1/profiles`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ source: "bench", profiles: [{ platform: "x", handle, followers: n }] })
      })
      times.push(performance.now() - started)
      if (answer.status === 202) acknowledged.push(`x:${handle}`)
      await Bun.sleep(10)
    }
  }
  const writing = state()
  try {
    await work()
  } finally {
    over = true
  }
  await writing
  return { acknowledged, ms: spreadOf(times) satisfies Spread }
}

const idsOf = async (url: string): Promise<ReadonlySet<string>> => {
  const text = await (await fetch(`${url}/v1/export`)).text()
  const lines = text.trimEnd().split("\n").slice(1, -1)
  return new Set(lines.map((line) => JSON.parse(line)).map(({ handle, platform }) => `${platform}:${handle}`))
}

const onSeries = <A, E>(dataDir: string, work: Effect.Effect<A, E, TimeSeries>): Promise<A> =>
  work.pipe(
    Effect.provide(Layer.orDie(SqliteTimeSeries.layer(join(dataDir, "series.db")))),
    Effect.runPromise
  )

/** Backs up a data directory that is in use, loses it, restores it and compares. */
export const drillDirectory = async (directory: string, { points, profiles, seed }: DirectoryAmounts) => {
  const dataDir = join(directory, "data")
  const backup = join(directory, "backup")
  await onSeries(dataDir, writePoints(points, seed))
  const env = { INFLUSCOPE_SEED_PROFILES: String(profiles) }
  const app = await startApp({ dataDir, env, timeoutMs: 600_000 })
  const before = await stating(app.url, "before", () => Bun.sleep(5_000))
  const known = await idsOf(app.url)
  let backupSeconds = 0
  const during = await stating(app.url, "during", async () => {
    backupSeconds = await influscope(dataDir, "backup", backup)
  })
  const bytes = bytesOf(backup)
  await app.kill()
  rmSync(dataDir, { recursive: true })

  const restoreSeconds = await influscope(dataDir, "restore", backup)
  const again = await startApp({ dataDir, env })
  const kept = await idsOf(again.url)
  await again.stop()
  const { points: pointsKept } = await onSeries(
    dataDir,
    Effect.flatMap(TimeSeries, ({ stats }) => stats)
  )
  const stated = new Set([...known, ...before.acknowledged])
  return {
    profiles: stated.size,
    points,
    bytes,
    backupSeconds,
    restoreSeconds,
    startSeconds: rounded(again.upAfterMs / 1_000, 1),
    writeMs: { before: before.ms, during: during.ms },
    lost: stated.difference(kept).size,
    pointsKept
  }
}
