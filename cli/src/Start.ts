import * as Grpc from "@influscope/analytics/Grpc"
import { ServerAddress } from "@influscope/api/Server"
import { Discoveries } from "@influscope/ports/Discoveries"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import { DataDir } from "./DataDir.ts"

const seedProfiles = 5_000

const say = (line: string) => Effect.sync(() => process.stdout.write(`${line}\n`))

/** Fills an empty index with synthetic profiles, saying how far it is. */
const seed = Effect.gen(function* () {
  const index = yield* SearchIndex
  const discoveries = yield* Discoveries
  const known = yield* index.count
  if (known > 0) return yield* say(`Reusing the data of the last start: ${known} profiles.`)
  const job = yield* discoveries.start({ source: "synthetic", count: seedProfiles, seed: 1, offset: 0 })
  yield* discoveries.get(job.id).pipe(
    Effect.map(Option.getOrElse(() => job)),
    Effect.tap((now) => say(`Seeding synthetic profiles: ${now.indexed} of ${now.count}`)),
    Effect.repeat(
      Schedule.recurUntil((now: typeof job) => now.state === "done" || now.state === "failed").pipe(
        Schedule.addDelay(() => "250 millis")
      )
    )
  )
})

/** Seeds on the first start, tells other commands where this instance answers, and prints what runs where. */
export const start = Effect.gen(function* () {
  const data = yield* DataDir
  const server = yield* ServerAddress
  const grpc = yield* Grpc.AnalyticsServer
  yield* seed
  yield* data.announce({ pid: process.pid, url: server.url, grpc: grpc.address, startedAt: new Date() })
  yield* say(
    [
      "",
      "part       address                   data                     guarantee",
      `web, API   ${server.url.padEnd(25)} ${data.path}  what is answered with 2xx survives kill -9`,
      `analytics  ${grpc.address.padEnd(25)} none                     gRPC, the same results as in process`,
      `queue      in this process           ${data.path}/influscope.db  at least once, dead letters kept`,
      `search     in this process           ${data.path}/profiles.db  durable before it is visible`,
      "",
      `Try:   curl '${server.url}/search?q=tech'`,
      `Open:  ${server.url}/`,
      ""
    ].join("\n")
  )
})
