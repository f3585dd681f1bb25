import * as HttpApi from "@effect/platform/HttpApi"
import type * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiMiddleware from "@effect/platform/HttpApiMiddleware"
import * as HttpApiSecurity from "@effect/platform/HttpApiSecurity"
import * as Context from "effect/Context"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { Forbidden, TooManyRequests, Unauthorized, Unavailable } from "../api/Problems.ts"
import { CurrentPrincipal } from "./Principal.ts"
import { RequiredScope, type Scope } from "./Scopes.ts"

/** Finds out who asks, and turns away who may not: handlers below it have the `CurrentPrincipal`. */
export class Authorization extends HttpApiMiddleware.Tag<Authorization>()(
  "@influscope/domain/Authorization",
  {
    // Unavailable: the keys that tokens are checked with cannot be had.
    failure: Schema.Union(Unauthorized, Forbidden, TooManyRequests, Unavailable),
    provides: CurrentPrincipal,
    security: { token: HttpApiSecurity.bearer }
  }
) {}

export interface GuardedEndpoint {
  readonly group: string
  readonly name: string
  readonly method: string
  /** With parameters as the definition has them: /v1/profiles/:id. */
  readonly path: string
  /** None where the annotation was forgotten. */
  readonly scope: Option.Option<Scope>
  readonly isGuarded: boolean
}

/** Every endpoint of an API with the scope that it asks for. */
export const endpointsOf = <Id extends string, Groups extends HttpApiGroup.HttpApiGroup.Any, E, R>(
  api: HttpApi.HttpApi<Id, Groups, E, R>
): ReadonlyArray<GuardedEndpoint> => {
  const found: Array<GuardedEndpoint> = []
  HttpApi.reflect(api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint, group, middleware }) => {
      found.push({
        group: group.identifier,
        name: endpoint.name,
        method: endpoint.method,
        path: endpoint.path,
        scope: Context.getOption(endpoint.annotations, RequiredScope),
        isGuarded: [...middleware].some(({ key }) => key === Authorization.key)
      })
    }
  })
  return found
}
