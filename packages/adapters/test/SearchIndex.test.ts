import { join } from "node:path"
import { searchIndexConformance } from "@influscope/ports/conformance/SearchIndexConformance"
import * as Effect from "effect/Effect"
import * as EmbeddedSearchIndex from "../src/search/EmbeddedSearchIndex.ts"
import { temporaryDirectory } from "./TemporaryDirectory.ts"

searchIndexConformance(
  "embedded",
  Effect.map(temporaryDirectory, (path) => EmbeddedSearchIndex.layer(join(path, "profiles.db")))
)
