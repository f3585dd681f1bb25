/**
 * Backs up, loses and restores what InfluScope keeps, and compares it with what was there:
 *   bun bench/restore/run.ts [--profiles 20000] [--posts 20000] [--points 1000000] [--batches 200] [--seed 3] [--no-gate]
 * Beside sidecars by the scripts of the CronJobs (k8s/components/backup): PostgreSQL and Elasticsearch to S3, into servers that are
 * empty; every table by a hash of its rows, every profile by its id. In one process by `influscope backup` while it is written, and
 * `influscope restore`. The control restores without Elasticsearch, which has to be seen as a loss. Writes bench/results/restore.json.
 */
import { readArguments } from "../support/Arguments.ts"
import { inDirectory } from "../support/Directory.ts"
import { rounded } from "../support/Numbers.ts"
import { conclude, print, printMachine, table } from "../support/Report.ts"
import { drillDirectory } from "./DataDirectory.ts"
import { drillStores } from "./Stores.ts"

const { gate, numbers } = readArguments({
  profiles: 50_000,
  posts: 50_000,
  points: 2_000_000,
  batches: 200,
  seed: 3
})

const megabytes = (bytes: number): number => rounded(bytes / 1e6, 1)

printMachine()
await inDirectory(async (directory) => {
  const stores = await drillStores(directory, numbers)
  const embedded = await drillDirectory(directory, numbers)

  table(
    ["", "MB", "back up, s", "restore, s"],
    [
      [
        "PostgreSQL and Elasticsearch",
        megabytes(stores.bytesInBucket),
        stores.backup.seconds,
        stores.restore.seconds
      ],
      ["data directory", megabytes(embedded.bytes), embedded.backupSeconds, embedded.restoreSeconds]
    ]
  )
  print()
  table(
    ["step", "s"],
    [...stores.backup.steps, ...stores.restore.steps].map(({ name, seconds }) => [name, seconds])
  )
  const { before, during } = embedded.writeMs
  print(
    `\na statement before and during the backup of the data directory: p50 ${before.p50} and ${during.p50} ms, p99 ${before.p99} and ${during.p99} ms`
  )
  await conclude(
    "restore",
    { arguments: numbers, stores, embedded },
    [
      {
        what: "profiles lost by Elasticsearch",
        required: "0",
        measured: stores.lost.profiles,
        met: stores.lost.profiles === 0
      },
      {
        what: "tables of PostgreSQL with other rows",
        required: "0",
        measured: stores.lost.tables,
        met: stores.lost.tables === 0
      },
      {
        what: "the control, without Elasticsearch, loses profiles",
        required: "all",
        measured: stores.control.profiles,
        met: stores.control.profiles === stores.amounts.profiles
      },
      {
        what: "profiles lost by the data directory",
        required: "0",
        measured: embedded.lost,
        met: embedded.lost === 0
      },
      {
        what: "points in it",
        required: String(embedded.points),
        measured: embedded.pointsKept,
        met: embedded.pointsKept === embedded.points
      }
    ],
    gate
  )
})
