import * as Data from "effect/Data"

/** A command cannot do what it was asked: what happened, the likely cause, and what to run or do. */
export class CliError extends Data.TaggedError("CliError")<{
  readonly what: string
  readonly likelyCause: string
  readonly todo: string
}> {
  override get message(): string {
    return `${this.what}\n  likely cause: ${this.likelyCause}\n  what to do:   ${this.todo}`
  }
}
