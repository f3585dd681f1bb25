import * as Command from "@effect/cli/Command"
import * as Grpc from "@influscope/analytics/Grpc"
import { ServerAddress, ServerLive } from "@influscope/api/Server"
import { Access } from "@influscope/http/Access"
import { Discoveries } from "@influscope/ports/Discoveries"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import { takingTurns } from "@influscope/telemetry/Turns"
import { KnownUsersAddress, KnownUsersServerLive } from "@influscope/users/KnownUsersHttp"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import { ControlLive } from "../backup/Control.ts"
import { keepMemoryLow } from "../Collecting.ts"
import { DataDir } from "../DataDir.ts"
import { checkDiskSpace } from "../DiskSpace.ts"
import { ServedLive } from "../Embedded.ts"
import { print, remark } from "../Output.ts"
import { progress } from "../Progress.ts"
import { table } from "../Table.ts"
import { count, counted, styled } from "../Text.ts"

/** Profiles an empty index is filled with, so that there is something to look at. */
const seedProfiles = Config.integer("INFLUSCOPE_SEED_PROFILES").pipe(
  Config.validate({ message: "expected 0 to 1000000", validation: (n) => n >= 0 && n <= 1_000_000 }),
  Config.withDefault(5_000)
)

const seed = (profiles: number) =>
  Effect.gen(function* () {
    const discoveries = yield* Discoveries
    const bar = yield* progress("Seeding synthetic profiles")
    const job = yield* discoveries
      .start({ source: "synthetic", count: profiles, seed: 1, offset: 0 })
      .pipe(Effect.catchTags({ UnknownSource: Effect.die, DiscoveriesBusy: Effect.die }))
    yield* discoveries.get(job.id).pipe(
      Effect.map(Option.getOrElse(() => job)),
      Effect.tap((now) =>
        bar.update(now.indexed / now.count, `${count(now.indexed)} of ${count(now.count)}`)
      ),
      Effect.repeat({
        until: (now) => now.state === "done" || now.state === "failed",
        schedule: Schedule.spaced("100 millis")
      })
    )
  }).pipe(Effect.scoped)

const fillOrReuse = Effect.gen(function* () {
  const profiles = yield* seedProfiles
  const index = yield* SearchIndex
  const { path } = yield* DataDir
  const known = yield* index.count
  if (known > 0) return yield* print(`Reusing the data in ${path}: ${counted(known, "profile")}.`)
  if (profiles === 0) return yield* print(`Starting empty in ${path}.`)
  yield* seed(profiles)
  yield* print(`Seeded ${counted(yield* index.count, "synthetic profile")} into ${path}.`)
})

/** How this instance was started is how its reader runs commands. */
const runner = process.env["npm_config_user_agent"]?.startsWith("bun") === true ? "bun" : "npm run"

interface Part {
  readonly name: string
  readonly address: string
  readonly data: string
  readonly guarantee: string
}

const overview = (parts: ReadonlyArray<Part>): string =>
  table<Part>(
    [
      { title: "part", cell: ({ name }) => name },
      { title: "address", cell: ({ address }) => address },
      { title: "data", cell: ({ data }) => data },
      { title: "guarantee", cell: ({ guarantee }) => guarantee, shrinks: true }
    ],
    parts
  )

const running = Effect.gen(function* () {
  const data = yield* DataDir
  const server = yield* ServerAddress
  const grpc = yield* Grpc.AnalyticsServer
  const users = yield* KnownUsersAddress
  const access = yield* Access
  yield* checkDiskSpace(data.path)
  yield* fillOrReuse
  // Not before: the first start is to be fast.
  yield* keepMemoryLow
  yield* data.announce({
    pid: process.pid,
    url: server.url,
    grpc: grpc.address,
    users: users.url,
    startedAt: new Date()
  })
  const here = "in this process"
  yield* print(
    [
      "",
      overview([
        {
          name: "web and API",
          address: server.url,
          data: "-",
          guarantee: `what is answered with 2xx survives kill -9; ${access.isOpen ? "this machine only, without tokens" : "with tokens only"}`
        },
        {
          name: "users",
          address: users.url,
          data: "influscope.db",
          guarantee: "one user for each client key, however often it is sent"
        },
        {
          name: "analytics (gRPC)",
          address: grpc.address,
          data: "-",
          guarantee: "versioned formulas, the same results as in process"
        },
        {
          name: "queue and outbox",
          address: here,
          data: "influscope.db",
          guarantee: "at least once, in the audit until applied; dead letters are kept"
        },
        {
          name: "search index",
          address: here,
          data: "profiles.db",
          guarantee: "on disk before it is found; applied once, older never wins"
        },
        { name: "avatars", address: here, data: "objects/", guarantee: "written whole or not at all" }
      ]),
      "",
      `Try    ${styled("bold", `curl '${server.url}/search?q=tech'`)}`,
      `Open   ${styled("bold", `${server.url}/`)}`,
      `Import your own file: ${runner} influscope ${runner === "npm run" ? "-- " : ""}import creators.csv      Stop: Ctrl-C`,
      ""
    ].join("\n")
  )
})

/** Says what takes a moment when a signal has come; the layers below drain in the meantime. */
const farewell = Effect.addFinalizer(() =>
  remark("Stopping: requests and batches in flight are finished first.")
)

export const start = Command.make("start", {}, () =>
  Layer.launch(
    Layer.scopedDiscard(Effect.zipRight(running, farewell)).pipe(
      Layer.provide(Layer.mergeAll(ServerLive, KnownUsersServerLive, Grpc.layerConfig, ControlLive)),
      Layer.provide(ServedLive)
    )
  ).pipe(takingTurns)
).pipe(
  Command.withDescription("Start everything in this process and serve it; the first start seeds profiles.")
)
