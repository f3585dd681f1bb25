/**
 * Run by Cache.test.ts, several at once: `bun MakeProgram.ts LOG MILLISECONDS`. Has a program made that takes so long, and
 * says a line in the log for each time that it is.
 */
import { appendFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { cached } from "../src/Cache.ts"

const [log = "", milliseconds = "0"] = process.argv.slice(2)

const make = (directory: string) =>
  Effect.gen(function* () {
    appendFileSync(log, "made\n")
    yield* Effect.sleep(Number(milliseconds))
    yield* Effect.promise(() => Bun.write(join(directory, "program"), "whole"))
  })

const directory = await Effect.runPromise(cached("program", "1", make))
process.stdout.write(await Bun.file(join(directory, "program")).text())
