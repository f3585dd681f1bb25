import * as Context from "effect/Context"
import * as Schema from "effect/Schema"

/** What a token may be good for: a part of the system, and whether to look at it or to change it. */
export const Scope = Schema.Literal(
  "profiles:read",
  "profiles:write",
  "tracking:read",
  "tracking:write",
  "alerts:read",
  "alerts:write",
  "posts:read",
  "posts:write",
  "users:read",
  "users:write",
  "users:roles",
  "messages:read",
  "messages:write",
  "campaigns:read",
  "campaigns:write",
  "operations:read",
  "operations:write"
).annotations({ identifier: "Scope" })
export type Scope = typeof Scope.Type

export const allScopes: ReadonlyArray<Scope> = Scope.literals

/**
 * The scope that a principal needs for an endpoint. Every endpoint of the API is annotated with one:
 * `.annotate(RequiredScope, "posts:write")`.
 */
export class RequiredScope extends Context.Tag("@influscope/domain/RequiredScope")<RequiredScope, Scope>() {}
