import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import type { StateStore } from "./StateStore.ts"
import { StorageError } from "./StorageError.ts"

type State = StateStore["Type"]

/** Keys read from the store at once. */
const readBatch = 100

/** The failure of reading or writing what does not fit its schema: the first thing that is wrong with it. */
export const corrupt =
  (operation: string) =>
  (error: ParseResult.ParseError): StorageError => {
    // The whole error shows the schema at length.
    const [issue] = ParseResult.ArrayFormatter.formatErrorSync(error)
    const cause = `${issue?.path.map(String).join(".") ?? ""} ${issue?.message ?? ""}`.trim()
    return new StorageError({ reason: "corrupt", operation, cause })
  }

/** Reads a stored value by the schema of its JSON text. Fails with `corrupt` when it does not fit. */
export const decodeStored = <A>(
  schema: Schema.Schema<A, string>,
  value: string,
  operation: string
): Effect.Effect<A, StorageError> => Effect.mapError(Schema.decode(schema)(value), corrupt(operation))

/** The value of a key; none when there is none. */
export const readStored = <A>(
  state: State,
  key: string,
  schema: Schema.Schema<A, string>,
  operation = `reading ${key}`
): Effect.Effect<Option.Option<A>, StorageError> =>
  Effect.flatMap(
    state.get(key),
    Option.match({
      onNone: () => Effect.succeedNone,
      onSome: ({ value }) => Effect.asSome(decodeStored(schema, value, operation))
    })
  )

/** The values of keys, in their order; none where there is none. */
export const readStoredMany = <A>(
  state: State,
  keys: ReadonlyArray<string>,
  schema: Schema.Schema<A, string>
): Effect.Effect<ReadonlyArray<Option.Option<A>>, StorageError> =>
  Effect.gen(function* () {
    const values: Array<Option.Option<A>> = []
    for (const some of Arr.chunksOf(keys, readBatch)) {
      const entries = yield* state.getMany(some)
      for (const [place, key] of some.entries()) {
        const entry = entries[place] ?? Option.none()
        values.push(
          Option.isNone(entry)
            ? Option.none()
            : Option.some(yield* decodeStored(schema, entry.value.value, `reading ${key}`))
        )
      }
    }
    return values
  })
