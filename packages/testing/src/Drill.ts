import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { type Account, accountOf, type Outcomes } from "./Account.ts"

/** How one write ended for who sent it. */
export type Told = "acknowledged" | "failed" | "unknown"

/** After healing the system did not come to rest. */
export class NotSettled extends Data.TaggedError("NotSettled")<{ readonly detail: string }> {
  override get message(): string {
    return `The system did not come to rest: ${this.detail}`
  }
}

/** Reads again and again, with a time in between, until there is nothing new. */
export const untilStill = <A, E, R>(
  read: Effect.Effect<ReadonlyArray<A>, E, R>,
  wait: Duration.DurationInput
): Effect.Effect<ReadonlyArray<A>, E, R> =>
  Effect.suspend(() => {
    let before = -1
    const isStill = ({ length }: ReadonlyArray<A>) => {
      const same = length === before
      before = length
      return same
    }
    return Effect.repeat(Effect.delay(read, wait), { until: isStill })
  })

export interface DrillOptions<E, R> {
  /** Groups of ids that are written together, each id once. */
  readonly groups: ReadonlyArray<ReadonlyArray<string>>
  /** Written after those, for as long as the faults last. */
  readonly more?: Iterable<ReadonlyArray<string>>
  /** Writes one group and says what it was told. Must not fail. */
  readonly write: (ids: ReadonlyArray<string>) => Effect.Effect<Told, never, R>
  /** Between the beginnings of two writes. */
  readonly pause: Duration.DurationInput
  /** Runs beside the writes: breaks things, and mends them. */
  readonly faults: Effect.Effect<void, E, R>
  /** Whether everything acknowledged should be readable by now; in words what is missing, else undefined. */
  readonly unsettled: Effect.Effect<string | undefined, E, R>
  /** How long what is missing may stay the same. */
  readonly patience: Duration.DurationInput
  /** Every id that is there, as often as it is there. */
  readonly read: Effect.Effect<ReadonlyArray<string>, E, R>
  /** Every id among the dead letters; none when absent. */
  readonly readDead?: Effect.Effect<ReadonlyArray<string>, E, R>
}

/** Waits until nothing is unsettled. Fails when nothing gets on: how long all of it takes is a matter of the machine. */
export const comeToRest = <E, R>({
  patience,
  unsettled
}: Pick<DrillOptions<E, R>, "patience" | "unsettled">): Effect.Effect<void, E | NotSettled, R> =>
  Effect.gen(function* () {
    let since = yield* Clock.currentTimeMillis
    let detail = yield* unsettled
    while (detail !== undefined) {
      yield* Effect.sleep("500 millis")
      const left = yield* unsettled
      const now = yield* Clock.currentTimeMillis
      if (left !== detail) since = now
      else if (now - since > Duration.toMillis(patience)) return yield* new NotSettled({ detail })
      detail = left
    }
  })

/** Writes while things break, waits until all is well again, reads everything, and compares id by id. */
export const drill = <E, R>(options: DrillOptions<E, R>): Effect.Effect<Account, E | NotSettled, R> =>
  Effect.gen(function* () {
    const told: Record<Told, Set<string>> = { acknowledged: new Set(), failed: new Set(), unknown: new Set() }
    const over = yield* Deferred.make<void>()
    const groups = Stream.concat(
      Stream.fromIterable(options.groups),
      // One by one: it halts between chunks.
      Stream.fromIterable(options.more ?? []).pipe(Stream.rechunk(1), Stream.haltWhenDeferred(over))
    )
    const writeAll = Stream.runDrain(
      Stream.mapEffect(
        groups,
        (ids) =>
          Effect.map(options.write(ids), (outcome) => {
            for (const id of ids) told[outcome].add(id)
          }).pipe(Effect.zipLeft(Effect.sleep(options.pause))),
        { concurrency: 2, unordered: true }
      )
    )
    const writing = yield* Effect.fork(writeAll)
    yield* Effect.ensuring(options.faults, Deferred.succeed(over, undefined))
    yield* Fiber.join(writing)
    yield* comeToRest(options)
    return accountOf(
      told satisfies Outcomes,
      yield* options.read,
      yield* options.readDead ?? Effect.succeed([])
    )
  })
