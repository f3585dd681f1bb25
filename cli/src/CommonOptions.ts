import * as Args from "@effect/cli/Args"
import * as HelpDoc from "@effect/cli/HelpDoc"
import * as Options from "@effect/cli/Options"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

export const jsonOption = Options.boolean("json").pipe(
  Options.withDescription("Print JSON for programs instead of tables.")
)

/** Where a list goes on, and how much of it is shown. */
export const pageOptions = (what: string, most: number) => ({
  limit: Options.integer("limit").pipe(
    Options.withDescription(`${what} per page, 1 to ${most}.`),
    Options.withDefault(20)
  ),
  cursor: Options.text("cursor").pipe(
    Options.withDescription("Goes on where the page before ended."),
    Options.optional
  )
})

/** Parameters for a value that was given, none for one that was not. */
export const ifSome = <A, B>(value: Option.Option<A>, params: (value: A) => B) =>
  Option.match(value, { onNone: () => ({}), onSome: params })

/** A word that is no option: a mistyped option must not become something to search for. */
export const plainArg = (name: string): Args.Args<string> =>
  Args.text({ name }).pipe(
    Args.mapEffect((text) =>
      text.startsWith("-")
        ? Effect.fail(HelpDoc.p(`${text} is not an option of this command, or its value is missing.`))
        : Effect.succeed(text)
    )
  )
