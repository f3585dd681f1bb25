import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Effect from "effect/Effect"
import { version } from "../../package.json"
import { backUp } from "../backup/BackUp.ts"
import type { Manifest } from "../backup/Manifest.ts"
import { restore as restoreFrom } from "../backup/Restore.ts"
import { jsonOption, plainArg } from "../CommonOptions.ts"
import { print, printJson } from "../Output.ts"
import { progress } from "../Progress.ts"
import { count, counted, oneLine } from "../Text.ts"

const bytesOf = ({ files }: Manifest): number => files.reduce((sum, { bytes }) => sum + bytes, 0)

const described = (manifest: Manifest): string =>
  `${counted(manifest.files.length, "file")}, ${count(Math.ceil(bytesOf(manifest) / 1e6))} MB, as of ${manifest.at.toISOString()}`

const asJson = (manifest: Manifest & { readonly into: string }) => ({
  into: manifest.into,
  at: manifest.at,
  version: manifest.version,
  files: manifest.files.length,
  bytes: bytesOf(manifest)
})

/** Everything of a data directory in a directory of its own, also while an instance works on it. */
export const backup = Command.make(
  "backup",
  {
    directory: plainArg("directory").pipe(
      Args.withDescription("The directory to make, best on another disk.")
    ),
    json: jsonOption
  },
  (given) =>
    Effect.gen(function* () {
      const bar = yield* progress("Backing up")
      const made = yield* backUp({
        into: given.directory,
        version,
        onFile: (copied, total) => bar.update(copied / total, `${count(copied)} of ${counted(total, "file")}`)
      })
      if (given.json) return yield* printJson(asJson(made))
      yield* print(`Backed up ${described(made)}, into ${oneLine(made.into)}.`)
    }).pipe(Effect.scoped)
).pipe(
  Command.withDescription(
    "Copy everything, as it is at one moment, into a directory; also while it is served."
  )
)

/** The way back: into a data directory that has nothing in it. */
export const restore = Command.make(
  "restore",
  {
    backup: plainArg("backup").pipe(Args.withDescription("A directory that influscope backup has made.")),
    json: jsonOption
  },
  (given) =>
    Effect.gen(function* () {
      const bar = yield* progress("Restoring")
      const made = yield* restoreFrom({
        from: given.backup,
        onFile: (copied, total) => bar.update(copied / total, `${count(copied)} of ${counted(total, "file")}`)
      })
      if (given.json) return yield* printJson(asJson(made))
      yield* print(`Restored ${described(made)}, into ${oneLine(made.into)}. influscope start serves it.`)
    }).pipe(Effect.scoped)
).pipe(
  Command.withDescription(
    "Put a backup into the data directory, which must be empty; checks all of it first."
  )
)
