import { beforeAll } from "@effect/vitest"
import { elasticsearch } from "@influscope/stack/servers/Elasticsearch"
import * as TestServer from "@influscope/testing/TestServer"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { generationName, indexName } from "../../src/elasticsearch/Revision.ts"
import type { Settings } from "../../src/elasticsearch/Settings.ts"

export const urlOf = ({ environment }: TestServer.Reached): string => environment["ELASTICSEARCH_URL"] ?? ""

/** The server that all tests share: there from before this file's first test. */
export const sharedServer = (): { readonly url: () => string } => {
  let url = ""
  beforeAll(async () => {
    url = urlOf(await Effect.runPromise(TestServer.shared(elasticsearch)))
  }, 600_000)
  return { url: () => url }
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

/** The nth index that this program makes behind an alias. */
export const madeIndex = (alias: string, number: number): string => indexName(alias, generationName(number))

/** Removes all indices of an alias at the end of the scope. */
export const removedAtEnd = (url: string, alias: string): Effect.Effect<void, never, Scope.Scope> =>
  Effect.addFinalizer(() =>
    Effect.promise(() =>
      fetch(`${url}/${[1, 2, 3].map((number) => madeIndex(alias, number)).join()}?ignore_unavailable=true`, {
        method: "DELETE"
      })
    )
  )
