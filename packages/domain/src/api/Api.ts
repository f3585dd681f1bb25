import * as HttpApi from "@effect/platform/HttpApi"
import * as OpenApi from "@effect/platform/OpenApi"
import { AlertsApi } from "./AlertsApi.ts"
import { documentAll } from "./Documentation.ts"
import { ImportsApi } from "./ImportsApi.ts"
import { OperationsApi } from "./OperationsApi.ts"
import { ProfilesApi } from "./ProfilesApi.ts"
import { SearchApi } from "./SearchApi.ts"
import { TrackingApi } from "./TrackingApi.ts"

/** The whole HTTP API: the contract that the server implements and every client is made from. */
export class Api extends HttpApi.make("influscope")
  .add(SearchApi)
  .add(ProfilesApi)
  .add(TrackingApi)
  .add(AlertsApi)
  .add(ImportsApi)
  .add(OperationsApi)
  .annotate(OpenApi.Title, "InfluScope")
  .annotate(OpenApi.Version, "1.0.0")
  .annotate(OpenApi.Description, "Find, track and analyse social-media influencers.")
  .annotate(OpenApi.Transform, documentAll) {}
