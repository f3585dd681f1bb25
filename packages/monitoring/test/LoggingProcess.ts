/** Run by Logs.native.ts: logs numbered lines within spans through the layer, as a service does. */
import * as Logging from "@influscope/telemetry/Logging"
import * as Effect from "effect/Effect"

const [word = "line", count = "1"] = process.argv.slice(2)

const line = (number: number) =>
  Effect.logWarning(`${word} ${number}`).pipe(
    Effect.annotateLogs("requestId", `${word}-${number}`),
    Effect.withSpan("work")
  )

await Effect.runPromise(
  Effect.provide(
    Effect.forEach(
      Array.from({ length: Number(count) }, (_, number) => number),
      line,
      { discard: true }
    ),
    Logging.layer
  )
)
