import * as Effect from "effect/Effect"
import { embedded } from "../../services/scraper/test/Embedded.ts"
import { type HostileImport, importHostile } from "../../services/scraper/test/HostileImports.ts"

export interface Line extends HostileImport {
  readonly millis: number
  readonly residentMb: number
}

/** The process that reads the files: a line of JSON before each case and one after it. */
const work = (seed: number, seconds: number, directory: string) =>
  Effect.gen(function* () {
    const until = performance.now() + seconds * 1_000
    const one = (number: number) =>
      Effect.gen(function* () {
        process.stdout.write(`${JSON.stringify({ begun: number })}\n`)
        const start = performance.now()
        const ended = yield* importHostile(number)
        const line: Line = {
          ...ended,
          millis: Math.round(performance.now() - start),
          residentMb: Math.round(process.memoryUsage().rss / 1e6)
        }
        process.stdout.write(`${JSON.stringify(line)}\n`)
      })
    yield* Effect.iterate(seed, {
      while: (number) => number === seed || performance.now() < until,
      body: (number) => Effect.as(one(number), number + 1)
    }).pipe(Effect.provide(embedded(directory)))
  })

if (import.meta.main) {
  const [seed = "", seconds = "", directory] = process.argv.slice(2)
  if (directory === undefined) throw new Error("seed, seconds and a directory are needed")
  await Effect.runPromise(work(Number(seed), Number(seconds), directory))
}
