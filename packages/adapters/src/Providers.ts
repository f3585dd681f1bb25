import { MetricsProviders } from "@influscope/ports/MetricsProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Mockstagram from "./mockstagram/Provider.ts"
import * as Replay from "./replay/Provider.ts"

/** Mockstagram, asked as `send` does it, and the replay of a file where one is configured. */
export const layerWith = (send: Mockstagram.Send) =>
  Layer.effect(
    MetricsProviders,
    Effect.gen(function* () {
      const mockstagram = yield* Mockstagram.make(yield* Mockstagram.settings, send)
      const replayed = yield* Replay.settings
      return Option.isNone(replayed) ? [mockstagram] : [mockstagram, yield* Replay.make(replayed.value)]
    })
  )

/** All providers, over HTTP. */
export const layer = layerWith(fetch)
