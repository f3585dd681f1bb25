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
  timeout: Duration.DurationInput = "30 seconds"
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

/** Sends a request with this body on to the server, as a proxy that has looked into it. */
export const passOn = async (url: string, request: Request, body: string): Promise<Response> => {
  const { pathname, search } = new URL(request.url)
  const headers = new Headers(request.headers)
  for (const own of ["host", "authorization"]) headers.delete(own)
  const answer = await fetch(`${url}${pathname}${search}`, {
    method: request.method,
    headers,
    ...(body === "" ? {} : { body })
  })
  // Without the header of an encoding that is undone here.
  return new Response(await answer.text(), {
    status: answer.status,
    headers: {
      "content-type": answer.headers.get("content-type") ?? "application/json",
      "x-elastic-product": "Elasticsearch"
    }
  })
}
