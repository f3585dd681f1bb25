import * as Command from "@effect/cli/Command"
import * as BunContext from "@effect/platform-bun/BunContext"
import * as BunRuntime from "@effect/platform-bun/BunRuntime"
import * as Effect from "effect/Effect"
import { components } from "../src/commands/Components.ts"
import { remark } from "../src/Output.ts"

/** The command by itself: `bun ComponentsMain.ts lint ...`. */
const run = Command.run(components, { name: "components", version: "0" })

BunRuntime.runMain(
  run(process.argv).pipe(
    Effect.tapError((error) => remark(`error: ${"message" in error ? error.message : error._tag}`)),
    Effect.provide(BunContext.layer)
  ),
  { disableErrorReporting: true }
)
