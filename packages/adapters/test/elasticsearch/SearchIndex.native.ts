import { unique } from "@influscope/ports/conformance/Conformance"
import { searchIndexConformance } from "@influscope/ports/conformance/SearchIndexConformance"
import * as Effect from "effect/Effect"
import * as ElasticsearchIndex from "../../src/elasticsearch/ElasticsearchIndex.ts"
import { removedAtEnd, settingsFor, sharedServer } from "./ElasticsearchServer.ts"

const server = sharedServer()

searchIndexConformance(
  "Elasticsearch",
  Effect.suspend(() => {
    const alias = unique("profiles")
    return Effect.as(
      removedAtEnd(server.url(), alias),
      ElasticsearchIndex.layerWith(settingsFor(server.url(), alias))
    )
  })
)
