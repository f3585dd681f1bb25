import { dirname, join } from "node:path"
import * as ElasticsearchIndex from "@influscope/adapters/elasticsearch/ElasticsearchIndex"
import type { SearchIndex } from "@influscope/ports/SearchIndex"
import * as Supervisor from "@influscope/stack/Supervisor"
import { type DaprSystem, type SystemOptions, start } from "@influscope/testing/DaprSystem"
import { settings } from "@influscope/testing/Settings"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** The search index of a system beside sidecars; another address leads to the same by a detour. */
export const indexOf = (
  { environment }: DaprSystem,
  address = environment["ELASTICSEARCH_URL"] ?? ""
): Layer.Layer<SearchIndex> =>
  ElasticsearchIndex.layer.pipe(Layer.provide(settings({ ELASTICSEARCH_URL: address })), Layer.orDie)

/** Runs the services beside sidecars, with their servers, for as long as the body takes. */
export const withDapr = async <A>(
  directory: string,
  body: (system: DaprSystem) => Promise<A>,
  options: Omit<SystemOptions, "directory"> = {}
): Promise<A> => {
  // When this program is ended, nothing is left running: what is in the scope would be.
  const end = (): void => {
    for (const file of new Bun.Glob("**/server.pid").scanSync(directory)) {
      const pid = Supervisor.pidOf(dirname(join(directory, file)))
      if (pid !== undefined) process.kill(pid, "SIGKILL")
    }
  }
  // Before the directory is removed.
  process.prependListener("exit", end)
  try {
    return await start({ ...options, directory }).pipe(
      Effect.flatMap((system) => Effect.promise(() => body(system))),
      Effect.scoped,
      Effect.runPromise
    )
  } finally {
    process.off("exit", end)
  }
}
