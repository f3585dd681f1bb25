import { rmSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { maxBatchBytes } from "@influscope/domain/Events"
import { ObjectStore } from "@influscope/ports/ObjectStore"
import { Outbox } from "@influscope/ports/Outbox"
import { StorageError } from "@influscope/ports/StorageError"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { type BatchContext, observationsOf, PublishProfiles } from "../src/PublishProfiles.ts"
import type { ScrapedProfile } from "../src/Sources.ts"
import { embedded, type InstanceOptions, indexed } from "./Embedded.ts"
import type { Operation, Trouble } from "./Troubles.ts"

const context: BatchContext = {
  batch: "batch:0",
  job: "job",
  source: "test",
  observedAt: 5_000,
  ingestedAt: 6_000,
  firstOrdinal: 40
}

const profile = (handle: string, changes: Partial<ScrapedProfile> = {}): ScrapedProfile => ({
  platform: "instagram",
  handle,
  fields: { followers: 7 },
  observedAt: undefined,
  avatar: undefined,
  ...changes
})

const avatar = (text: string) => ({ bytes: new TextEncoder().encode(text), contentType: "image/png" })

const untilApplied = (batches: number) =>
  Effect.flatMap(Outbox, (outbox) =>
    Effect.repeat(outbox.progress("job"), {
      until: ({ confirmedBatches }) => confirmedBatches === batches,
      schedule: Schedule.spaced("5 millis")
    })
  )

const inInstance = <A, E, R>(
  body: (directory: string) => Effect.Effect<A, E, R>,
  options: InstanceOptions = {}
) =>
  Effect.flatMap(temporaryDirectory, (directory) =>
    Effect.provide(body(directory), embedded(directory, options))
  )

describe("a batch of profiles", () => {
  it.scopedLive("is published when its avatars are stored, and not before", () => {
    const writes: Array<Operation> = []
    const trouble: Trouble = (operation, when) =>
      Effect.sync(() => {
        if (when === "after") writes.push(operation)
      })
    return inInstance(
      () =>
        Effect.gen(function* () {
          const { publish } = yield* PublishProfiles
          const objects = yield* ObjectStore
          const handles = Array.from({ length: 40 }, (_, at) => `creator.${at}_ü`)
          const ids = yield* publish(
            handles.map((handle) => profile(handle, { avatar: avatar(handle) })),
            context
          )
          assert.deepStrictEqual(
            ids.map(String),
            handles.map((handle) => `instagram:${handle}`)
          )
          assert.isBelow(writes.lastIndexOf("put object"), writes.indexOf("append"))
          yield* untilApplied(1)
          for (const { fields, handle } of (yield* indexed).values()) {
            const stored = Option.getOrThrow(yield* objects.get(fields.avatarKey ?? "none"))
            assert.strictEqual(new TextDecoder().decode(stored.bytes), handle)
          }
        }),
      { trouble }
    )
  })

  it.scopedLive("is not published when an avatar cannot be stored, and is whole when tried again", () => {
    let broken = true
    const trouble: Trouble = (operation, when) =>
      broken && operation === "put object" && when === "before"
        ? Effect.fail(new StorageError({ reason: "full", operation, cause: "made to fail" }))
        : Effect.void
    return inInstance(
      () =>
        Effect.gen(function* () {
          const { publish } = yield* PublishProfiles
          const outbox = yield* Outbox
          const batch = [profile("ana"), profile("bob", { avatar: avatar("bob") })]
          assert.strictEqual((yield* Effect.flip(publish(batch, context))).reason, "full")
          assert.strictEqual((yield* outbox.progress("job")).items, 0)
          broken = false
          yield* publish(batch, context)
          yield* untilApplied(1)
          assert.strictEqual((yield* indexed).size, 2)
        }),
      { trouble }
    )
  })

  it.scopedLive("brings the object directory back when somebody removed it", () =>
    inInstance((directory) =>
      Effect.gen(function* () {
        const { publish } = yield* PublishProfiles
        const objects = yield* ObjectStore
        for (let round = 0; round < 3; round++) {
          rmSync(join(directory, "objects"), { recursive: true, force: true })
          const handles = Array.from({ length: 20 }, (_, at) => `r${round}_${at}`)
          yield* publish(
            handles.map((handle) => profile(handle, { avatar: avatar(handle) })),
            { ...context, batch: `batch:${round}` }
          )
          assert.lengthOf(Chunk.toReadonlyArray(yield* Stream.runCollect(objects.list("avatars/"))), 20)
        }
        yield* untilApplied(3)
        assert.strictEqual((yield* indexed).size, 60)
      })
    )
  )

  it.scopedLive("published again changes nothing", () =>
    inInstance(() =>
      Effect.gen(function* () {
        const { publish } = yield* PublishProfiles
        const outbox = yield* Outbox
        const batch = [profile("ana"), profile("bob")]
        for (let times = 0; times < 3; times++) yield* publish(batch, context)
        yield* untilApplied(1)
        const progress = yield* outbox.progress("job")
        assert.deepStrictEqual([progress.batches, progress.items, progress.created], [1, 2, 2])
      })
    )
  )

  it.scopedLive("too large for one message goes as several, with ids that are the same each time", () =>
    inInstance(() =>
      Effect.gen(function* () {
        const { publish } = yield* PublishProfiles
        const outbox = yield* Outbox
        const bios = ["x", "ü", '"', "🌸", "\\"]
        const batch = Array.from({ length: 300 }, (_, at) =>
          profile(`creator_${at}`, {
            fields: { bio: (bios[at % bios.length] ?? "").repeat(4_000 / (1 + (at % 5))) }
          })
        )
        yield* publish(batch, context)
        yield* publish(batch, context)
        const { batches, items } = yield* outbox.progress("job")
        assert.isAbove(batches, 1)
        assert.strictEqual(items, 300)
        yield* untilApplied(batches)
        assert.strictEqual((yield* indexed).size, 300)
        assert.isBelow(JSON.stringify(observationsOf(batch, context)).length / batches, maxBatchBytes)
      })
    )
  )
})

describe("the statements of a batch", () => {
  it("take their time from the profile or else from the batch, and their order from their places", () => {
    const statements = observationsOf([profile("ana"), profile("bob", { observedAt: 77 })], context)
    assert.deepStrictEqual(
      statements.map(({ ingestedAt, observedAt, ordinal, source }) => [
        observedAt,
        ingestedAt,
        ordinal,
        source
      ]),
      [
        [5_000, 6_000, 40, "test"],
        [77, 6_000, 41, "test"]
      ]
    )
  })

  it("leave out what a later one of the same account and moment corrects, and nothing else", () => {
    const statements = observationsOf(
      [
        profile("ana", { fields: { followers: 1, name: "Ana", categories: ["a", "b"] } }),
        profile("ana", { fields: { followers: 9, name: "Ana" }, observedAt: 77 }),
        profile("bob", { fields: { followers: 1 } }),
        profile("ana", { fields: { followers: 2, country: "ES", categories: ["a", "b"] } }),
        profile("ana", { fields: { followers: 1, categories: ["a,b"] } })
      ],
      context
    )
    assert.deepStrictEqual(
      statements.map(({ fields }) => fields),
      [
        { name: "Ana", followers: 1 },
        { name: "Ana", followers: 9 },
        { followers: 1 },
        { country: "ES" },
        { categories: ["a,b"], followers: 1 }
      ]
    )
  })
})
