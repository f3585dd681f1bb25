import * as Command from "@effect/cli/Command"
import * as ValidationError from "@effect/cli/ValidationError"
import * as BunContext from "@effect/platform-bun/BunContext"
import * as BunRuntime from "@effect/platform-bun/BunRuntime"
import * as Effect from "effect/Effect"
import { components } from "../src/commands/Components.ts"
import { doctor } from "../src/commands/Doctor.ts"
import { stack } from "../src/commands/Stack.ts"
import { explain } from "../src/Explain.ts"
import { splitValues } from "../src/Help.ts"
import { remark } from "../src/Output.ts"

/** The commands of this folder's tests for the stack and the doctor, without the rest of the program. */
const influscope = Command.make("influscope").pipe(Command.withSubcommands([stack, components, doctor]))

const run = Command.run(influscope, { name: "InfluScope", version: "test", executable: "influscope" })

BunRuntime.runMain(
  run([...process.argv.slice(0, 2), ...splitValues(process.argv.slice(2))]).pipe(
    Effect.provide(BunContext.layer),
    Effect.tapError((error) =>
      ValidationError.isValidationError(error) ? Effect.void : remark(`error: ${explain(error).message}`)
    )
  ),
  { disableErrorReporting: true, disablePrettyLogger: true }
)
