import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import type { ReindexPhase } from "@influscope/adapters/elasticsearch/Reindex"
import * as Effect from "effect/Effect"
import { CliError } from "../CliError.ts"
import { jsonOption } from "../CommonOptions.ts"
import { print, printJson } from "../Output.ts"
import { progress } from "../Progress.ts"
import { count, counted } from "../Text.ts"

const options = {
  keepOld: Options.boolean("keep-old").pipe(
    Options.withDescription("Keep the index that was replaced, to go back to.")
  ),
  restart: Options.boolean("restart").pipe(
    Options.withDescription("Throw away what a reindex that was cut off has left; only when none is running.")
  ),
  json: jsonOption
}

const words: { readonly [P in ReindexPhase]: string } = {
  copy: "copying",
  "catch-up": "copying what was written meanwhile",
  switch: "switching; writes wait"
}

/** Only Elasticsearch has an index that is rebuilt: the embedded one rebuilds itself when it has to. */
export const reindex = Command.make("reindex", options, (given) =>
  Effect.gen(function* () {
    // The client is large, and no other command needs it.
    const { reindex: rebuild } = yield* Effect.promise(
      () => import("@influscope/adapters/elasticsearch/Reindex")
    )
    const bar = yield* progress("Rebuilding the search index")
    const report = yield* rebuild({
      keepOld: given.keepOld,
      restart: given.restart,
      onProgress: ({ copied, phase, total }) =>
        bar.update(total === 0 ? 0 : copied / total, `${count(copied)} of ${count(total)}, ${words[phase]}`)
    }).pipe(
      Effect.catchTag(
        "StorageError",
        (error) =>
          new CliError({
            what: `The search index was not rebuilt: ${error.message}.`,
            likelyCause:
              error.reason === "conflict"
                ? "Another reindex is running, or one was cut off."
                : "Elasticsearch cannot be reached at ELASTICSEARCH_URL, or is not up to it.",
            todo:
              error.reason === "conflict"
                ? "Wait for it or, when none is running: influscope reindex --restart"
                : "Everything is as it was. Look with influscope doctor, and run it again."
          })
      )
    )
    if (given.json) return yield* printJson(report)
    yield* print(
      `${counted(report.documents, "document")} moved from ${report.from} to ${report.to}; writes waited for ${count(Math.round(report.pausedMs))} ms.`
    )
  }).pipe(Effect.scoped)
).pipe(
  Command.withDescription(
    "Rebuild Elasticsearch's index under a new mapping, while it is searched and written."
  )
)
