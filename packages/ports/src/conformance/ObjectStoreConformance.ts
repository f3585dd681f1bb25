import { assert, describe, it } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { ObjectStore, type StoredObject } from "../ObjectStore.ts"
import { type Restartable, suite, unique } from "./Conformance.ts"

/** In bytes: around what adapters treat as small and large. */
const defaultSizes: ReadonlyArray<number> = [1, 3 * 1024 * 1024, 4 * 1024 * 1024 + 1]

export interface ObjectStoreConformanceOptions<E> {
  /** Of objects that have to come back byte for byte, in bytes. */
  readonly sizes?: ReadonlyArray<number>
  /** Whether the store has addresses to share; it has none when absent. */
  readonly presigns?: boolean
  /** False where a list leaves out `a/b` while there is an object `a`, as MinIO's does; it can be read all the same. */
  readonly listsBelowObjects?: boolean
  /** Takes the bucket or directory away under the running store; left out, the tests of it do not run. */
  readonly vanish?: Effect.Effect<void>
  /** Left out, the tests of restarts do not run. */
  readonly restartable?: Restartable<ObjectStore, E>
}

const textObject = (text: string, contentType = "text/plain; charset=utf-8"): StoredObject => ({
  bytes: new TextEncoder().encode(text),
  contentType
})

const randomBytes = (length: number): Uint8Array => {
  const bytes = new Uint8Array(length)
  for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536))
  return bytes
}

const assertObject = Effect.fnUntraced(function* (key: string, expected: StoredObject) {
  const store = yield* ObjectStore
  const found = Option.getOrThrow(yield* store.get(key))
  assert.strictEqual(found.contentType, expected.contentType)
  assert.strictEqual(Buffer.compare(found.bytes, expected.bytes), 0)
})

const assertAbsent = Effect.fnUntraced(function* (key: string) {
  const store = yield* ObjectStore
  assert.isTrue(Option.isNone(yield* store.get(key)))
})

const list = Effect.fnUntraced(function* (prefix: string) {
  const store = yield* ObjectStore
  return Chunk.toReadonlyArray(yield* Stream.runCollect(store.list(prefix)))
})

const invalidKeys: ReadonlyArray<string> = [
  "",
  "/",
  "a/",
  "/a",
  "a//b",
  ".",
  "..",
  "...",
  "../a",
  "a/../b",
  "a/..",
  "a\\b",
  "a b",
  "a\u0000",
  "a\n",
  "é",
  "a:b",
  "a%2fb",
  "~",
  "1/2/3/4/5/6/7/8/9"
]

