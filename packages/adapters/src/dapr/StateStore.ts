import {
  type StateCapability,
  type StateEntry,
  type StateOperation,
  StateStore
} from "@influscope/ports/StateStore"
import { StorageError } from "@influscope/ports/StorageError"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import { refused, Sidecar, type SidecarAnswer } from "./Sidecar.ts"
import { behaviourOf, type StateBehaviour } from "./StateBehaviour.ts"
import { foldOperations, type StateChange } from "./StateChanges.ts"
import { entryOf, type StateEnvelope } from "./StateEnvelope.ts"
import { encodeKey } from "./StateKey.ts"
import { type RowCondition, type RowWrite, type StateRow, stateRows, writeReason } from "./StateRows.ts"

export const defaultStateStore = "state"

/** How long a layer waits for its sidecar to have loaded the component. */
const startPatience = "30 seconds"

/** In seconds: rows outlive what they hold for as long as somebody may still write with a tag read before. */
const markSeconds = 300
/** In seconds: what an expired row stays longer where tags are never given twice. */
const sweepSeconds = 5
/** In seconds; stores keep no longer times. */
const longestTtl = 2_147_483_647 - markSeconds

/** In milliseconds: how long a key may be held for one write, far longer than all of its calls may take. */
const lease = 60_000

const writePatience = "15 seconds"
const pauses = Schedule.exponential("4 millis").pipe(
  Schedule.union(Schedule.spaced("150 millis")),
  Schedule.jittered
)

const names: Readonly<Record<StateCapability, { readonly dapr: string; readonly instead: string }>> = {
  etag: { dapr: "ETAG", instead: "postgresql, redis, mysql, mongodb, dynamodb or sqlite" },
  transactional: {
    dapr: "TRANSACTIONAL",
    instead: "postgresql, redis, mysql, sqlite, or mongodb as a replica set"
  },
  ttl: {
    dapr: "TTL",
    instead: "postgresql, redis, mysql, mongodb, cassandra or sqlite, or give dynamodb a ttlAttributeName"
  }
}

/** Somebody else holds a key or was faster: look again. */
class Again extends Data.TaggedError("Again")<{ readonly operation: string }> {}

interface Component {
  readonly name: string
  readonly type: string
  readonly capabilities: ReadonlyArray<string>
}

const findComponent = (name: string): Effect.Effect<Component, StorageError, Sidecar> =>
  Effect.gen(function* () {
    const { metadata } = yield* Sidecar
    const { components } = yield* metadata
    const found = components.find(
      (component) => component.name === name && component.type.startsWith("state.")
    )
    if (found !== undefined) return found
    const loaded = components.map((component) => `${component.name} (${component.type})`).join(", ")
    return yield* new StorageError({
      reason: "unavailable",
      operation: `find the state store ${name}`,
      cause: `the sidecar has not loaded it; loaded: ${loaded === "" ? "nothing" : loaded}`
    })
  })

/** A state component of the sidecar, which may still be loading it. */
export const waitForComponent = (
  name: string,
  patience: Duration.DurationInput
): Effect.Effect<Component, StorageError, Sidecar> =>
  Effect.retry(findComponent(name), Schedule.upTo(Schedule.spaced("250 millis"), patience))

const describeVersion = (version: string | null | undefined): string =>
  version === null || version === undefined ? "no value" : `version ${version}`

const conflict = (key: string, wanted: string | null, found: StateEntry | undefined): StorageError =>
  new StorageError({
    reason: "conflict",
    operation: `write ${key}`,
    cause: `expected ${describeVersion(wanted)}, found ${describeVersion(found?.etag)}`
  })

type Rows = ReadonlyArray<StateRow | undefined>

const isHeld = (row: StateRow | undefined, now: number): boolean =>
  row?.envelope.l !== undefined && row.envelope.l.until > now

/** Whether the store may be keeping an expiry for it. */
const mayExpire = (row: StateRow | undefined): boolean =>
  row !== undefined && (row.envelope.x !== undefined || row.envelope.v === undefined)

const conditionOf = (row: StateRow | undefined): RowCondition =>
  row?.tag === undefined ? { _tag: "Absent" } : { _tag: "Tag", tag: row.tag }

