import type * as HttpApi from "@effect/platform/HttpApi"
import type * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApp from "@effect/platform/HttpApp"
import * as HttpRouter from "@effect/platform/HttpRouter"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Authorization, endpointsOf } from "@influscope/domain/access/Authorization"
import { localPrincipal, type Principal } from "@influscope/domain/access/Principal"
import type { Scope } from "@influscope/domain/access/Scopes"
import { Forbidden, TooManyRequests, Unauthorized, Unavailable } from "@influscope/domain/api/Problems"
import * as Clock from "effect/Clock"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { accessConfig } from "./AccessConfig.ts"
import { type KeysUnusable, keysOfFile } from "./KeyFile.ts"
import { keysOfUrl } from "./KeySource.ts"
import { makeRateLimits, type RateLimit } from "./RateLimits.ts"
import { type TokenRules, verifyToken } from "./Tokens.ts"

/** Where a request comes from, as its connection has it: behind a proxy that is the proxy. */
export class ClientAddress extends Context.Reference<ClientAddress>()("@influscope/http/ClientAddress", {
  defaultValue: () => "unknown"
}) {}

type Refusal = Unauthorized | Forbidden | TooManyRequests | Unavailable

/** Who may do what. */
export class Access extends Context.Tag("@influscope/http/Access")<
  Access,
  {
    /** No keys are configured: whoever reaches this process may do everything. */
    readonly isOpen: boolean
    /** Who asks, when they may do what needs the scope. */
    readonly admit: (scope: Scope) => Effect.Effect<Principal, Refusal, HttpServerRequest.HttpServerRequest>
  }
>() {}

/** The same whatever is wrong with a token. */
const unauthorized = new Unauthorized({
  detail: "Send a valid token as Authorization: Bearer <token>. For development influscope token makes one."
})

const tooMany = (seconds: number) =>
  Effect.zipRight(
    HttpApp.appendPreResponseHandler((_request, response) =>
      Effect.succeed(HttpServerResponse.setHeader(response, "retry-after", String(seconds)))
    ),
    Effect.fail(new TooManyRequests({ detail: `Too many requests. Go on in ${seconds} seconds.` }))
  )

/** Everything is open: for programs that work on their own data directory, and on loopback addresses. */
export const open: Context.Tag.Service<Access> = {
  isOpen: true,
  admit: () => Effect.succeed(localPrincipal)
}

export const layerOpen = Layer.succeed(Access, open)

/** Everybody needs a token. */
export const guarded = (rules: TokenRules, limit: RateLimit): Context.Tag.Service<Access> => {
  const bearers = makeRateLimits(limit)
  const strangers = makeRateLimits(limit)

  /** Whoever has no good token is slowed down by address, and takes nothing from those who have. */
  const refuse = (reason: string) =>
    Effect.gen(function* () {
      const address = yield* ClientAddress
      yield* Effect.logDebug("A token was refused", { address, reason })
      const wait = strangers.take(address, yield* Clock.currentTimeMillis)
      return yield* wait > 0 ? tooMany(wait) : unauthorized
    })

  return {
    isOpen: false,
    admit: (scope) =>
      Effect.gen(function* () {
        const request = yield* HttpServerRequest.HttpServerRequest
        const principal = yield* verifyToken(request.headers["authorization"], rules).pipe(
          Effect.catchTags({
            TokenRefused: ({ reason }) => refuse(reason),
            KeysUnavailable: ({ cause }) =>
              Effect.zipRight(
                Effect.logError("The keys of tokens cannot be fetched", cause),
                new Unavailable({ detail: "Tokens cannot be checked at the moment. Try again shortly." })
              )
          })
        )
        const wait = bearers.take(`${principal.tenant} ${principal.subject}`, yield* Clock.currentTimeMillis)
        if (wait > 0) return yield* tooMany(wait)
        if (!principal.scopes.has(scope))
          return yield* new Forbidden({ detail: `This needs a token with the scope ${scope}.` })
        return principal
      })
  }
}

/** By configuration: guarded when keys are configured, else open. */
export const layer: Layer.Layer<Access, KeysUnusable | ConfigError.ConfigError> = Layer.effect(
  Access,
  Effect.gen(function* () {
    const { algorithms, file, limit, names, skew, url } = yield* accessConfig
    const keys = Option.isSome(file)
      ? Option.some(yield* keysOfFile(file.value))
      : Option.map(url, (address) => keysOfUrl(address))
    return Option.match(keys, {
      onNone: () => open,
      onSome: (keys) => guarded({ keys, algorithms, skew, ...names }, limit)
    })
  })
)

/** Guards the endpoints of an API by the scopes that their definitions ask for. */
export const guard = <Id extends string, Groups extends HttpApiGroup.HttpApiGroup.Any, E, R>(
  api: HttpApi.HttpApi<Id, Groups, E, R>
): Layer.Layer<Authorization, never, Access> => {
  const scopes = new Map(
    endpointsOf(api).flatMap(({ method, path, scope }) =>
      Option.isSome(scope) ? [[`${method} ${path}`, scope.value] as const] : []
    )
  )
  return Layer.effect(
    Authorization,
    Effect.map(Access, (access) => ({
      // The header is read as it is: what the framework makes of it says neither the scheme nor that there was one.
      token: () =>
        Effect.gen(function* () {
          const { route } = yield* HttpRouter.RouteContext
          const scope = scopes.get(`${route.method} ${route.path}`)
          if (scope === undefined)
            return yield* new Forbidden({ detail: "Nobody may do this: it has no scope." })
          return yield* access.admit(scope)
        })
    }))
  )
}
