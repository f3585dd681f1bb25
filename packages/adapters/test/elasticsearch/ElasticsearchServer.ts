import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll } from "@effect/vitest"
import { type RunningServer, scoped } from "@influscope/stack/Supervisor"
import { elasticsearch } from "@influscope/stack/servers/Elasticsearch"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import type { Settings } from "../../src/elasticsearch/Settings.ts"

/** A server of this file's own, from before its first test until after its last. */
export const ownServer = (): { readonly url: () => string; readonly running: () => RunningServer } => {
  const scope = Effect.runSync(Scope.make())
  let server: RunningServer | undefined
  const directory = mkdtempSync(join(tmpdir(), "influscope-elasticsearch-"))
  beforeAll(async () => {
    server = await Effect.runPromise(Scope.extend(scoped(elasticsearch, { directory }), scope))
  }, 600_000)
  afterAll(async () => {
    await Effect.runPromise(Scope.close(scope, Exit.void))
    rmSync(directory, { recursive: true, force: true })
  }, 60_000)
  const running = (): RunningServer => {
    if (server === undefined) throw new Error("the server is asked for before it is up")
    return server
  }
  return { running, url: () => elasticsearch.environment(running().where)["ELASTICSEARCH_URL"] ?? "" }
}

export const settingsFor = (
  url: string,
  alias: string,
  timeout: Duration.DurationInput = "10 seconds"
): Settings => ({
  nodes: [url],
  apiKey: Option.none(),
  username: Option.none(),
  password: Option.none(),
  alias,
  timeout: Duration.decode(timeout),
  startTimeout: Duration.seconds(5),
  caFile: Option.none()
})

/** Removes all indices of an alias at the end of the scope. */
export const removedAtEnd = (url: string, alias: string): Effect.Effect<void, never, Scope.Scope> =>
  Effect.addFinalizer(() =>
    Effect.promise(() =>
      fetch(`${url}/${alias}-v1-1,${alias}-v1-2,${alias}-v1-3?ignore_unavailable=true`, { method: "DELETE" })
    )
  )
