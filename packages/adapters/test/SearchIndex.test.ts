import { join } from "node:path"
import { searchIndexConformance } from "@influscope/ports/conformance/SearchIndexConformance"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Effect from "effect/Effect"
import * as EmbeddedSearchIndex from "../src/search/EmbeddedSearchIndex.ts"

searchIndexConformance(
  "embedded",
  Effect.map(temporaryDirectory, (path) => EmbeddedSearchIndex.layer(join(path, "profiles.db")))
)
