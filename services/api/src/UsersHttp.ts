import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { CurrentPrincipal } from "@influscope/domain/access/Principal"
import { Api } from "@influscope/domain/api/Api"
import { Conflict, NotFound, PreconditionFailed, Unavailable } from "@influscope/domain/api/Problems"
import { ChangedUser, GivenRoles, RequestedUser } from "@influscope/domain/api/UsersApi"
import { NewUser, User, type UserId, UserPage } from "@influscope/domain/users/User"
import { jsonAnswer } from "@influscope/http/Answers"
import { jsonBody } from "@influscope/http/Body"
import { readProblem, storageProblem } from "@influscope/http/Problems"
import {
  type ClientKeyUsed,
  type NoUser,
  type UserChange,
  type UserChanged,
  Users
} from "@influscope/ports/Users"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

const userAnswer = jsonAnswer(User)
const pageAnswer = jsonAnswer(UserPage)
const requestedAnswer = jsonAnswer(RequestedUser)

const taggedAnswer = (user: User) =>
  Effect.map(userAnswer(user), HttpServerResponse.setHeader("etag", `"${user.revision}"`))

const located = (id: UserId, status: number) => (response: HttpServerResponse.HttpServerResponse) =>
  response.pipe(
    HttpServerResponse.setStatus(status),
    HttpServerResponse.setHeader("location", `/v1/users/${id}`)
  )

const keyUsed = ({ by }: ClientKeyUsed) =>
  Effect.fail(
    new Conflict({
      detail:
        by === "deleted-user"
          ? "The user who was made with this Idempotency-Key has been deleted. Use a new key for another user."
          : "This Idempotency-Key belongs to another request. Use a new key for another user."
    })
  )

const noUser = ({ id }: Pick<NoUser, "id">) =>
  Effect.fail(new NotFound({ detail: `There is no user ${id}. List them with GET /v1/users.` }))

const changedSince = ({ revision }: UserChanged) =>
  Effect.fail(
    new PreconditionFailed({
      detail: `The user has changed: its ETag is "${revision}" now. Read it again and decide anew.`
    })
  )

export const UsersHttp = HttpApiBuilder.group(
  Api,
  "users",
  Effect.fnUntraced(function* (handlers) {
    const users = yield* Users

    const create = (clientKey: string | undefined) =>
      Effect.gen(function* () {
        const { tenant } = yield* CurrentPrincipal
        const user = yield* users.create(tenant, yield* jsonBody(NewUser), clientKey)
        return yield* Effect.map(taggedAnswer(user), located(user.id, 201))
      }).pipe(Effect.catchTags({ ClientKeyUsed: keyUsed, StorageError: storageProblem }))

    const request = (clientKey: string | undefined) =>
      Effect.gen(function* () {
        const { tenant } = yield* CurrentPrincipal
        const id = yield* users.request(tenant, yield* jsonBody(NewUser), clientKey)
        return yield* Effect.map(requestedAnswer({ id }), located(id, 202))
      }).pipe(
        Effect.catchTags({
          ClientKeyUsed: keyUsed,
          PipelineBusy: () =>
            Effect.fail(new Unavailable({ detail: "Too many users wait to be made. Send it again later." })),
          StorageError: storageProblem
        })
      )

    const get = (id: UserId) =>
      Effect.gen(function* () {
        const { tenant } = yield* CurrentPrincipal
        const found = yield* users.get(tenant, id)
        return yield* Option.isNone(found) ? noUser({ id }) : taggedAnswer(found.value)
      }).pipe(Effect.catchTag("StorageError", readProblem))

    const list = (after: UserId | undefined, limit: number) =>
      Effect.gen(function* () {
        const { tenant } = yield* CurrentPrincipal
        return yield* pageAnswer(yield* users.list(tenant, after, limit))
      }).pipe(Effect.catchTag("StorageError", readProblem))

    const update = (id: UserId, revision: number, change: UserChange) =>
      Effect.gen(function* () {
        const { tenant } = yield* CurrentPrincipal
        return yield* taggedAnswer(yield* users.update(tenant, id, revision, change))
      }).pipe(Effect.catchTags({ NoUser: noUser, UserChanged: changedSince, StorageError: storageProblem }))

    const remove = (id: UserId, revision: number | undefined) =>
      Effect.gen(function* () {
        const { tenant } = yield* CurrentPrincipal
        yield* users.remove(tenant, id, revision)
      }).pipe(Effect.catchTags({ NoUser: noUser, UserChanged: changedSince, StorageError: storageProblem }))

    return handlers
      .handleRaw("createUser", ({ headers }) => create(headers["idempotency-key"]))
      .handleRaw("requestUser", ({ headers }) => request(headers["idempotency-key"]))
      .handle("listUsers", ({ urlParams }) => list(urlParams.cursor, urlParams.limit))
      .handle("getUser", ({ path }) => get(path.id))
      .handleRaw("updateUser", ({ headers, path }) =>
        Effect.flatMap(jsonBody(ChangedUser), (change) => update(path.id, headers["if-match"], change))
      )
      .handleRaw("setUserRoles", ({ headers, path }) =>
        Effect.flatMap(jsonBody(GivenRoles), (change) => update(path.id, headers["if-match"], change))
      )
      .handle("removeUser", ({ headers, path }) => remove(path.id, headers["if-match"]))
  })
)
