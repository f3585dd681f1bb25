import { StorageError } from "@influscope/ports/StorageError"
import * as Effect from "effect/Effect"
import type { Cluster } from "./Cluster.ts"
import { documentVersion, indexSettings, mappings } from "./Mapping.ts"
import {
  createAlias,
  generationName,
  generationOf,
  indexName,
  numberOf,
  versionOf,
  writeAlias
} from "./Revision.ts"

/** The index behind the alias. */
export interface Current {
  readonly index: string
  readonly generation: string
}

const corrupt = (operation: string, cause: string) =>
  new StorageError({ reason: "corrupt", operation, cause })

/** The index the alias stands for; undefined when there is none yet. */
export const currentOf = (
  cluster: Cluster,
  alias: string
): Effect.Effect<Current | undefined, StorageError> =>
  Effect.gen(function* () {
    const operation = "SearchIndex.open"
    const found = yield* cluster.read(operation, (client, options) =>
      client.indices.getAlias({ name: alias }, { ...options, ignore: [404] })
    )
    // Of a missing alias the answer is an error object.
    const indices = "error" in found ? [] : Object.keys(found)
    const [index] = indices
    if (index === undefined) return undefined
    if (indices.length > 1)
      return yield* corrupt(operation, `the alias ${alias} stands for several indices: ${indices.join(", ")}`)
    const generation = generationOf(alias, index)
    if (generation === undefined)
      return yield* corrupt(operation, `the alias ${alias} stands for ${index}, which was not made here`)
    return { index, generation }
  })

/** All names of the index of a generation while it is the current one: to read, to write again, to write first. */
export const aliasesOf = (alias: string, generation: string): ReadonlyArray<string> => [
  alias,
  writeAlias(alias, generation),
  createAlias(alias, generation)
]

/** Makes the index of a generation. False when it exists. */
export const createIndex = (
  cluster: Cluster,
  alias: string,
  generation: string,
  options: { readonly live: boolean }
): Effect.Effect<boolean, StorageError> =>
  cluster
    .write("SearchIndex.open", (client, request) =>
      client.indices.create(
        {
          index: indexName(alias, generation),
          settings: { ...indexSettings, ...(options.live ? {} : { refresh_interval: "-1" }) },
          mappings,
          ...(options.live
            ? { aliases: Object.fromEntries(aliasesOf(alias, generation).map((each) => [each, {}])) }
            : {})
        },
        request
      )
    )
    .pipe(
      Effect.as(true),
      Effect.catchIf(
        (error) => String(error.cause).includes("resource_already_exists_exception"),
        () => Effect.succeed(false)
      )
    )

/** The index behind the alias, made if there is none. Fails with `corrupt` when its documents are of another version. */
export const ensure = (cluster: Cluster, alias: string): Effect.Effect<Current, StorageError> =>
  Effect.gen(function* () {
    const known = yield* currentOf(cluster, alias)
    if (known === undefined) {
      yield* createIndex(cluster, alias, generationName(1), { live: true })
      const made = yield* currentOf(cluster, alias)
      if (made !== undefined) return made
      return yield* corrupt(
        "SearchIndex.open",
        `the index ${indexName(alias, generationName(1))} is there without the alias ${alias}`
      )
    }
    const version = versionOf(known.generation)
    if (version !== documentVersion)
      return yield* corrupt(
        "SearchIndex.open",
        `${known.index} has documents of version ${version}, this program writes ${documentVersion}: run influscope reindex`
      )
    return known
  })

/** The generation after all that there are, finished or not. */
export const nextGeneration = (current: Current): string => generationName(numberOf(current.generation) + 1)
