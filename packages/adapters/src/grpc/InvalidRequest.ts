import * as Data from "effect/Data"

/** The request cannot be worked with as it is: `detail` is a sentence for the caller that names the place. */
export class InvalidRequest extends Data.TaggedError("InvalidRequest")<{ readonly detail: string }> {
  override get message(): string {
    return this.detail
  }
}
