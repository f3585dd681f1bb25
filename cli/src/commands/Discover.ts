import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import type { DiscoveryJob } from "@influscope/domain/api/OperationsApi"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { ApiClient, ApiClientLive } from "../ApiClient.ts"
import { CliError } from "../CliError.ts"
import { jsonOption } from "../CommonOptions.ts"
import { print, printJson } from "../Output.ts"
import { progress } from "../Progress.ts"
import { count, counted } from "../Text.ts"

const options = {
  source: Options.text("source").pipe(
    Options.withDescription("Where to look: `synthetic`, or a provider that is configured."),
    Options.withDefault("synthetic")
  ),
  count: Options.integer("count").pipe(Options.withDescription("How many profiles to discover.")),
  seed: Options.integer("seed").pipe(
    Options.withDescription("Of the synthetic source: the same seed, the same profiles."),
    Options.withDefault(1)
  ),
  offset: Options.integer("offset").pipe(
    Options.withDescription("Where in the source to begin."),
    Options.withDefault(0)
  ),
  json: jsonOption
}

const isOver = (job: DiscoveryJob): boolean => job.state === "done" || job.state === "failed"

/** Runs a discovery and watches it until everything is in the index. */
const watch = (params: {
  readonly source: string
  readonly count: number
  readonly seed: number
  readonly offset: number
}) =>
  Effect.gen(function* () {
    const { operations } = yield* ApiClient
    const bar = yield* progress(`Discovering from ${params.source}`)
    const job = yield* operations.discover({ payload: params })
    return yield* operations.getDiscovery({ path: { id: job.id } }).pipe(
      Effect.tap((now) =>
        bar.update(now.indexed / now.count, `${count(now.indexed)} of ${counted(now.count, "profile")}`)
      ),
      Effect.repeat(Schedule.recurUntil(isOver).pipe(Schedule.addDelay(() => "200 millis")))
    )
  }).pipe(Effect.scoped)

export const discover = Command.make("discover", options, ({ json, ...params }) =>
  Effect.gen(function* () {
    const job = yield* watch(params)
    if (json) yield* printJson(job)
    if (job.state === "failed") {
      return yield* new CliError({
        what: `The discovery stopped after ${counted(job.discovered, "profile")}.`,
        likelyCause: job.failure ?? "The source did not say.",
        todo: `What was discovered is kept. Go on: influscope discover --source ${params.source} --count ${params.count - job.discovered} --offset ${params.offset + job.discovered}`
      })
    }
    if (!json) yield* print(`${counted(job.indexed, "profile")} discovered and searchable.`)
  }).pipe(Effect.provide(ApiClientLive))
).pipe(Command.withDescription("Discover profiles from a source."))
