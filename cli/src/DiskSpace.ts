import { statfs } from "node:fs/promises"
import { Health } from "@influscope/telemetry/Health"
import { diskFree, diskSize } from "@influscope/telemetry/Metrics"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Schedule from "effect/Schedule"
import { DataDir } from "./DataDir.ts"

/** The disk of the data directory has no room to work in. */
export class DiskFull extends Data.TaggedError("DiskFull")<{
  readonly path: string
  readonly freeBytes: number
}> {}

/** Room for what is on its way (400 batches of half a MiB at most are held back by then) and for SQLite's log. */
const neededBytes = 32 * 1024 ** 2

/** Fails while the disk below an existing path is all but full. What cannot be asked is not full. */
export const checkDiskSpace = (path: string): Effect.Effect<void, DiskFull> =>
  Effect.tryPromise(() => statfs(path)).pipe(
    Effect.map(({ bavail, bsize }) => bavail * bsize),
    Effect.orElseSucceed(() => Number.POSITIVE_INFINITY),
    Effect.flatMap((freeBytes) =>
      freeBytes < neededBytes ? Effect.fail(new DiskFull({ path, freeBytes })) : Effect.void
    )
  )

/** What cannot be asked is left as it was. */
const measure = (path: string): Effect.Effect<void> =>
  Effect.tryPromise(() => statfs(path)).pipe(
    Effect.flatMap(({ bavail, blocks, bsize }) =>
      Effect.zipRight(Metric.set(diskFree, bavail * bsize), Metric.set(diskSize, blocks * bsize))
    ),
    Effect.ignore
  )

/** Measures the disk, and says so in /readyz when it fills up while the instance runs. */
export const DiskCheckLive = Layer.scopedDiscard(
  Effect.gen(function* () {
    const health = yield* Health
    const { path } = yield* DataDir
    yield* Effect.forkScoped(Effect.repeat(measure(path), Schedule.spaced("15 seconds")))
    yield* health.register({
      name: "disk",
      run: Effect.mapError(
        checkDiskSpace(path),
        ({ freeBytes }) =>
          `The disk of the data directory has ${Math.floor(freeBytes / 1024 ** 2)} MiB left; free some space. What was accepted waits and goes on by itself.`
      )
    })
  })
)
