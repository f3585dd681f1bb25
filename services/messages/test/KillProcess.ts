/**
 * Run by Kill.test.ts, which kills it: `bun KillProcess.ts DIRECTORY CHANNEL COUNT [WEBHOOK]`, with its settings in the
 * environment. Sends a campaign to COUNT recipients, which the first of these processes makes; says a line `begun` when that is
 * there, and a line `over` with the states of all recipients when it is finished.
 */
import { writeSync } from "node:fs"
import * as Effect from "effect/Effect"
import {
  addCampaign,
  addProfiles,
  addTemplate,
  awaitState,
  handleOf,
  recipientsOf,
  system
} from "./System.ts"

const [directory = "", channel = "file", count = "0", webhook] = process.argv.slice(2)

// Past every buffer of this process, so that a line that was written outlives it.
const say = (line: string): Effect.Effect<void> =>
  Effect.sync(() => {
    writeSync(1, `${line}\n`)
  })

const settings = Object.fromEntries(
  Object.entries(process.env).flatMap(([key, value]) =>
    key.startsWith("MESSAGES_") && value !== undefined ? [[key, value]] : []
  )
)

const program = Effect.gen(function* () {
  const handles = Array.from({ length: Number(count) }, (_, number) => handleOf(number))
  // A later one finds them there.
  yield* Effect.catchTag(addTemplate, "StorageError", () => Effect.void)
  yield* addProfiles(handles)
  const { id } = yield* addCampaign(
    handles,
    { channel, ...(webhook === undefined ? {} : { webhook }) },
    "drill"
  )
  yield* say("begun")
  yield* awaitState(id, "finished")
  const recipients = yield* recipientsOf(id)
  yield* say(
    `over ${JSON.stringify(recipients.map(({ address, message, state }) => ({ address, message, state })))}`
  )
})

await Effect.runPromise(program.pipe(Effect.provide(system(directory, settings)), Effect.scoped))
