import * as Config from "effect/Config"

/** A number of something there has to be. */
export const positive = (name: string, fallback: number) =>
  Config.integer(name).pipe(
    Config.validate({ message: "expected 1 or more", validation: (value) => value >= 1 }),
    Config.withDefault(fallback)
  )
