import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import type { Profile } from "@influscope/domain/Profile"
import { profileOf, queryOf } from "@influscope/ports/conformance/ProfileFixture"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as EmbeddedSearchIndex from "../src/search/EmbeddedSearchIndex.ts"
import { MemoryIndex } from "../src/search/MemoryIndex.ts"
import { captureSnapshot, readSnapshot, writeSnapshot } from "../src/search/Snapshot.ts"

const open = (directory: string) => EmbeddedSearchIndex.layer(join(directory, "profiles.db"))

const run = <A, E>(directory: string, body: Effect.Effect<A, E, SearchIndex>) =>
  Effect.scoped(Effect.provide(body, open(directory)))

const put = (...profiles: ReadonlyArray<Profile>) =>
  Effect.gen(function* () {
    const index = yield* SearchIndex
    const known = yield* index.getMany(profiles.map((profile) => profile.id))
    yield* index.bulk(
      profiles.map((profile, at) => ({
        profile,
        revision: Option.getOrUndefined(known[at] ?? Option.none())?.revision
      }))
    )
  })

const found = (q: string) =>
  Effect.gen(function* () {
    const index = yield* SearchIndex
    const { hits } = yield* index.search(queryOf(q))
    return hits.map((hit) => hit.handle).sort()
  })

const some = (from: number, to: number): ReadonlyArray<Profile> =>
  Array.from({ length: to - from }, (_, at) =>
    profileOf(`user${from + at}`, {
      name: `Name ${from + at}`,
      followers: at,
      categories: ["A", `c${at % 3}`]
    })
  )

const snapshotIn = (directory: string): string => join(directory, "profiles.db.index")

describe("snapshot of the search index", () => {
  it.scopedLive("is written at the close and brings back the same index", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* run(directory, put(...some(0, 50)))
      assert.isTrue(existsSync(snapshotIn(directory)))
      const restored = Option.getOrThrow(yield* readSnapshot(snapshotIn(directory)))
      assert.strictEqual(restored.moment.revision, 50)
      const index = new MemoryIndex(restored.parts)
      const fresh = new MemoryIndex()
      fresh.upsert(some(0, 50).map((profile, at) => ({ row: at + 1, profile })))
      for (const q of ["", "name 7", "user4"])
        assert.deepStrictEqual(index.search(queryOf(q), undefined), fresh.search(queryOf(q), undefined))
    })
  )

  it.scopedLive("detects any damage", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryDirectory, "snapshot")
      const index = new MemoryIndex()
      index.upsert(some(0, 20).map((profile, at) => ({ row: at + 1, profile })))
      yield* writeSnapshot(path, captureSnapshot(index.parts, { nonce: "n", revision: 20 }))
      const whole = readFileSync(path)
      const isRefused = (bytes: Uint8Array) =>
        Effect.gen(function* () {
          writeFileSync(path, bytes)
          return Either.isLeft(yield* Effect.either(readSnapshot(path)))
        })
      assert.isFalse(yield* isRefused(whole))
      // Four bytes of the prefix are unused.
      for (let at = 0; at < whole.length; at += at < 20 ? 1 : 37) {
        if (at >= 20 && at < 24) continue
        const damaged = Uint8Array.from(whole)
        damaged[at] = (damaged[at] ?? 0) ^ 0x40
        assert.isTrue(yield* isRefused(damaged), `byte ${at}`)
      }
      for (const length of [0, 5, 23, 24, 100, whole.length - 1])
        assert.isTrue(yield* isRefused(whole.subarray(0, length)), `cut to ${length}`)
      assert.isTrue(yield* isRefused(Buffer.concat([whole, Buffer.from("x")])))
    })
  )

  it.scopedLive("that is damaged, missing or old is made up for by the stored profiles", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const path = snapshotIn(directory)
      const old = `${path}.old`
      yield* run(directory, put(...some(0, 10)))
      copyFileSync(path, old)
      yield* run(
        directory,
        Effect.gen(function* () {
          const index = yield* SearchIndex
          yield* put(profileOf("user3", { name: "Renamed" }), profileOf("later", { name: "Later" }))
          yield* index.delete(profileOf("user4").id, 1)
        })
      )
      const check = run(
        directory,
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* found("renamed"), ["user3"])
          assert.deepStrictEqual(yield* found("later"), ["later"])
          assert.deepStrictEqual(yield* found("user4"), [])
          assert.strictEqual((yield* found("")).length, 10)
        })
      )
      copyFileSync(old, path)
      yield* check
      rmSync(path)
      yield* check
      writeFileSync(path, "not a snapshot at all")
      yield* check
      yield* check
    })
  )

  it.scopedLive("of profiles that were since restored from a copy is not used", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const database = join(directory, "profiles.db")
      yield* run(directory, put(...some(0, 5)))
      copyFileSync(database, `${database}.copy`)
      yield* run(directory, put(...some(5, 9)))
      const snapshot = readFileSync(snapshotIn(directory))
      copyFileSync(`${database}.copy`, database)
      // As many writes as were lost, so that the revisions agree.
      yield* run(directory, put(...some(20, 24)))
      writeFileSync(snapshotIn(directory), snapshot)
      yield* run(
        directory,
        Effect.gen(function* () {
          const stored = yield* Stream.runCollect((yield* SearchIndex).all)
          assert.deepStrictEqual(
            yield* found("name"),
            [...stored].map(({ profile }) => profile.handle).sort()
          )
        })
      )
    })
  )

  it.scopedLive("of the format before, which knew no growth, is not used", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      yield* run(directory, put(profileOf("falling", { growth30: -2 }), profileOf("rising", { growth30: 5 })))
      const file = readFileSync(snapshotIn(directory))
      const header = file.subarray(24, 24 + file.readUInt32BE(16))
      header.write(header.toString("utf8").replace('"version":3', '"version":1'))
      file.writeBigUInt64BE(Bun.hash.xxHash3(header), 8)
      writeFileSync(snapshotIn(directory), file)
      assert.isTrue(Either.isLeft(yield* Effect.either(readSnapshot(snapshotIn(directory)))))
      yield* run(
        directory,
        Effect.gen(function* () {
          const { hits } = yield* (yield* SearchIndex).search(queryOf("", { sort: "growth" }))
          assert.deepStrictEqual(
            hits.map(({ growth30, handle }) => [handle, growth30]),
            [
              ["rising", 5],
              ["falling", -2]
            ]
          )
        })
      )
    })
  )
})
