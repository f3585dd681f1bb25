import type { AlertPage } from "@influscope/domain/api/AlertsApi"
import { type AlertDelivery, type AlertId, RaisedAlert } from "@influscope/domain/tracking/RaisedAlert"
import type { AlertFilter } from "@influscope/ports/Alerts"
import { StateStore } from "@influscope/ports/StateStore"
import { readStored, readStoredMany } from "@influscope/ports/StoredJson"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/** Alerts that are kept, besides older ones that wait for their webhook. */
const mostKept = 10_000

const spanKey = "alerts/log"
const keyOf = (number: number): string => `alerts/alert/${number}`

/** The numbers of the alerts that may be there: from `first` to before `next`. */
const Span = Schema.parseJson(Schema.Struct({ first: Schema.Int, next: Schema.Int }))
const Stored = Schema.parseJson(RaisedAlert)

/** A page goes on below the number of its last alert. */
const cursorPattern = /^[1-9][0-9]{0,14}$/

/** The latest alerts, numbered as they came: one row of the state store each, and all of them in memory. */
export class AlertLog extends Effect.Service<AlertLog>()("@influscope/tracker/AlertLog", {
  effect: Effect.gen(function* () {
    const state = yield* StateStore
    const lock = yield* Effect.makeSemaphore(1)
    /** By their numbers, oldest first. */
    const alerts = new Map<number, RaisedAlert>()
    const numbers = new Map<AlertId, number>()
    let next = 1

    const remember = (number: number, alert: RaisedAlert): void => {
      alerts.set(number, alert)
      numbers.set(alert.id, number)
    }

    const load = Effect.gen(function* () {
      const span = yield* readStored(state, spanKey, Span)
      if (Option.isNone(span)) return
      const { first } = span.value
      next = span.value.next
      const keys = Array.from({ length: next - first }, (_, place) => keyOf(first + place))
      const stored = yield* readStoredMany(state, keys, Stored)
      // One that is missing was forgotten, or announced before the process ended.
      for (const [place, alert] of stored.entries())
        if (Option.isSome(alert)) remember(first + place, alert.value)
    })

    const write = (number: number, alert: RaisedAlert) =>
      Effect.gen(function* () {
        yield* state.set(keyOf(number), yield* Effect.orDie(Schema.encode(Stored)(alert)))
        remember(number, alert)
      })

    const forgetOldest = Effect.gen(function* () {
      for (const [number, { delivery, id }] of alerts) {
        if (alerts.size <= mostKept) return
        if (delivery.state === "waiting") continue
        yield* state.delete(keyOf(number))
        alerts.delete(number)
        numbers.delete(id)
      }
    })

    yield* load

    return {
      get: (id: AlertId): RaisedAlert | undefined => {
        const number = numbers.get(id)
        return number === undefined ? undefined : alerts.get(number)
      },
      /** Those whose webhook is still to be called, oldest first. */
      waiting: (): ReadonlyArray<RaisedAlert> =>
        [...alerts.values()].filter(({ delivery }) => delivery.state === "waiting"),
      all: (): ReadonlyArray<RaisedAlert> => [...alerts.values()],
      /** Adds an alert; one that is there already stays as it is. Answers whether it was new. */
      add: (alert: RaisedAlert) =>
        Effect.gen(function* () {
          if (numbers.has(alert.id)) return false
          const number = next
          const [first = number] = alerts.keys()
          // Announced first: a row that nobody knows of would stay for ever.
          yield* state.set(spanKey, JSON.stringify({ first, next: number + 1 }))
          next = number + 1
          yield* write(number, alert)
          yield* forgetOldest
          return true
        }).pipe(lock.withPermits(1)),
      /** Notes what became of the webhook of an alert; of one that is forgotten nothing. */
      note: (id: AlertId, delivery: AlertDelivery) =>
        Effect.suspend(() => {
          const number = numbers.get(id)
          const alert = number === undefined ? undefined : alerts.get(number)
          return number === undefined || alert === undefined
            ? Effect.void
            : write(number, { ...alert, delivery })
        }).pipe(lock.withPermits(1)),
      /** Newest first; none when the cursor is not one. */
      page: ({ cursor, influencer, limit, rule }: AlertFilter): Option.Option<AlertPage> => {
        if (cursor !== undefined && !cursorPattern.test(cursor)) return Option.none()
        const before = cursor === undefined ? next : Number(cursor)
        const wanted = [...alerts].filter(
          ([number, alert]) =>
            number < before &&
            (influencer === undefined || alert.influencer === influencer) &&
            (rule === undefined || alert.rule === rule)
        )
        const page = wanted.slice(-limit).reverse()
        const [last] = page.at(-1) ?? []
        return Option.some({
          alerts: page.map(([, alert]) => alert),
          nextCursor: wanted.length > limit && last !== undefined ? String(last) : null
        })
      }
    }
  })
}) {}
