import * as Schema from "effect/Schema"
import { allScopes, type Scope } from "../access/Scopes.ts"
import { dateParam, optional } from "../api/Params.ts"
import { oneLine } from "../OneLine.ts"

/** A number from 1 on, as text; given in order within a tenant, and never twice. */
export const UserId = Schema.String.pipe(
  Schema.pattern(/^[1-9]\d{0,14}$/, { message: () => "expected the number of a user, for example 1" }),
  Schema.brand("UserId")
).annotations({ identifier: "UserId" })
export type UserId = typeof UserId.Type

export const UserName = Schema.String.pipe(
  Schema.minLength(1),
  Schema.maxLength(200),
  oneLine,
  Schema.pattern(/\S/, { message: () => "expected a name, not blanks alone" }),
  Schema.filter((name) => name.isWellFormed(), { message: () => "expected whole characters" })
)

export const UserRole = Schema.Literal("viewer", "analyst", "outreach", "admin").annotations({
  identifier: "UserRole"
})
export type UserRole = typeof UserRole.Type

const reading = allScopes.filter((scope) => scope.endsWith(":read"))

const roleScopes: { readonly [R in UserRole]: ReadonlyArray<Scope> } = {
  viewer: reading,
  analyst: [...reading, "profiles:write", "tracking:write", "alerts:write", "posts:write"],
  outreach: [...reading, "messages:write", "campaigns:write"],
  admin: allScopes
}

/** What tokens of a user with these roles should be good for. */
export const scopesOf = (roles: ReadonlyArray<UserRole>): ReadonlyArray<Scope> => [
  ...new Set(roles.flatMap((role) => roleScopes[role]))
]

export const UserRoles = Schema.Array(UserRole).pipe(
  Schema.maxItems(UserRole.literals.length),
  Schema.filter((roles) => new Set(roles).size === roles.length, {
    message: () => "expected each role once",
    jsonSchema: { uniqueItems: true }
  })
)

export const NewUser = Schema.Struct({
  name: UserName,
  createdAt: optional(dateParam("When the user joined; now when absent."))
}).annotations({ identifier: "NewUser" })
export type NewUser = typeof NewUser.Type

export const User = Schema.Struct({
  id: UserId,
  name: UserName,
  roles: UserRoles,
  createdAt: Schema.Date.pipe(Schema.validDate()),
  /** 1 at first, and one more with every change; its ETag is this number in quotes. */
  revision: Schema.Int.pipe(Schema.positive())
}).annotations({ identifier: "User" })
export type User = typeof User.Type

/** Oldest first; the page after goes on behind `nextCursor`. */
export const UserPage = Schema.Struct({
  users: Schema.Array(User),
  nextCursor: Schema.NullOr(UserId)
}).annotations({ identifier: "UserPage" })
export type UserPage = typeof UserPage.Type
