/**
 * The bare loop of compare.ts, in a process of its own: `loop.ts <file.csv> <profiles.db>` reads a file of Instagram
 * accounts and writes its profiles to an index, 500 at a time, with nothing between. Prints its times as JSON.
 */
import * as EmbeddedSearchIndex from "@influscope/adapters/search/EmbeddedSearchIndex"
import { computeEngagement } from "@influscope/domain/engagement/Formulas"
import { mergeObservation, type Profile } from "@influscope/domain/Profile"
import { makeProfileId } from "@influscope/domain/ProfileId"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import * as ProfileFile from "@influscope/tabular/ProfileFile"
import type { ProfileRow } from "@influscope/tabular/RowMapper"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Stream from "effect/Stream"

class UnreadableFile extends Data.TaggedError("UnreadableFile")<{ readonly cause: unknown }> {}

export interface LoopTimes {
  readonly rows: number
  readonly seconds: number
  readonly cpuSeconds: number
  readonly readSeconds: number
  readonly makeSeconds: number
  readonly writeSeconds: number
}

/** The very documents that the pipeline would have written. */
const profileOf = ({ fields, handle, platform }: ProfileRow, at: number, ordinal: number): Profile => {
  const { profile } = mergeObservation(undefined, {
    id: makeProfileId(platform, handle),
    platform,
    handle,
    source: "accounts.csv",
    observedAt: at,
    ingestedAt: at,
    ordinal,
    fields
  })
  return { ...profile, engagement: computeEngagement(platform, fields) }
}

const [file = "", indexPath = ""] = process.argv.slice(2)
const runtime = ManagedRuntime.make(EmbeddedSearchIndex.layer(indexPath))
const index = await runtime.runPromise(SearchIndex)

const at = Date.now()
let rows = 0
let makeMs = 0
let writeMs = 0
const cpuBefore = process.cpuUsage()
const started = performance.now()
const reading = ProfileFile.read(
  Stream.fromReadableStream({
    evaluate: () => Bun.file(file).stream(),
    onError: (cause) => new UnreadableFile({ cause })
  }),
  {
    fileName: "accounts.csv",
    platform: "instagram",
    map: [],
    resume: undefined,
    maxUnpackedBytes: undefined,
    hasDays: false,
    account: undefined
  }
)
await Effect.runPromise(
  Stream.runForEach(reading, (batch) =>
    Effect.gen(function* () {
      const before = performance.now()
      const writes = batch.rows.map((row, place) => ({
        profile: profileOf(row, at, rows + place),
        revision: undefined
      }))
      const made = performance.now()
      yield* index.bulk(writes)
      rows += writes.length
      makeMs += made - before
      writeMs += performance.now() - made
    })
  )
)
const seconds = (performance.now() - started) / 1_000
const cpu = process.cpuUsage(cpuBefore)
const times: LoopTimes = {
  rows,
  seconds,
  cpuSeconds: (cpu.user + cpu.system) / 1e6,
  readSeconds: seconds - (makeMs + writeMs) / 1_000,
  makeSeconds: makeMs / 1_000,
  writeSeconds: writeMs / 1_000
}
await runtime.dispose()
process.stdout.write(JSON.stringify(times))
