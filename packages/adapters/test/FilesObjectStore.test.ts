import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { objectStoreConformance } from "@influscope/ports/conformance/ObjectStoreConformance"
import { ObjectStore } from "@influscope/ports/ObjectStore"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as FilesObjectStore from "../src/files/ObjectStore.ts"

const shared = mkdtempSync(join(tmpdir(), "influscope-objects-"))
const remove = Effect.promise(() => rm(shared, { recursive: true, force: true, maxRetries: 10 }))

objectStoreConformance(
  "files",
  Layer.merge(FilesObjectStore.layer(shared), Layer.scopedDiscard(Effect.addFinalizer(() => remove))),
  { vanish: remove, restartable: Effect.map(temporaryDirectory, FilesObjectStore.layer) }
)

const avatar = { bytes: new TextEncoder().encode("an avatar"), contentType: "image/png" }

const files = (root: string): ReadonlyArray<string> =>
  readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name)

const withStore = <A, E>(root: string, use: (store: ObjectStore["Type"]) => Effect.Effect<A, E>) =>
  Effect.provide(Effect.flatMap(ObjectStore, use), FilesObjectStore.layer(root))

const reasonOf = <A>(effect: Effect.Effect<A, { readonly reason: string }>) =>
  Effect.map(Effect.flip(effect), (error) => error.reason)

describe("object store in files", () => {
  it.scopedLive("leaves no other file behind, and discards what a dead process left", () =>
    Effect.gen(function* () {
      const root = join(yield* temporaryDirectory, "made", "on", "demand")
      yield* withStore(root, (store) => store.put("avatars/a", avatar))
      assert.deepStrictEqual(files(root), ["a+object"])
      const unfinished = join(root, "+unfinished")
      assert.isTrue(readdirSync(root).includes("+unfinished"))
      writeFileSync(join(unfinished, "left"), "half an obj")
      yield* withStore(root, (store) => store.get("avatars/a"))
      assert.deepStrictEqual(files(root), ["a+object"])
    })
  )

  it.scopedLive("lists its own objects only", () =>
    Effect.gen(function* () {
      const root = yield* temporaryDirectory
      writeFileSync(join(root, ".DS_Store"), "")
      writeFileSync(join(root, "plain"), "")
      writeFileSync(join(root, "Upper+object"), "")
      mkdirSync(join(root, "a directory"))
      yield* withStore(root, (store) =>
        Effect.gen(function* () {
          yield* store.put("a", avatar)
          const listed = yield* Stream.runCollect(store.list(""))
          assert.deepStrictEqual(Chunk.toReadonlyArray(listed), ["a"])
        })
      )
    })
  )

  it.scopedLive("calls a file without its header corrupt", () =>
    Effect.gen(function* () {
      const root = yield* temporaryDirectory
      yield* withStore(root, (store) =>
        Effect.gen(function* () {
          yield* store.put("a", avatar)
          truncateSync(join(root, "a+object"), 10)
          assert.strictEqual(yield* reasonOf(store.get("a")), "corrupt")
          for (const text of ["influscope object 1\nnot json\n", 'influscope object 2\n"a/b"\n', ""]) {
            writeFileSync(join(root, "a+object"), text)
            assert.strictEqual(yield* reasonOf(store.get("a")), "corrupt")
          }
          yield* store.put("a", avatar)
          assert.deepStrictEqual(yield* store.get("a"), Option.some(avatar))
        })
      )
    })
  )

  it.scopedLive("says that it cannot write, and leaves nothing half-written", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const file = join(directory, "file")
      writeFileSync(file, "")
      const inAFile = withStore(join(file, "root"), (store) => store.put("a", avatar))
      assert.strictEqual(yield* reasonOf(inAFile), "unavailable")

      const root = join(directory, "root")
      yield* withStore(root, (store) =>
        Effect.gen(function* () {
          yield* store.put("b", avatar)
          writeFileSync(join(root, "blocked"), "")
          assert.strictEqual(yield* reasonOf(store.put("blocked/a", avatar)), "unavailable")
          mkdirSync(join(root, "taken+object"))
          assert.strictEqual(yield* reasonOf(store.put("taken", avatar)), "unavailable")
          assert.deepStrictEqual(readdirSync(join(root, "+unfinished")), [])
          rmSync(root, { recursive: true })
          writeFileSync(root, "")
          assert.strictEqual(yield* reasonOf(store.put("a", avatar)), "unavailable")
          assert.strictEqual(yield* reasonOf(store.get("b")), "unavailable")
          rmSync(root)
          yield* store.put("a", avatar)
          assert.deepStrictEqual(yield* store.get("a"), Option.some(avatar))
        })
      )
    })
  )
})
