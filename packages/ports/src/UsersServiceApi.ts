import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import { Tenant } from "@influscope/domain/access/Principal"
import { NewUser, User, UserId, UserName, UserPage, UserRoles } from "@influscope/domain/users/User"
import * as Schema from "effect/Schema"
import { PipelineBusy } from "./Profiles.ts"
import { StorageError } from "./StorageError.ts"
import { ClientKeyUsed, NoUser, UserChanged } from "./Users.ts"

const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })

const tenantPath = Schema.Struct({ tenant: Tenant })
const userPath = Schema.Struct({ tenant: Tenant, id: UserId })
const Creation = Schema.Struct({ given: NewUser, clientKey: optional(Schema.String) })

/**
 * What the API asks of the users service when they are processes of their own: the port Users, call by call, with its
 * errors. An internal contract: nothing outside speaks it.
 */
export class UsersServiceApi extends HttpApi.make("usersService").add(
  HttpApiGroup.make("usersService")
    .add(
      HttpApiEndpoint.post("create", "/users/v1/:tenant")
        .setPath(tenantPath)
        .setPayload(Creation)
        .addSuccess(User)
        .addError(ClientKeyUsed, { status: 409 })
        .addError(StorageError, { status: 500 })
    )
    .add(
      HttpApiEndpoint.post("request", "/users/v1/:tenant/requests")
        .setPath(tenantPath)
        .setPayload(Creation)
        .addSuccess(UserId)
        .addError(ClientKeyUsed, { status: 409 })
        .addError(PipelineBusy, { status: 429 })
        .addError(StorageError, { status: 500 })
    )
    .add(
      HttpApiEndpoint.get("get", "/users/v1/:tenant/:id")
        .setPath(userPath)
        .addSuccess(Schema.Option(User))
        .addError(StorageError, { status: 500 })
    )
    .add(
      HttpApiEndpoint.get("list", "/users/v1/:tenant")
        .setPath(tenantPath)
        .setUrlParams(Schema.Struct({ after: optional(UserId), limit: Schema.NumberFromString }))
        .addSuccess(UserPage)
        .addError(StorageError, { status: 500 })
    )
    .add(
      HttpApiEndpoint.post("update", "/users/v1/:tenant/:id")
        .setPath(userPath)
        .setPayload(
          Schema.Struct({
            revision: Schema.Int,
            name: optional(UserName),
            roles: optional(UserRoles)
          })
        )
        .addSuccess(User)
        .addError(NoUser, { status: 404 })
        .addError(UserChanged, { status: 412 })
        .addError(StorageError, { status: 500 })
    )
    .add(
      HttpApiEndpoint.del("remove", "/users/v1/:tenant/:id")
        .setPath(userPath)
        .setUrlParams(Schema.Struct({ revision: optional(Schema.NumberFromString) }))
        .addSuccess(Schema.Void)
        .addError(NoUser, { status: 404 })
        .addError(UserChanged, { status: 412 })
        .addError(StorageError, { status: 500 })
    )
) {}
