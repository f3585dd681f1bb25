import { StorageError, type StorageReason } from "@influscope/ports/StorageError"
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { refused, type Sidecar, type SidecarAnswer } from "./Sidecar.ts"
import type { StateBehaviour } from "./StateBehaviour.ts"
import { decodeEnvelope, encodeEnvelope, type StateEnvelope } from "./StateEnvelope.ts"

/** What a store holds under a key, with its own tag where it has tags. */
export interface StateRow {
  readonly tag: string | undefined
  readonly envelope: StateEnvelope
}

export type RowCondition = { readonly _tag: "Tag"; readonly tag: string } | { readonly _tag: "Absent" }

/** One write as the state API has it. */
export interface RowWrite {
  /** Encoded. */
  readonly key: string
  /** Undefined deletes. */
  readonly envelope: StateEnvelope | undefined
  readonly condition: RowCondition | undefined
  /** When the store may sweep it away; -1 takes an expiry away where the store keeps the old one otherwise. */
  readonly ttlSeconds: number | undefined
}

/** Keys of one bulk read. */
const chunkSize = 500
const chunksAtOnce = 2
/** Reads one by one, where a bulk read cannot ask for strong consistency. */
const readsAtOnce = 16

const nothing: Effect.Effect<StateRow | undefined> = Effect.sync(() => undefined)

const timeout = "10 seconds"

const BulkAnswer = Schema.parseJson(
  Schema.Array(
    Schema.Struct({
      key: Schema.String,
      data: Schema.optional(Schema.Unknown),
      etag: Schema.optional(Schema.String),
      error: Schema.optional(Schema.String)
    })
  )
)

/** What the stores say when their disk or memory is full. */
const full = /OOM command not allowed|disk is full|SQLSTATE 53100|No space left on device|table .* is full/i

/** Of a write that was answered with an error. */
export const writeReason = ({ status, text }: SidecarAnswer): StorageReason => {
  if (status === 409) return "conflict"
  // Larger than the sidecar or the store takes: it will not be smaller next time.
  if (status === 413 || text.includes("body too large") || text.includes("exceeds limit")) return "corrupt"
  return full.test(text) ? "full" : "unavailable"
}

const notOurs = (operation: string, key: string): StorageError =>
  new StorageError({
    reason: "corrupt",
    operation,
    cause: `what is stored under ${key} was not written here`
  })

/** The calls of the state API that are used here, on one component. Keys are encoded. */
export const stateRows = (sidecar: Sidecar["Type"], store: string, behaviour: StateBehaviour) => {
  const path = `/v1.0/state/${encodeURIComponent(store)}`

  const send = (method: "POST" | "DELETE", suffix: string, body?: unknown, headers = {}) =>
    sidecar.request({
      method,
      path: `${path}${suffix}`,
      headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      timeout
    })

  const toRow = (key: string, data: string, tag: string | undefined): Effect.Effect<StateRow, StorageError> =>
    Option.match(decodeEnvelope(data), {
      onNone: () => Effect.fail(notOurs(`read ${key}`, key)),
      onSome: (envelope) => Effect.succeed({ tag, envelope })
    })

  const readOne = (key: string): Effect.Effect<StateRow | undefined, StorageError> =>
    sidecar
      .request({
        method: "GET",
        path: `${path}/${key}${behaviour.asksStrong ? "?consistency=strong" : ""}`,
        timeout
      })
      .pipe(
        Effect.flatMap((answer): Effect.Effect<StateRow | undefined, StorageError> => {
          if (answer.status === 204) return nothing
          return answer.status === 200
            ? toRow(key, answer.text, answer.headers["etag"])
            : Effect.fail(refused(`read ${key}`, answer))
        })
      )

  const readChunk = (keys: ReadonlyArray<string>) =>
    Effect.gen(function* () {
      const operation = `read ${keys.length} keys`
      const answer = yield* send("POST", "/bulk", { keys, parallelism: 10 })
      if (answer.status !== 200) return yield* refused(operation, answer)
      const found = yield* Effect.mapError(
        Schema.decode(BulkAnswer)(answer.text),
        (cause) => new StorageError({ reason: "unavailable", operation, cause })
      )
      const broken = found.find(({ error }) => error !== undefined)
      if (broken !== undefined)
        return yield* new StorageError({
          reason: "unavailable",
          operation,
          cause: `${broken.key}: ${broken.error ?? ""}`
        })
      const byKey = new Map(found.map((item) => [item.key, item]))
      return yield* Effect.forEach(keys, (key): Effect.Effect<StateRow | undefined, StorageError> => {
        const item = byKey.get(key)
        if (item === undefined)
          return Effect.fail(
            new StorageError({ reason: "unavailable", operation, cause: `${key} was left out of the answer` })
          )
        return item.data === undefined || item.data === null
          ? nothing
          : toRow(key, JSON.stringify(item.data), item.etag)
      })
    })

  /** In the order of the keys, which are distinct. */
  const read = (
    keys: ReadonlyArray<string>
  ): Effect.Effect<ReadonlyArray<StateRow | undefined>, StorageError> => {
    if (keys.length === 1 || behaviour.asksStrong)
      return Effect.forEach(keys, readOne, { concurrency: readsAtOnce })
    return Effect.map(
      Effect.forEach(Arr.chunksOf(keys, chunkSize), readChunk, { concurrency: chunksAtOnce }),
      Arr.flatten
    )
  }

  const tagOf = (condition: RowCondition | undefined): string | undefined => {
    if (condition === undefined) return undefined
    return condition._tag === "Tag" ? condition.tag : behaviour.createTag
  }

  const toUpsert = ({
    condition,
    envelope,
    key,
    ttlSeconds
  }: RowWrite & { readonly envelope: StateEnvelope }) => {
    const etag = tagOf(condition)
    return {
      key,
      value: encodeEnvelope(envelope),
      ...(etag === undefined ? {} : { etag }),
      ...(condition?._tag === "Absent" && etag === undefined
        ? { options: { concurrency: "first-write" } }
        : {}),
      ...(ttlSeconds === undefined ? {} : { metadata: { ttlInSeconds: String(ttlSeconds) } })
    }
  }

  /** The answer, also of an error. */
  const write = (row: RowWrite): Effect.Effect<SidecarAnswer, StorageError> => {
    const { condition, envelope, key } = row
    if (envelope !== undefined) return send("POST", "", [toUpsert({ ...row, envelope })])
    const etag = tagOf(condition)
    return send("DELETE", `/${key}`, undefined, etag === undefined ? {} : { "if-match": etag })
  }

  /** Writes rows that have nothing to do with each other: when it is answered with an error, any of them may be there. */
  const writeMany = (
    rows: ReadonlyArray<RowWrite & { readonly envelope: StateEnvelope }>
  ): Effect.Effect<SidecarAnswer, StorageError> => send("POST", "", rows.map(toUpsert))

  const transact = (rows: ReadonlyArray<RowWrite>): Effect.Effect<SidecarAnswer, StorageError> =>
    send("POST", "/transaction", {
      operations: rows.map((row) => {
        const { condition, envelope, key } = row
        const etag = tagOf(condition)
        return envelope === undefined
          ? { operation: "delete", request: { key, ...(etag === undefined ? {} : { etag }) } }
          : { operation: "upsert", request: toUpsert({ ...row, envelope }) }
      })
    })

  return { read, write, writeMany, transact }
}
export type StateRows = ReturnType<typeof stateRows>
