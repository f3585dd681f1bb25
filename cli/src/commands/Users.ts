import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import { User, UserId, UserName, UserPage } from "@influscope/domain/users/User"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { ApiClient, ApiClientLive } from "../ApiClient.ts"
import { ifSome, jsonOption, pageOptions, plainArg } from "../CommonOptions.ts"
import { print, printJson, remarkNextPage } from "../Output.ts"
import { type Column, table } from "../Table.ts"
import { counted } from "../Text.ts"

const columns: ReadonlyArray<Column<User>> = [
  { title: "id", cell: ({ id }) => id },
  { title: "name", cell: ({ name }) => name, shrinks: true },
  { title: "roles", cell: ({ roles }) => roles.join(", ") },
  { title: "created", cell: ({ createdAt }) => createdAt.toISOString() },
  { title: "revision", cell: ({ revision }) => String(revision) }
]

const encodeUser = Schema.encode(User)
const encodePage = Schema.encode(UserPage)

const idArg = plainArg("id").pipe(
  Args.withSchema(UserId),
  Args.withDescription("As `influscope users list` shows it.")
)

const add = Command.make(
  "add",
  {
    name: plainArg("name").pipe(Args.withSchema(UserName), Args.withDescription("What the user is called.")),
    createdAt: Options.date("created").pipe(
      Options.withDescription("When the user joined; now when absent."),
      Options.optional
    ),
    key: Options.text("key").pipe(
      Options.withDescription("Of your own: the same key again makes no second user."),
      Options.optional
    ),
    queue: Options.boolean("queue").pipe(
      Options.withDescription("Through the queue: the id is printed at once, and the user is there soon.")
    ),
    json: jsonOption
  },
  (given) =>
    Effect.gen(function* () {
      const { users } = yield* ApiClient
      const request = {
        payload: { name: given.name, ...ifSome(given.createdAt, (createdAt) => ({ createdAt })) },
        headers: ifSome(given.key, (key) => ({ "idempotency-key": key }))
      }
      if (given.queue) {
        const { id } = yield* users.requestUser(request)
        return yield* given.json ? printJson({ id }) : print(`User ${id} will be made.`)
      }
      const user = yield* users.createUser(request)
      yield* given.json
        ? Effect.flatMap(encodeUser(user), printJson)
        : print(`User ${user.id} is ${user.name}.`)
    }).pipe(Effect.provide(ApiClientLive))
).pipe(Command.withDescription("Add a user."))

const list = Command.make("list", { ...pageOptions("Users", 100), json: jsonOption }, (given) =>
  Effect.gen(function* () {
    const { users } = yield* ApiClient
    const cursor = yield* Effect.transposeMapOption(given.cursor, Schema.decode(UserId))
    const page = yield* users.listUsers({
      urlParams: { limit: given.limit, ...ifSome(cursor, (cursor) => ({ cursor })) }
    })
    if (given.json) return yield* printJson(yield* encodePage(page))
    yield* print(page.users.length === 0 ? "There are no users here." : table(columns, page.users))
    yield* remarkNextPage(page.nextCursor)
  }).pipe(Effect.provide(ApiClientLive))
).pipe(Command.withDescription("List the users, in the order of their ids."))

const show = Command.make("show", { id: idArg, json: jsonOption }, ({ id, json }) =>
  Effect.gen(function* () {
    const { users } = yield* ApiClient
    const user = yield* users.getUser({ path: { id } })
    yield* json ? Effect.flatMap(encodeUser(user), printJson) : print(table(columns, [user]))
  }).pipe(Effect.provide(ApiClientLive))
).pipe(Command.withDescription("Show a user."))

const remove = Command.make("remove", { ids: Args.atLeast(idArg, 1) }, ({ ids }) =>
  Effect.gen(function* () {
    const { users } = yield* ApiClient
    yield* Effect.forEach(ids, (id) => users.removeUser({ path: { id }, headers: {} }), { discard: true })
    yield* print(`${counted(ids.length, "user")} removed.`)
  }).pipe(Effect.provide(ApiClientLive))
).pipe(Command.withDescription("Delete users. Their ids are not given again."))

export const users = Command.make("users").pipe(
  Command.withDescription("Who uses this InfluScope."),
  Command.withSubcommands([add, list, show, remove])
)
