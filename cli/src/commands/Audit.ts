import * as Command from "@effect/cli/Command"
import type { TopicAuditView } from "@influscope/domain/api/OperationsApi"
import * as Effect from "effect/Effect"
import { ApiClient, ApiClientLive } from "../ApiClient.ts"
import { CliError } from "../CliError.ts"
import { jsonOption } from "../CommonOptions.ts"
import { print, printJson } from "../Output.ts"
import { type Column, table } from "../Table.ts"
import { count, counted } from "../Text.ts"

const figure = (title: string, of: (topic: TopicAuditView) => number): Column<TopicAuditView> => ({
  title,
  cell: (topic) => count(of(topic)),
  align: "right"
})

const columns: ReadonlyArray<Column<TopicAuditView>> = [
  { title: "topic", cell: ({ topic }) => topic },
  figure("sent", ({ sent }) => sent),
  figure("applied", ({ applied }) => applied),
  figure("pending", ({ pending }) => pending),
  figure("dead-lettered", ({ deadLettered }) => deadLettered),
  figure("dropped", ({ dropped }) => dropped),
  figure("missing", ({ missing }) => missing),
  figure("duplicate batches", ({ duplicateBatches }) => duplicateBatches)
]

export const audit = Command.make("audit", { json: jsonOption }, ({ json }) =>
  Effect.gen(function* () {
    const { operations } = yield* ApiClient
    const result = yield* operations.audit({})
    const missing = result.topics.reduce((sum, topic) => sum + topic.missing, 0)
    if (json) yield* printJson(result)
    else if (result.topics.length === 0) yield* print("Nothing was sent yet.")
    else yield* print(table(columns, result.topics))
    if (missing > 0) {
      return yield* new CliError({
        what: `${counted(missing, "item")} were sent and neither applied nor dead-lettered in time.`,
        likelyCause: "The broker lost them or is far behind; the relay sends them again by itself.",
        todo: "Run influscope audit again in a minute; if the number does not fall, look at the log."
      })
    }
  }).pipe(Effect.provide(ApiClientLive))
).pipe(
  Command.withDescription(
    "Account for every item that was sent: applied, pending, dead-lettered, dropped or missing."
  )
)
