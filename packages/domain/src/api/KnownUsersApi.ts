import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { Authorization } from "../access/Authorization.ts"
import { RequiredScope } from "../access/Scopes.ts"
import { UserId, UserName } from "../users/User.ts"
import { documentAll } from "./Documentation.ts"
import { allErrors } from "./Params.ts"
import {
  Conflict,
  InternalError,
  InvalidRequest,
  NotFound,
  PayloadTooLarge,
  StorageFull,
  Unavailable,
  UnsupportedMediaType
} from "./Problems.ts"
import { IdempotencyHeaders } from "./UsersApi.ts"

const isDay = (text: string): boolean => {
  const time = Date.parse(`${text}T00:00:00Z`)
  return Number.isFinite(time) && new Date(time).toISOString().startsWith(text)
}

/** A day of the calendar, in UTC. */
const Day = Schema.String.pipe(
  Schema.filter((text) => /^\d{4}-\d\d-\d\d$/.test(text) && isDay(text), {
    message: () => "expected a day, for example 2024-01-23"
  })
).annotations({ jsonSchema: { type: "string", format: "date" } })

export const KnownNewUser = Schema.Struct({
  name: UserName,
  /** Today when it is left out. */
  created_at: Schema.optionalWith(Day, { exact: true })
}).annotations({ identifier: "KnownNewUser" })

export const KnownUser = Schema.Struct({
  user_id: UserId,
  name: UserName,
  created_at: Day
}).annotations({ identifier: "KnownUser" })

class KnownUsersGroup extends HttpApiGroup.make("knownUsers")
  .add(
    HttpApiEndpoint.post("create", "/create")
      .setHeaders(IdempotencyHeaders)
      .setPayload(KnownNewUser)
      .addSuccess(HttpApiSchema.NoContent)
      .addError(InvalidRequest)
      .addError(Conflict)
      .addError(PayloadTooLarge)
      .addError(UnsupportedMediaType)
      .addError(Unavailable)
      .addError(StorageFull)
      .annotate(RequiredScope, "users:write")
      .annotate(OpenApi.Summary, "Create a user; the first has the id 1")
  )
  .add(
    HttpApiEndpoint.get("get", "/get")
      .setUrlParams(Schema.Struct({ id: UserId }).annotations(allErrors))
      .addSuccess(KnownUser)
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(Unavailable)
      .annotate(RequiredScope, "users:read")
      .annotate(OpenApi.Summary, "One of them")
  )
  .addError(InternalError)
  .middleware(Authorization)
  .annotate(OpenApi.Title, "Users") {}

/** What the users service answers on its own port; /v1/users of the API has the same users with more to do. */
export class KnownUsersApi extends HttpApi.make("influscope-users")
  .add(KnownUsersGroup)
  .annotate(OpenApi.Title, "InfluScope users")
  .annotate(OpenApi.Version, "1.0.0")
  .annotate(OpenApi.Transform, documentAll) {}