const make = (component: Component, behaviour: StateBehaviour) =>
  Effect.gen(function* () {
    const sidecar = yield* Sidecar
    const rows = stateRows(sidecar, component.name, behaviour)
    const { transactions } = behaviour
    const isLocked = transactions === "locked"

    const has = (capability: StateCapability): boolean =>
      component.capabilities.includes(names[capability].dapr) &&
      (capability !== "transactional" || typeof transactions === "string")
    const capabilities = new Set<StateCapability>((["etag", "transactional", "ttl"] as const).filter(has))

    const require = (operation: string, capability: StateCapability): Effect.Effect<void, StorageError> => {
      if (capabilities.has(capability)) return Effect.void
      const why =
        capability === "transactional" && typeof transactions !== "string" ? `: ${transactions.unusable}` : ""
      return Effect.fail(
        new StorageError({
          reason: "corrupt",
          operation,
          cause: `the component ${component.name} (${component.type}) lacks ${names[capability].dapr}${why}; choose ${names[capability].instead}`
        })
      )
    }

    /** Fails with `conflict` where a condition does not hold for what is stored. */
    const check = (
      changes: ReadonlyArray<StateChange>,
      found: Rows,
      now: number
    ): Effect.Effect<void, StorageError> => {
      for (const [index, { condition, key }] of changes.entries()) {
        if (condition === undefined) continue
        const entry = entryOf(found[index]?.envelope, now)
        if ((entry?.etag ?? null) !== condition) return Effect.fail(conflict(key, condition, entry))
      }
      return Effect.void
    }

    const storeTtl = (millis: number): number | undefined => {
      const seconds = Math.ceil(millis / 1_000) + (behaviour.marksDeletion ? markSeconds : sweepSeconds)
      return seconds > longestTtl ? undefined : seconds
    }

    /** What a change comes to in the store; undefined when there is nothing to do. */
    const toWrite = (
      { condition, encoded, ttl, value }: StateChange,
      row: StateRow | undefined,
      isKnown: boolean,
      nonce: string,
      now: number
    ): RowWrite | undefined => {
      const rowCondition = condition === undefined ? undefined : conditionOf(row)
      if (value === undefined) {
        if (isKnown && row === undefined) return undefined
        return behaviour.marksDeletion
          ? {
              key: encoded,
              envelope: { n: nonce },
              condition: rowCondition,
              ttlSeconds: has("ttl") ? markSeconds : undefined
            }
          : { key: encoded, envelope: undefined, condition: rowCondition, ttlSeconds: undefined }
      }
      const envelope: StateEnvelope = { v: value, n: nonce, ...(ttl === undefined ? {} : { x: now + ttl }) }
      return {
        key: encoded,
        envelope,
        condition: rowCondition,
        ttlSeconds: ttl === undefined ? undefined : storeTtl(ttl)
      }
    }

    const readAll = (changes: ReadonlyArray<StateChange>) => rows.read(changes.map(({ encoded }) => encoded))

    const isWritten = (found: Rows, nonces: ReadonlySet<string>): boolean =>
      found.some((row) => row !== undefined && nonces.has(row.envelope.n))

    const failed = (operation: string, answer: SidecarAnswer) =>
      refused(operation, answer, writeReason(answer))

    /** What became of a conditional write that was answered with an error: stores say too little about it. */
    const settle = (
      operation: string,
      changes: ReadonlyArray<StateChange>,
      nonces: ReadonlySet<string>,
      answer: SidecarAnswer
    ): Effect.Effect<void, StorageError | Again> =>
      Effect.gen(function* () {
        const found = yield* readAll(changes)
        if (isWritten(found, nonces)) return
        yield* check(changes, found, yield* Clock.currentTimeMillis)
        // The conditions hold again or still: an expired row was swept, or somebody wrote and deleted.
        if (answer.status === 409) return yield* new Again({ operation })
        return yield* failed(operation, answer)
      })

    const writeDirectly = (operation: string, changes: ReadonlyArray<StateChange>, known: Rows | undefined) =>
      Effect.gen(function* () {
        const isKnown =
          known !== undefined ||
          changes.some(
            ({ condition, value }) =>
              condition !== undefined || (value === undefined && behaviour.marksDeletion)
          )
        const found = known ?? (isKnown ? yield* readAll(changes) : [])
        const now = yield* Clock.currentTimeMillis
        yield* check(changes, found, now)
        if (found.some((row) => isHeld(row, now))) return yield* new Again({ operation })
        const nonces = changes.map(() => crypto.randomUUID())
        const writes = changes.flatMap((change, index) => {
          const row = found[index]
          const write = toWrite(change, row, isKnown, nonces[index] ?? "", now)
          if (write === undefined) return []
          return [known === undefined ? write : { ...write, condition: conditionOf(row) }]
        })
        const [only, ...others] = writes
        if (only === undefined) return
        const answer = yield* others.length === 0 ? rows.write(only) : rows.transact(writes)
        if (answer.status < 300) return
        if (writes.every(({ condition }) => condition === undefined)) return yield* failed(operation, answer)
        yield* settle(operation, changes, new Set(nonces), answer)
      })

    /** Gives back what is held; what cannot be reached is free again when its lease has run out. */
    const release = (id: string, changes: ReadonlyArray<StateChange>): Effect.Effect<void> =>
      Effect.gen(function* () {
        const found = yield* readAll(changes)
        yield* Effect.forEach(
          changes,
          ({ encoded }, index): Effect.Effect<unknown, StorageError> => {
            const row = found[index]
            if (row?.envelope.l?.id !== id) return Effect.void
            const { l: _held, ...envelope } = row.envelope
            return rows.write({ key: encoded, envelope, condition: conditionOf(row), ttlSeconds: undefined })
          },
          { concurrency: 4, discard: true }
        )
      }).pipe(
        Effect.catchAll((error) =>
          Effect.logWarning("Keys stay held until their lease is over", error.message)
        )
      )

    /** Holds a key unless somebody else was faster. Its value can still be read. */
    const hold =
      (operation: string, id: string, until: number) =>
      (change: StateChange, row: StateRow | undefined): Effect.Effect<void, StorageError | Again> =>
        Effect.gen(function* () {
          const answer = yield* rows.write({
            key: change.encoded,
            envelope: { ...(row?.envelope ?? { n: crypto.randomUUID() }), l: { id, until } },
            condition: conditionOf(row),
            ttlSeconds: row === undefined ? markSeconds : undefined
          })
          if (answer.status === 409) return yield* new Again({ operation })
          if (answer.status >= 300) return yield* failed(operation, answer)
        })

    /**
     * For stores whose transactions are not undone when a condition fails, and which set the expiry by a second command:
     * every key is held by a conditional write first, then all are written at once, unconditionally. Writers that find a
     * key held wait; readers see what was there before.
     */
    const writeHeld = (operation: string, changes: ReadonlyArray<StateChange>, found: Rows) =>
      Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        yield* check(changes, found, now)
        if (found.some((row) => isHeld(row, now))) return yield* new Again({ operation })
        const planned = changes.flatMap((change, index) => {
          const row = found[index]
          // What nobody holds and nobody has, and has no condition, needs no deleting.
          const isDone = change.condition === undefined
          const nonce = crypto.randomUUID()
          const write = toWrite({ ...change, condition: undefined }, row, isDone, nonce, now)
          return write === undefined
            ? []
            : [{ change, row, nonce, write: { ...write, ttlSeconds: write.ttlSeconds ?? -1 } }]
        })
        if (planned.length === 0) return
        const id = crypto.randomUUID()
        const held = [...planned].sort((a, b) => (a.change.encoded < b.change.encoded ? -1 : 1))
        const letGo = release(id, changes)
        const holdOne = hold(operation, id, now + lease)
        yield* Effect.forEach(held, ({ change, row }) => holdOne(change, row), { discard: true }).pipe(
          Effect.tapError(() => letGo)
        )
        if ((yield* Clock.currentTimeMillis) > now + lease / 2) {
          yield* letGo
          return yield* new Again({ operation })
        }
        const writes = planned.map(({ write }) => write)
        const answer = yield* Effect.tapError(rows.transact(writes), () => letGo)
        if (answer.status < 300) return
        if (isWritten(yield* readAll(changes), new Set(planned.map(({ nonce }) => nonce)))) return
        yield* letGo
        return yield* failed(operation, answer)
      })

    /** One command, and no expiry before or after: a conditional write will do. */
    const isPlain = (changes: ReadonlyArray<StateChange>, found: Rows): boolean =>
      changes.length === 1 &&
      changes.every(({ ttl, value }) => value !== undefined && ttl === undefined) &&
      !found.some(mayExpire)

    const writeLocked = (operation: string, changes: ReadonlyArray<StateChange>) =>
      Effect.flatMap(readAll(changes), (found) =>
        isPlain(changes, found)
          ? writeDirectly(operation, changes, found)
          : writeHeld(operation, changes, found)
      )

    const write = (operation: string, operations: ReadonlyArray<StateOperation>) =>
      Effect.gen(function* () {
        const changes = foldOperations(operations)
        if ("condition" in changes) return yield* conflict(changes.key, changes.condition, undefined)
        if (changes.length === 0) return
        if (changes.length > 1) yield* require(operation, "transactional")
        if (changes.some(({ condition }) => condition !== undefined)) yield* require(operation, "etag")
        if (changes.some(({ ttl }) => ttl !== undefined)) yield* require(operation, "ttl")
        const attempt = isLocked
          ? writeLocked(operation, changes)
          : writeDirectly(operation, changes, undefined)
        // An answer that is not waited for may still write: wait, so that the caller knows what is there.
        yield* Effect.uninterruptible(attempt).pipe(
          Effect.retry({
            while: ({ _tag }) => _tag === "Again",
            schedule: Schedule.upTo(pauses, writePatience)
          }),
          Effect.catchTag("Again", () =>
            Effect.fail(
              new StorageError({
                reason: "unavailable",
                operation,
                cause: "others were writing the same keys all the time"
              })
            )
          )
        )
      })

    const getMany = (keys: ReadonlyArray<string>) =>
      Effect.gen(function* () {
        if (keys.length === 0) return []
        const encoded = keys.map(encodeKey)
        const distinct = [...new Set(encoded)]
        const found = yield* rows.read(distinct)
        const byKey = new Map(distinct.map((key, index) => [key, found[index]]))
        const now = yield* Clock.currentTimeMillis
        return encoded.map((key) => Option.fromNullable(entryOf(byKey.get(key)?.envelope, now)))
      })

    return StateStore.of({
      capabilities,
      get: Effect.fn("DaprStateStore.get")(function* (key) {
        const [row] = yield* rows.read([encodeKey(key)])
        return Option.fromNullable(entryOf(row?.envelope, yield* Clock.currentTimeMillis))
      }),
      getMany: Effect.fn("DaprStateStore.getMany")((keys: ReadonlyArray<string>) => getMany(keys)),
      set: Effect.fn("DaprStateStore.set")((key, value, options) =>
        write(`write ${key}`, [{ _tag: "Set", key, value, ...(options === undefined ? {} : { options }) }])
      ),
      delete: Effect.fn("DaprStateStore.delete")((key, ifMatch) =>
        write(`delete ${key}`, [{ _tag: "Delete", key, ...(ifMatch === undefined ? {} : { ifMatch }) }])
      ),
      transact: Effect.fn("DaprStateStore.transact")((operations: ReadonlyArray<StateOperation>) =>
        write("write state", operations)
      )
    })
  })

/**
 * Key/value state in a component of the sidecar. What it can do is read from the sidecar's metadata when the layer is
 * built; an operation that needs more fails with `corrupt`, and says what to choose instead. Without ETAG a tag tells
 * versions apart, but none can be demanded.
 */
export const layerOf = (
  name: string,
  patience: Duration.DurationInput = startPatience
): Layer.Layer<StateStore, StorageError, Sidecar> =>
  Layer.effect(
    StateStore,
    Effect.flatMap(waitForComponent(name, patience), (component) =>
      make(component, behaviourOf(component.type))
    )
  )

/** The component `state`. */
export const layer = layerOf(defaultStateStore)
