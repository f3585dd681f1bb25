import { Cache } from "@influscope/ports/Cache"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"

export interface MemoryCacheOptions {
  /** UTF-16 code units of all keys and values together: one byte each for most text, two for the rest. */
  readonly maxLength: number
}

export const defaultOptions: MemoryCacheOptions = { maxLength: 32 * 1_024 * 1_024 }

interface Entry {
  readonly value: string
  /** Epoch ms. */
  readonly expiresAt: number
}

/** In the order of use, least recently used first, as a Map keeps what is deleted and put back. */
class Entries {
  private readonly entries = new Map<string, Entry>()
  private length = 0

  constructor(private readonly maxLength: number) {}

  get(key: string, now: number): string | undefined {
    const entry = this.entries.get(key)
    if (entry === undefined) return undefined
    this.entries.delete(key)
    if (entry.expiresAt <= now) {
      this.length -= key.length + entry.value.length
      return undefined
    }
    this.entries.set(key, entry)
    return entry.value
  }

  set(key: string, entry: Entry): void {
    this.delete(key)
    const length = key.length + entry.value.length
    if (length > this.maxLength) return
    this.entries.set(key, entry)
    this.length += length
    for (const oldest of this.entries.keys()) {
      if (this.length <= this.maxLength) return
      this.delete(oldest)
    }
  }

  delete(key: string): void {
    const entry = this.entries.get(key)
    if (entry === undefined) return
    this.entries.delete(key)
    this.length -= key.length + entry.value.length
  }
}

const make = ({ maxLength }: MemoryCacheOptions): Cache["Type"] => {
  const entries = new Entries(maxLength)
  const set = (keys: ReadonlyArray<string>, value: string, timeToLive: Duration.DurationInput) =>
    Effect.map(Clock.currentTimeMillis, (now) => {
      const entry = { value, expiresAt: now + Duration.toMillis(timeToLive) }
      for (const key of keys) entries.set(key, entry)
    })
  const get = (key: string) =>
    Effect.map(Clock.currentTimeMillis, (now) => Option.fromNullable(entries.get(key, now)))
  return {
    get,
    add: (key, value, timeToLive) =>
      Effect.flatMap(
        get(key),
        Option.match({
          onSome: () => Effect.succeed(false),
          onNone: () => Effect.as(set([key], value, timeToLive), true)
        })
      ),
    set,
    delete: (key) => Effect.sync(() => entries.delete(key))
  }
}

export const layerWith = (options: MemoryCacheOptions): Layer.Layer<Cache> =>
  Layer.sync(Cache, () => make(options))

/** A cache in this process alone. What is used least makes room for what is new. */
export const layer = layerWith(defaultOptions)

/** Nothing is ever there: what reads through it always asks the store. */
export const layerOff: Layer.Layer<Cache> = Layer.succeed(Cache, {
  get: () => Effect.succeedNone,
  add: () => Effect.succeed(false),
  set: () => Effect.void,
  delete: () => Effect.void
})
