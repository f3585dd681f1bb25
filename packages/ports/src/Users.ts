import type { Tenant } from "@influscope/domain/access/Principal"
import { type NewUser, type User, UserId, type UserPage, type UserRole } from "@influscope/domain/users/User"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { PipelineBusy } from "./Profiles.ts"
import type { StorageError } from "./StorageError.ts"

/** There is no such user, or not any more. */
export class NoUser extends Schema.TaggedError<NoUser>()("NoUser", { id: UserId }) {}

/** The user is at another revision than the one that was to be changed. */
export class UserChanged extends Schema.TaggedError<UserChanged>()("UserChanged", { revision: Schema.Int }) {}

/** The client key belongs to another request, or to a user who has been deleted since. */
export class ClientKeyUsed extends Schema.TaggedError<ClientKeyUsed>()("ClientKeyUsed", {
  by: Schema.Literal("other-request", "deleted-user")
}) {}

export interface UserChange {
  readonly name?: string
  readonly roles?: ReadonlyArray<UserRole>
}

/**
 * The users of each tenant. Changes are durable when they succeed. Creations with the same client key make one user,
 * however often and however many at once: each answers that user.
 */
export class Users extends Context.Tag("@influscope/ports/Users")<
  Users,
  {
    readonly create: (
      tenant: Tenant,
      given: NewUser,
      clientKey: string | undefined
    ) => Effect.Effect<User, ClientKeyUsed | StorageError>
    /** Answers the id when the request is durable; the user is there soon after. */
    readonly request: (
      tenant: Tenant,
      given: NewUser,
      clientKey: string | undefined
    ) => Effect.Effect<UserId, ClientKeyUsed | PipelineBusy | StorageError>
    readonly get: (tenant: Tenant, id: UserId) => Effect.Effect<Option.Option<User>, StorageError>
    /** In the order of their ids, those behind `after`. A page may have fewer than `limit` and yet not be the last. */
    readonly list: (
      tenant: Tenant,
      after: UserId | undefined,
      limit: number
    ) => Effect.Effect<UserPage, StorageError>
    /** Changes that very revision. */
    readonly update: (
      tenant: Tenant,
      id: UserId,
      revision: number,
      change: UserChange
    ) => Effect.Effect<User, NoUser | UserChanged | StorageError>
    /** Any revision when it is undefined. The id is not given again. */
    readonly remove: (
      tenant: Tenant,
      id: UserId,
      revision: number | undefined
    ) => Effect.Effect<void, NoUser | UserChanged | StorageError>
  }
>() {}
