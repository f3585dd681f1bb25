import type { StateOperation } from "@influscope/ports/StateStore"
import * as Duration from "effect/Duration"
import { encodeKey } from "./StateKey.ts"

/** What the operations of a transaction do to one key in the end. */
export interface StateChange {
  readonly key: string
  /** As it is written. */
  readonly encoded: string
  /** Of what is stored before: this version, `null` for none, undefined for anything. */
  readonly condition: string | null | undefined
  /** Undefined deletes. */
  readonly value: string | undefined
  /** In milliseconds; undefined keeps it for ever. */
  readonly ttl: number | undefined
}

/** A condition that cannot hold, whatever is stored. */
export interface Impossible {
  readonly key: string
  readonly condition: string | null
}

const conditionOf = (operation: StateOperation): string | null | undefined =>
  operation._tag === "Set" ? operation.options?.ifMatch : operation.ifMatch

const ttlOf = (operation: StateOperation): number | undefined => {
  if (operation._tag === "Delete" || operation.options?.ttl === undefined) return undefined
  const millis = Duration.toMillis(operation.options.ttl)
  return Number.isFinite(millis) ? Math.ceil(millis) : undefined
}

/**
 * One change a key, as if the operations were done one after another: stores differ in what they make of several on one
 * key. A version written within the transaction has a tag that nobody can know yet.
 */
export const foldOperations = (
  operations: ReadonlyArray<StateOperation>
): ReadonlyArray<StateChange> | Impossible => {
  const changes = new Map<string, StateChange>()
  for (const operation of operations) {
    const { key } = operation
    const before = changes.get(key)
    const condition = conditionOf(operation)
    if (
      before !== undefined &&
      condition !== undefined &&
      !(condition === null && before.value === undefined)
    )
      return { key, condition }
    changes.set(key, {
      key,
      encoded: before?.encoded ?? encodeKey(key),
      condition: before === undefined ? condition : before.condition,
      value: operation._tag === "Set" ? operation.value : undefined,
      ttl: ttlOf(operation)
    })
  }
  return [...changes.values()]
}
