import * as Schema from "effect/Schema"

/** Without line ends and other control characters. */
export const oneLine = (text: Schema.Schema<string>) =>
  text.pipe(
    Schema.pattern(/^[^\p{Cc}\u2028\u2029]*$/u, {
      message: () => "expected one line without control characters",
      // Character by character: not every reader of the contract knows \p.
      jsonSchema: { pattern: "^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$" }
    })
  )
