import { DeadLetters } from "@influscope/ports/DeadLetters"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { addsUp, importFile } from "./Embedded.ts"
import { hostileFile, randomOf } from "./HostileFiles.ts"

export interface HostileImport {
  readonly seed: number
  readonly kind: string
  readonly bytes: number
  readonly state: string
  /** What is wrong with how it ended; none when all is well. */
  readonly problem: string | undefined
}

const limit = "30 seconds"

/** Imports the hostile file of a seed into the running instance and looks at how that ended. */
export const importHostile = (seed: number) =>
  Effect.gen(function* () {
    const { bytes, kind, options } = hostileFile(randomOf(seed))
    const deadLetters = yield* DeadLetters
    const ended = yield* Effect.timeoutOption(importFile(bytes, options), limit)
    const dead = yield* deadLetters.count
    const problems = Option.match(ended, {
      onNone: () => [`not over within ${limit}`],
      onSome: (job) => [
        ...(addsUp(job) ? [] : ["the report does not add up"]),
        ...((job.state === "failed") === (job.failure !== null)
          ? []
          : ["failed without a sentence, or with one"]),
        ...(/error on our side|is damaged/.test(job.failure ?? "") ? [`failed by ${job.failure}`] : []),
        ...(job.report.rejections.every(({ reason }) => reason !== "") ? [] : ["rejected without a reason"]),
        // What the importer lets through, the pipeline has to understand.
        ...(dead === 0 ? [] : [`${dead} dead letters`])
      ]
    })
    const state = Option.match(ended, { onNone: () => "stuck", onSome: (job) => job.state })
    const problem = problems.length === 0 ? undefined : problems.join("; ")
    return { seed, kind, bytes: bytes.length, state, problem } satisfies HostileImport
  })
