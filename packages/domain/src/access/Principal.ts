import * as Context from "effect/Context"
import * as Schema from "effect/Schema"
import { allScopes, type Scope } from "./Scopes.ts"

/** Who asks: a person or a program, as whoever issued the token names it. */
export const Subject = Schema.String.pipe(
  Schema.pattern(/^[^\s\p{C}]{1,200}$/u, {
    message: () => "expected 1 to 200 characters without blanks"
  }),
  Schema.brand("Subject")
).annotations({ identifier: "Subject" })
export type Subject = typeof Subject.Type

/** Whose data it is: users, messages, templates and campaigns of one tenant are not there for another. */
export const Tenant = Schema.String.pipe(
  Schema.pattern(/^[a-z0-9][a-z0-9-]{0,62}$/, {
    message: () => "expected 1 to 63 lower case letters, digits and hyphens"
  }),
  Schema.brand("Tenant")
).annotations({ identifier: "Tenant" })
export type Tenant = typeof Tenant.Type

export interface Principal {
  readonly subject: Subject
  readonly tenant: Tenant
  readonly scopes: ReadonlySet<Scope>
}

/** Who made the request that is being handled. */
export class CurrentPrincipal extends Context.Tag("@influscope/domain/CurrentPrincipal")<
  CurrentPrincipal,
  Principal
>() {}

/** Whoever asks where no keys are configured, which is on this machine alone. */
export const localPrincipal: Principal = {
  subject: Subject.make("local"),
  tenant: Tenant.make("local"),
  scopes: new Set(allScopes)
}
