import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as OpenApi from "@effect/platform/OpenApi"
import * as Schema from "effect/Schema"
import { RequiredScope } from "../access/Scopes.ts"
import { NewUser, User, UserId, UserName, UserPage, UserRoles } from "../users/User.ts"
import { documentLocation } from "./Documentation.ts"
import { allErrors, limitParam, optional } from "./Params.ts"
import {
  Conflict,
  InternalError,
  InvalidRequest,
  NotFound,
  PayloadTooLarge,
  PreconditionFailed,
  StorageFull,
  Unavailable,
  UnsupportedMediaType
} from "./Problems.ts"

/** A header that makes a request safe to repeat: sent again with the same key, it is done once. */
export const IdempotencyHeaders = Schema.Struct({
  "idempotency-key": optional(
    Schema.String.pipe(
      Schema.pattern(/^[\x21-\x7e]{1,200}$/, {
        message: () => "expected 1 to 200 printable characters of ASCII without blanks"
      })
    )
  )
})

/** A revision as an ETag has it: in quotes. */
const RevisionTag = Schema.transform(
  Schema.String.pipe(
    Schema.pattern(/^"[1-9]\d{0,14}"$/, {
      message: () => 'expected the ETag of the version that you have read, for example "1"'
    })
  ),
  Schema.Int.pipe(Schema.positive()),
  { strict: true, decode: (tag) => Number(tag.slice(1, -1)), encode: (revision) => `"${revision}"` }
).annotations({ jsonSchema: { type: "string", pattern: '^"[1-9][0-9]{0,14}"$' } })

/** Accepted: the user is there soon, under this id. */
export const RequestedUser = Schema.Struct({ id: UserId }).annotations({ identifier: "RequestedUser" })

export const ChangedUser = Schema.Struct({ name: UserName }).annotations({ identifier: "ChangedUser" })
export const GivenRoles = Schema.Struct({ roles: UserRoles }).annotations({ identifier: "GivenRoles" })

export const UserPageParams = Schema.Struct({
  limit: Schema.optionalWith(limitParam(100), { default: () => 20 }),
  /** nextCursor of the page before. */
  cursor: optional(UserId)
}).annotations(allErrors)

const userPath = Schema.Struct({ id: UserId })

export class UsersApi extends HttpApiGroup.make("users")
  .add(
    HttpApiEndpoint.post("createUser", "/v1/users")
      .setHeaders(IdempotencyHeaders)
      .setPayload(NewUser)
      .addSuccess(User, { status: 201 })
      .addError(InvalidRequest)
      .addError(Conflict)
      .addError(PayloadTooLarge)
      .addError(UnsupportedMediaType)
      .addError(Unavailable)
      .addError(StorageFull)
      .annotate(RequiredScope, "users:write")
      .annotate(OpenApi.Summary, "Create a user; with Idempotency-Key safe to repeat")
  )
  .add(
    HttpApiEndpoint.post("requestUser", "/v1/users/requests")
      .setHeaders(IdempotencyHeaders)
      .setPayload(NewUser)
      .addSuccess(RequestedUser, { status: 202 })
      .addError(InvalidRequest)
      .addError(Conflict)
      .addError(PayloadTooLarge)
      .addError(UnsupportedMediaType)
      .addError(Unavailable)
      .addError(StorageFull)
      .annotate(RequiredScope, "users:write")
      .annotate(OpenApi.Summary, "Have a user created through the queue; the id is known at once")
      .annotate(OpenApi.Transform, documentLocation)
  )
  .add(
    HttpApiEndpoint.get("listUsers", "/v1/users")
      .setUrlParams(UserPageParams)
      .addSuccess(UserPage)
      .addError(InvalidRequest)
      .addError(Unavailable)
      .annotate(RequiredScope, "users:read")
      .annotate(OpenApi.Summary, "The users, in the order of their ids")
      .annotate(
        OpenApi.Description,
        "Where many have been deleted, a page may be short: it is the last when nextCursor is null."
      )
  )
  .add(
    HttpApiEndpoint.get("getUser", "/v1/users/:id")
      .setPath(userPath)
      .addSuccess(User)
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(Unavailable)
      .annotate(RequiredScope, "users:read")
      .annotate(OpenApi.Summary, "One of them; the ETag is its revision")
  )
  .add(
    HttpApiEndpoint.patch("updateUser", "/v1/users/:id")
      .setPath(userPath)
      .setHeaders(Schema.Struct({ "if-match": RevisionTag }))
      .setPayload(ChangedUser)
      .addSuccess(User)
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(PreconditionFailed)
      .addError(PayloadTooLarge)
      .addError(UnsupportedMediaType)
      .addError(Unavailable)
      .addError(StorageFull)
      .annotate(RequiredScope, "users:write")
      .annotate(OpenApi.Summary, "Change the version that If-Match names")
  )
  .add(
    HttpApiEndpoint.put("setUserRoles", "/v1/users/:id/roles")
      .setPath(userPath)
      .setHeaders(Schema.Struct({ "if-match": RevisionTag }))
      .setPayload(GivenRoles)
      .addSuccess(User)
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(PreconditionFailed)
      .addError(PayloadTooLarge)
      .addError(UnsupportedMediaType)
      .addError(Unavailable)
      .addError(StorageFull)
      .annotate(RequiredScope, "users:roles")
      .annotate(OpenApi.Summary, "Give a user exactly these roles")
  )
  .add(
    HttpApiEndpoint.del("removeUser", "/v1/users/:id")
      .setPath(userPath)
      .setHeaders(Schema.Struct({ "if-match": optional(RevisionTag) }))
      .addSuccess(HttpApiSchema.NoContent)
      .addError(InvalidRequest)
      .addError(NotFound)
      .addError(PreconditionFailed)
      .addError(Unavailable)
      .addError(StorageFull)
      .annotate(RequiredScope, "users:write")
      .annotate(OpenApi.Summary, "Delete a user; the id is not given again")
  )
  .addError(InternalError)
  .annotate(OpenApi.Title, "Users") {}
