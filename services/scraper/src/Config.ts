import * as Config from "effect/Config"

/** INFLUSCOPE_MAX_IMPORT_BYTES for one file, INFLUSCOPE_MAX_WAITING_IMPORTS before more are turned away. */
export const importLimits = Config.all({
  maxBytes: Config.integer("INFLUSCOPE_MAX_IMPORT_BYTES").pipe(
    Config.validate({ message: "expected 1 or more", validation: (value) => value >= 1 }),
    Config.withDefault(4 * 1024 ** 3)
  ),
  maxWaiting: Config.integer("INFLUSCOPE_MAX_WAITING_IMPORTS").pipe(
    Config.validate({ message: "expected 1 or more", validation: (value) => value >= 1 }),
    Config.withDefault(100)
  )
})
