import * as MemoryCache from "@influscope/adapters/memory/Cache"
import * as MainDatabase from "@influscope/adapters/sqlite/MainDatabase"
import * as SqliteOutbox from "@influscope/adapters/sqlite/Outbox"
import * as SqliteQueue from "@influscope/adapters/sqlite/Queue"
import * as SqliteState from "@influscope/adapters/sqlite/StateStore"
import { Publisher } from "@influscope/pipeline/Publisher"
import type { Cache } from "@influscope/ports/Cache"
import type { Outbox } from "@influscope/ports/Outbox"
import type { PubSub } from "@influscope/ports/PubSub"
import { StateStore } from "@influscope/ports/StateStore"
import { Users } from "@influscope/ports/Users"
import { settings } from "@influscope/testing/Settings"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { UsersServiceLive } from "../src/Service.ts"

/** State of a directory, as one process has it. */
export const stateOn = (directory: string) =>
  Effect.map(
    Layer.build(SqliteState.layer.pipe(Layer.provide(MainDatabase.layer(directory)))),
    Context.get(StateStore)
  )

/** What processes of the service share: the queue, the cache, and what was sent. */
export type Surroundings = Context.Context<PubSub | Outbox | Cache>

export const surroundings = Effect.gen(function* () {
  const directory = yield* temporaryDirectory
  const queue = Layer.merge(SqliteQueue.layer, SqliteOutbox.layer).pipe(
    Layer.provide(MainDatabase.layer(directory))
  )
  const all: Surroundings = yield* Layer.build(Layer.merge(queue, MemoryCache.layer))
  return all
})

/** A process of the service on this state, until the scope closes. */
export const processOf = (
  state: StateStore["Type"],
  around: Surroundings,
  cache: "on" | "off" = "off"
): Effect.Effect<Users["Type"], unknown, Scope.Scope> =>
  Effect.map(
    Layer.build(
      UsersServiceLive.pipe(
        Layer.provide(Publisher.Default),
        Layer.provide(Layer.succeed(StateStore, state)),
        Layer.provide(Layer.succeedContext(around)),
        Layer.provide(settings({ INFLUSCOPE_USERS_CACHE: cache }))
      )
    ),
    Context.get(Users)
  )
