import * as Schema from "effect/Schema"
import { isObservable } from "../Observation.ts"

// Parameters of an address, a form or a body. Descriptions stand in the JSON Schema alone: as annotations they would take the
// place of what was expected in the message of an error.

/** A parameter that may be left out. */
export const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })

/** All that is wrong with a request is said at once. */
export const allErrors = { parseOptions: { errors: "all" } } as const

/** A text of at most so many UTF-16 code units. */
export const textParam = (maxLength: number, description: string) =>
  Schema.String.pipe(Schema.maxLength(maxLength)).annotations({ jsonSchema: { maxLength, description } })

/** A text that is not empty, of at most so many UTF-16 code units. */
export const nameParam = (maxLength: number, description: string) =>
  Schema.String.pipe(Schema.minLength(1), Schema.maxLength(maxLength)).annotations({
    jsonSchema: { maxLength, description }
  })

/** A number of 0 or more. The JSON Schema says what it decodes to, which is what a reader of the API wants. */
export const numberParam = (description: string) =>
  Schema.NumberFromString.pipe(Schema.finite(), Schema.nonNegative()).annotations({
    jsonSchema: { type: "number", minimum: 0, description }
  })

/** A number, also below 0. */
export const changeParam = (description: string) =>
  Schema.NumberFromString.pipe(Schema.finite()).annotations({
    jsonSchema: { type: "number", description }
  })

/** How many entries a page has at most: 1 to `maximum`. */
export const limitParam = (maximum: number) =>
  Schema.NumberFromString.pipe(Schema.int(), Schema.between(1, maximum)).annotations({
    jsonSchema: { type: "integer", minimum: 1, maximum }
  })

export const booleanParam = Schema.BooleanFromString.annotations({ jsonSchema: { type: "boolean" } })

const isoTime = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?$/i

/**
 * A day (its beginning in UTC) or a moment, as ISO 8601 has it. Left to itself, a JavaScript engine makes a date of nearly
 * anything: "0.5" is a day in May.
 */
export const dateParam = (description: string) =>
  Schema.compose(
    Schema.String.pipe(
      Schema.pattern(isoTime, {
        message: () => "expected a day or a moment, for example 2026-01-31 or 2026-01-31T12:00:00Z"
      })
    ),
    Schema.Date.pipe(
      Schema.validDate(),
      Schema.filter((date) => isObservable(date.getTime()), {
        message: () => "expected a time that is not in the future"
      })
    )
  ).annotations({
    jsonSchema: {
      type: "string",
      format: "date-time",
      description: `${description} Not in the future. A day alone means its beginning in UTC.`
    }
  })

/** As `dateParam`, from 1970 on. */
export const dateSince1970Param = (description: string) =>
  dateParam(`${description} From 1970 on.`).pipe(
    Schema.filter((time) => time.getTime() >= 0, { message: () => "expected a time from 1970 on" })
  )

/** Up to a hundred alternatives, each a parameter of the same name; none when it is left out. */
export const listParam = <A, I>(schema: Schema.Schema<A, I>, description: string) =>
  Schema.optionalWith(
    Schema.Array(schema)
      .pipe(Schema.maxItems(100))
      .annotations({ jsonSchema: { maxItems: 100, description } }),
    { default: () => [] }
  )
