import * as Effect from "effect/Effect"

/**
 * Standard output and error may end before we do: a reader that has seen enough, or a log on a full disk. Neither is a
 * reason to stop serving; who wanted the output of a command gets its exit code.
 */
export const outliveReaders = (): void => {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {})
}

const write = (stream: NodeJS.WriteStream, text: string): Effect.Effect<void> =>
  Effect.async<void>((resume) => {
    // Waiting for the write keeps a pipe from being cut off when the process ends.
    stream.write(text, () => resume(Effect.void))
  })

/** What a command is asked for: standard output. */
export const print = (text: string): Effect.Effect<void> => write(process.stdout, `${text}\n`)

/** One JSON value on one line. */
export const printJson = (value: unknown): Effect.Effect<void> => print(JSON.stringify(value))

/** What is said beside it: standard error, so that output can be piped. */
export const remark = (text: string): Effect.Effect<void> => write(process.stderr, `${text}\n`)

/** How the list goes on, if it does. */
export const remarkNextPage = (cursor: string | null): Effect.Effect<void> =>
  cursor === null ? Effect.void : remark(`The next page: the same with --cursor ${cursor}`)
