import * as Data from "effect/Data"
import * as Effect from "effect/Effect"

/** A command could not be run, or ended with another status than 0. */
export class CommandFailed extends Data.TaggedError("CommandFailed")<{
  readonly command: string
  readonly why: string
}> {
  override get message(): string {
    return `${this.command}: ${this.why}`
  }
}

export interface Options {
  /** Added to this process's own. */
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  readonly stdin?: string
}

/** Runs a command to its end and answers what it wrote to its standard output. Interruption kills it. */
export const run = (
  argv: ReadonlyArray<string>,
  { cwd, env = {}, stdin }: Options = {}
): Effect.Effect<string, CommandFailed> =>
  Effect.tryPromise({
    try: async (signal) => {
      const child = Bun.spawn([...argv], {
        ...(cwd === undefined ? {} : { cwd }),
        env: { ...process.env, ...env },
        stdin: stdin === undefined ? "ignore" : Buffer.from(stdin),
        stdout: "pipe",
        stderr: "pipe",
        signal
      })
      const [out, errors, code] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
        child.exited
      ])
      if (code !== 0) throw new Error(`ended with ${code}: ${(errors.trim() || out.trim()).slice(-2_000)}`)
      return out
    },
    catch: (cause) =>
      new CommandFailed({
        command: argv.slice(0, 3).join(" "),
        why: cause instanceof Error ? cause.message : String(cause)
      })
  })
