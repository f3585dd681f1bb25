import { CollectionNotices } from "@influscope/ports/CollectionNotices"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Watch } from "./alerts/Watch.ts"
import { Slots } from "./Slots.ts"
import { TellGrowth } from "./TellGrowth.ts"

/** Takes what those who collect have to tell, in this process or, by the tracker's routes, from others. */
export const NoticesLive = Layer.effect(
  CollectionNotices,
  Effect.gen(function* () {
    const growth = yield* TellGrowth
    const slots = yield* Slots
    const watch = yield* Watch
    return CollectionNotices.of({
      missed: slots.missed,
      note: ({ asked = [], changed = [], given = [], moreGiven = false, unknown = [] }) =>
        Effect.sync(() => {
          slots.noteUnknown(asked, unknown)
          watch.changed(changed)
          growth.noteGiven(given)
          if (moreGiven) growth.noteMoreGiven()
        })
    })
  })
)
