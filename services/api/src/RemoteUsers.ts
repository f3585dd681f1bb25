import * as HttpApiClient from "@effect/platform/HttpApiClient"
import type * as HttpClient from "@effect/platform/HttpClient"
import { callService } from "@influscope/http/CallService"
import { Users } from "@influscope/ports/Users"
import { UsersServiceApi } from "@influscope/ports/UsersServiceApi"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"

/** An HTTP client whose requests go to the users service, whatever lies in between. */
export class UsersClient extends Context.Tag("@influscope/api/UsersClient")<
  UsersClient,
  HttpClient.HttpClient
>() {}

const call = callService("users service")

const toCreation = <A>(given: A, clientKey: string | undefined) => ({
  given,
  ...(clientKey === undefined ? {} : { clientKey })
})

/** The users service in its own process, behind the same port as in ours. */
export const RemoteUsersLive = Layer.effect(
  Users,
  Effect.gen(function* () {
    const { usersService } = yield* HttpApiClient.makeWith(UsersServiceApi, {
      httpClient: yield* UsersClient
    })
    return Users.of({
      create: (tenant, given, clientKey) =>
        call(
          "create a user",
          usersService.create({ path: { tenant }, payload: toCreation(given, clientKey) })
        ),
      request: (tenant, given, clientKey) =>
        call(
          "have a user created",
          usersService.request({ path: { tenant }, payload: toCreation(given, clientKey) })
        ),
      get: (tenant, id) => call("read a user", usersService.get({ path: { tenant, id } })),
      list: (tenant, after, limit) =>
        call(
          "list the users",
          usersService.list({
            path: { tenant },
            urlParams: { limit, ...(after === undefined ? {} : { after }) }
          })
        ),
      update: (tenant, id, revision, change) =>
        call(
          "change a user",
          usersService.update({ path: { tenant, id }, payload: { revision, ...change } })
        ),
      remove: (tenant, id, revision) =>
        call(
          "delete a user",
          usersService.remove({
            path: { tenant, id },
            urlParams: revision === undefined ? {} : { revision }
          })
        )
    })
  })
)