/** What every ObjectStore must do. The layer is built once and shared by the tests. */
export const objectStoreConformance = <E>(
  name: string,
  layer: Layer.Layer<ObjectStore, E>,
  options: ObjectStoreConformanceOptions<E> = {}
): void => {
  const { restartable, vanish } = options

  suite(`ObjectStore: ${name}`, layer, (test) => {
    test("answers the bytes and the content type it was given", () =>
      Effect.gen(function* () {
        const store = yield* ObjectStore
        const objects: ReadonlyArray<StoredObject> = [
          { bytes: new Uint8Array(), contentType: "application/octet-stream" },
          { bytes: Uint8Array.from({ length: 256 }, (_, byte) => byte), contentType: "image/png" },
          { bytes: randomBytes(3 * 1024 * 1024), contentType: "image/webp" },
          textObject("\n\n{}\n", "text/csv; header=present"),
          textObject("<svg/>", "image/svg+xml")
        ]
        for (const object of objects) {
          const key = `${unique("objects")}/file.bin`
          yield* store.put(key, object)
          yield* assertObject(key, object)
        }
      }))

    test("replaces an object whole, content type and all", () =>
      Effect.gen(function* () {
        const store = yield* ObjectStore
        const key = unique("object")
        yield* store.put(key, textObject("a much longer text than the next"))
        yield* store.put(key, textObject("short", "text/html"))
        yield* assertObject(key, textObject("short", "text/html"))
        assert.deepStrictEqual(yield* list(key), [key])
      }))

    test("knows nothing of other keys; deleting them succeeds", () =>
      Effect.gen(function* () {
        const store = yield* ObjectStore
        const key = `${unique("objects")}/deep/down.png`
        yield* assertAbsent(key)
        yield* store.delete(key)
        yield* store.put(key, textObject("here"))
        yield* store.delete(key)
        yield* assertAbsent(key)
        yield* store.delete(key)
        assert.deepStrictEqual(yield* list(key), [])
      }))

    test("tells apart keys that differ in case or in depth only", () =>
      Effect.gen(function* () {
        const store = yield* ObjectStore
        const root = unique("objects")
        const keys = [
          `${root}/a`,
          `${root}/A`,
          `${root}/a/b`,
          `${root}/a.b`,
          `${root}/a-b`,
          `${root}/a.object`
        ]
        for (const key of keys) yield* store.put(key, textObject(key))
        for (const key of keys) yield* assertObject(key, textObject(key))
        const listed = keys.filter((key) => (options.listsBelowObjects ?? true) || key !== `${root}/a/b`)
        assert.deepStrictEqual(yield* list(`${root}/`), [...listed].sort())
        yield* store.delete(`${root}/a`)
        yield* assertObject(`${root}/a/b`, textObject(`${root}/a/b`))
      }))

    test("lists the keys under a prefix, sorted", () =>
      Effect.gen(function* () {
        const store = yield* ObjectStore
        const root = unique("objects")
        const names = ["b/2", "b/1", "a", "b-", "b.x", "b0", "bb/c/d/e/f", "B", "_", "zz"]
        yield* Effect.forEach(names, (each) => store.put(`${root}/${each}`, textObject(each)), {
          concurrency: 4,
          discard: true
        })
        const under = (prefix: string) =>
          names
            .map((each) => `${root}/${each}`)
            .filter((key) => key.startsWith(prefix))
            .sort()
        for (const rest of ["", "b", "b/", "bb/c", "a", "zzz", "b/1/"])
          assert.deepStrictEqual(yield* list(`${root}/${rest}`), under(`${root}/${rest}`))
        const first = yield* Stream.runHead(store.list(`${root}/`))
        assert.deepStrictEqual(first, Option.some(`${root}/B`))
      }))

    test("lists more keys than a page of any store holds, each once", () =>
      Effect.gen(function* () {
        const store = yield* ObjectStore
        const root = unique("objects")
        const keys = Array.from({ length: 1_205 }, (_, index) => `${root}/${String(index).padStart(5, "0")}`)
        yield* Effect.forEach(keys, (key) => store.put(key, textObject("")), {
          concurrency: 16,
          discard: true
        })
        assert.deepStrictEqual(yield* list(`${root}/`), keys)
        const some = yield* Stream.runCollect(Stream.take(store.list(`${root}/`), 1_001))
        assert.deepStrictEqual(Chunk.toReadonlyArray(some), keys.slice(0, 1_001))
      }))

    test("keeps objects of every size byte for byte", () =>
      Effect.gen(function* () {
        const store = yield* ObjectStore
        for (const size of options.sizes ?? defaultSizes) {
          const key = `${unique("objects")}/${size}`
          const object = { bytes: randomBytes(size), contentType: "application/octet-stream" }
          yield* store.put(key, object)
          yield* assertObject(key, object)
          yield* store.delete(key)
        }
      }))

    test("gives an address that anybody can read for a time, or none", () =>
      Effect.gen(function* () {
        const store = yield* ObjectStore
        const key = `${unique("objects")}/shared.txt`
        yield* store.put(key, textObject("for everybody", "text/html"))
        const address = yield* store.presign(key, "1 second")
        assert.strictEqual(Option.isSome(address), options.presigns ?? false)
        if (Option.isNone(address)) return
        const read = Effect.promise(() => fetch(address.value))
        const response = yield* read
        assert.strictEqual(response.status, 200)
        assert.strictEqual(response.headers.get("content-type"), "text/html")
        assert.strictEqual(yield* Effect.promise(() => response.text()), "for everybody")
        const other = address.value.replace("shared.txt", "other.txt")
        assert.strictEqual((yield* Effect.promise(() => fetch(other))).status, 403)
        yield* Effect.sleep("2100 millis")
        assert.strictEqual((yield* read).status, 403)
      }))

    test("takes keys of eight segments, and every allowed character", () =>
      Effect.gen(function* () {
        const store = yield* ObjectStore
        const key = `${unique("objects")}/2/3/4/5/6/7/..aZ09._-..`
        yield* store.put(key, textObject("deep"))
        yield* assertObject(key, textObject("deep"))
        assert.deepStrictEqual(yield* list(key), [key])
      }))

    test("dies of a key that is not one", () =>
      Effect.gen(function* () {
        const store = yield* ObjectStore
        const uses = (key: string) => [
          store.put(key, textObject("no")),
          Effect.asVoid(store.get(key)),
          store.delete(key),
          Effect.asVoid(store.presign(key, "1 minute"))
        ]
        for (const key of invalidKeys)
          for (const use of uses(key)) {
            const exit = yield* Effect.exit(use)
            assert.isTrue(Exit.isFailure(exit) && exit.cause._tag === "Die", JSON.stringify(key))
          }
      }))

    test("holds one whole object after writers raced for its key", () =>
      Effect.gen(function* () {
        const store = yield* ObjectStore
        const key = `${unique("objects")}/raced`
        const objects = Array.from({ length: 8 }, (_, writer) =>
          textObject(String(writer).repeat(100_000 + writer), `text/x-${writer}`)
        )
        yield* Effect.forEach(objects, (object) => store.put(key, object), {
          concurrency: 8,
          discard: true
        })
        const found = Option.getOrThrow(yield* store.get(key))
        const written = objects.find((object) => object.contentType === found.contentType)
        assert.isDefined(written)
        yield* assertObject(key, written ?? textObject(""))
        assert.deepStrictEqual(yield* list(key), [key])
      }))

    test("lists whole objects only, also while others are being written", () =>
      Effect.gen(function* () {
        const store = yield* ObjectStore
        const root = unique("objects")
        const keys = Array.from({ length: 20 }, (_, index) => `${root}/${index}`)
        const big = textObject("x".repeat(300_000))
        const writing = Effect.forEach(keys, (key) => store.put(key, big), { concurrency: 4, discard: true })
        const reading = Effect.gen(function* () {
          const listed = yield* list("")
          assert.isTrue(listed.every((key) => /^[A-Za-z0-9._/-]+$/.test(key)))
          for (const key of listed.filter((each) => each.startsWith(root))) yield* assertObject(key, big)
        })
        yield* Effect.all([writing, Effect.repeatN(reading, 5)], { concurrency: 2 })
      }))

    if (vanish === undefined) return
    test("makes its bucket again when it has disappeared", () =>
      Effect.gen(function* () {
        const store = yield* ObjectStore
        const [before, after] = [unique("object"), `${unique("objects")}/after`]
        yield* store.put(before, textObject("before"))
        yield* vanish
        yield* assertAbsent(before)
        yield* store.delete(before)
        assert.deepStrictEqual(yield* list(""), [])
        yield* store.put(after, textObject("after"))
        yield* assertObject(after, textObject("after"))
      }))

    test("writes while its bucket is disappearing", () =>
      Effect.gen(function* () {
        const store = yield* ObjectStore
        for (let round = 0; round < 24; round++) {
          const root = unique("objects")
          const writes = Array.from({ length: 4 }, (_, index) =>
            store.put(`${root}/${index}/object`, textObject("x".repeat(20_000)))
          )
          // In milliseconds: some before, some amid and some after the writes.
          const during = Effect.delay(vanish, round % 8)
          yield* Effect.all([during, ...writes], { concurrency: 5, discard: true })
        }
      }))
  })

  if (restartable === undefined) return
  describe(`ObjectStore across restarts: ${name}`, () => {
    it.scopedLive("keeps its objects", () =>
      Effect.gen(function* () {
        const process = yield* restartable
        const key = unique("object")
        const write = Effect.flatMap(ObjectStore, (store) => store.put(key, textObject("kept")))
        yield* Effect.provide(write, process)
        yield* Effect.provide(assertObject(key, textObject("kept")), process)
      })
    )
  })
}
