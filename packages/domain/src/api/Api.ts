import * as HttpApi from "@effect/platform/HttpApi"
import * as OpenApi from "@effect/platform/OpenApi"
import { Authorization } from "../access/Authorization.ts"
import { AlertsApi } from "./AlertsApi.ts"
import { CampaignsApi } from "./CampaignsApi.ts"
import { documentAll } from "./Documentation.ts"
import { ImportsApi } from "./ImportsApi.ts"
import { MessagesApi } from "./MessagesApi.ts"
import { OperationsApi } from "./OperationsApi.ts"
import { OptOutsApi } from "./OptOutsApi.ts"
import { PostsApi } from "./PostsApi.ts"
import { ProfilesApi } from "./ProfilesApi.ts"
import { SearchApi } from "./SearchApi.ts"
import { TemplatesApi } from "./TemplatesApi.ts"
import { TrackingApi } from "./TrackingApi.ts"
import { UsersApi } from "./UsersApi.ts"

/** Every group, behind the guard: each of their endpoints says which scope it asks for. */
class Guarded extends HttpApi.make("guarded")
  .add(SearchApi)
  .add(ProfilesApi)
  .add(TrackingApi)
  .add(AlertsApi)
  .add(PostsApi)
  .add(ImportsApi)
  .add(OperationsApi)
  .add(UsersApi)
  .add(MessagesApi)
  .add(TemplatesApi)
  .add(CampaignsApi)
  .add(OptOutsApi)
  .middleware(Authorization) {}

/** The whole HTTP API: the contract that the server implements and every client is made from. */
export class Api extends HttpApi.make("influscope")
  .addHttpApi(Guarded)
  .annotate(OpenApi.Title, "InfluScope")
  .annotate(OpenApi.Version, "1.0.0")
  .annotate(OpenApi.Description, "Find, track and analyse social-media influencers.")
  .annotate(OpenApi.Transform, documentAll) {}
