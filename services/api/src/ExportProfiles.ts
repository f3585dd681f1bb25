import { type ExportedStatement, exportHeader, statementsOf } from "@influscope/domain/Export"
import type { Profile } from "@influscope/domain/Profile"
import type { ObjectStore } from "@influscope/ports/ObjectStore"
import type { SearchIndex } from "@influscope/ports/SearchIndex"
import type { StorageError } from "@influscope/ports/StorageError"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"

/** Every profile as the lines of an export, with the avatars that are there. */
export const exportLines = (
  index: Context.Tag.Service<SearchIndex>,
  objects: Context.Tag.Service<ObjectStore>
): Stream.Stream<string, StorageError> =>
  Stream.suspend(() => {
    let statements = 0

    const withAvatar = (statement: ExportedStatement): Effect.Effect<ExportedStatement, StorageError> => {
      const key = statement.fields.avatarKey
      if (key === undefined) return Effect.succeed(statement)
      return Effect.map(
        objects.get(key),
        Option.match({
          onNone: () => statement,
          onSome: ({ bytes, contentType }) => ({
            ...statement,
            avatar: { contentType, base64: Buffer.from(bytes).toString("base64") }
          })
        })
      )
    }

    const linesOf = (profile: Profile) =>
      Effect.map(Effect.forEach(statementsOf(profile), withAvatar, { concurrency: 4 }), (all) => {
        statements += all.length
        return all.map((statement) => `${JSON.stringify(statement)}\n`).join("")
      })

    return Stream.make(`${exportHeader}\n`).pipe(
      Stream.concat(Stream.mapEffect(index.all, ({ profile }) => linesOf(profile), { concurrency: 8 })),
      Stream.concat(Stream.sync(() => `${JSON.stringify({ influscope: "end", statements })}\n`))
    )
  })
