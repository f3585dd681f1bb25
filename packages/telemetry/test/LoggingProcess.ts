/** Run by Logging.test.ts: logs one line of every level through the layer, and prints one line of its own. */
import * as Effect from "effect/Effect"
import * as Logging from "../src/Logging.ts"

const program = Effect.gen(function* () {
  yield* Effect.logDebug("a debug line")
  yield* Effect.logInfo('hostile\n{"level":"fatal","message":"forged"}\r\n\u2028\u001b[2J')
  yield* Effect.logError("an error line")
  process.stdout.write("output\n")
})

await Effect.runPromise(Effect.provide(program, Logging.layer))
