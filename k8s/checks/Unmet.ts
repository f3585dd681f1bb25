import * as Data from "effect/Data"

/** Something is not as it has to be. */
export class Unmet extends Data.TaggedError("Unmet")<{ readonly why: string }> {
  override get message(): string {
    return this.why
  }
}
