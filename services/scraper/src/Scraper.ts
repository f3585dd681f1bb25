import { PublishPosts } from "@influscope/pipeline/PublishPosts"
import * as Layer from "effect/Layer"
import { DiscoveriesLive } from "./Discover.ts"
import { Ids } from "./Ids.ts"
import { ImportsLive } from "./ImportFiles.ts"
import { PublishPoints } from "./PublishPoints.ts"
import { PublishProfiles } from "./PublishProfiles.ts"
import { Sources } from "./Sources.ts"
import { ProfilesLive } from "./StateProfiles.ts"
import { SourcesLive } from "./sources/All.ts"

/** All that the scraper does: imports, discoveries and statements. */
export const ScraperLive = Layer.mergeAll(ImportsLive, DiscoveriesLive, ProfilesLive).pipe(
  Layer.provideMerge(SourcesLive),
  Layer.provideMerge(
    Layer.mergeAll(
      Sources.Default,
      Ids.Default,
      PublishProfiles.Default,
      PublishPoints.Default,
      PublishPosts.Default
    )
  )
)
