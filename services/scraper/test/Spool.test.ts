import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as BunFileSystem from "@effect/platform-bun/BunFileSystem"
import { assert, describe, it } from "@effect/vitest"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as SpoolFiles from "../src/Spool.ts"
import { bytesOf } from "./Embedded.ts"

const { Spool } = SpoolFiles

const inSpool = <A, E, R>(body: (directory: string) => Effect.Effect<A, E, R>) =>
  Effect.flatMap(temporaryDirectory, (parent) => {
    const directory = join(parent, "imports")
    return Effect.provide(
      body(directory),
      SpoolFiles.layer(directory).pipe(Layer.provide(BunFileSystem.layer))
    )
  })

const contentOf = (id: string) =>
  Effect.flatMap(Spool, (spool) =>
    spool.read(id).pipe(
      Stream.runCollect,
      Effect.map((pieces) => Buffer.concat([...pieces]).toString("utf8"))
    )
  )

const noise = (length: number): Uint8Array => Uint8Array.from({ length }, (_, at) => (at * 7919) % 251)

describe("the spool", () => {
  it.scopedLive("keeps bytes as they came, with their size and hash", () =>
    inSpool(() =>
      Effect.gen(function* () {
        const spool = yield* Spool
        for (const size of [0, 1, 300_000]) {
          const bytes = noise(size)
          const pieces = Stream.fromIterable([bytes.subarray(0, size / 3), bytes.subarray(size / 3)])
          const saved = yield* spool.save(`size-${size}`, pieces, size)
          assert.deepStrictEqual(saved, {
            bytes: size,
            sha256: new Bun.CryptoHasher("sha256").update(bytes).digest("hex")
          })
          const read = yield* Stream.runCollect(spool.read(`size-${size}`))
          assert.deepStrictEqual(Buffer.concat([...read]), Buffer.from(bytes))
        }
      })
    )
  )

  it.scopedLive("keeps nothing of a file that is one byte too large, broken off or taken back", () =>
    inSpool((directory) =>
      Effect.gen(function* () {
        const spool = yield* Spool
        const large = yield* Effect.flip(spool.save("large", Stream.succeed(noise(101)), 100))
        assert.strictEqual(large._tag, "ImportTooLarge")
        const cut = Stream.concat(Stream.succeed(noise(50)), Stream.fail("gone"))
        const broken = yield* Effect.flip(spool.save("broken", cut, 100))
        assert.strictEqual(broken._tag, "UploadBroken")
        const begun = yield* Deferred.make<void>()
        const stuck = Stream.concat(
          Stream.succeed(noise(50)),
          Stream.fromEffect(Effect.zipRight(Deferred.succeed(begun, undefined), Effect.never))
        )
        const fiber = yield* Effect.fork(spool.save("stopped", stuck, 100))
        yield* Deferred.await(begun)
        assert.deepStrictEqual(readdirSync(directory), ["stopped.part"])
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(readdirSync(directory), [])
      })
    )
  )

  it.scopedLive("makes its directory again when it was taken away", () =>
    inSpool((directory) =>
      Effect.gen(function* () {
        const spool = yield* Spool
        rmSync(directory, { recursive: true })
        yield* spool.save("a", Stream.succeed(bytesOf("hello")), 100)
        assert.strictEqual(yield* contentOf("a"), "hello")
        rmSync(directory, { recursive: true })
        yield* spool.remove("a")
        yield* spool.sweep(() => Effect.succeed(true))
      })
    )
  )

  it.scopedLive("says of a file that is not there that it is gone, and of one that cannot be read why", () =>
    inSpool((directory) =>
      Effect.gen(function* () {
        assert.strictEqual((yield* Effect.flip(contentOf("nothing")))._tag, "SpooledFileGone")
        mkdirSync(join(directory, "odd.bin"))
        assert.strictEqual((yield* Effect.flip(contentOf("odd")))._tag, "StorageError")
      })
    )
  )

  it.scopedLive("fails with a sentence where it cannot write", () =>
    inSpool((directory) =>
      Effect.gen(function* () {
        const spool = yield* Spool
        rmSync(directory, { recursive: true })
        writeFileSync(directory, "a file in the place of the directory")
        const error = yield* Effect.flip(spool.save("a", Stream.succeed(noise(5)), 100))
        assert.strictEqual(error._tag, "StorageError")
        assert.match(error._tag === "StorageError" ? error.message : "", /making the import directory failed/)
      })
    )
  )

  it.scopedLive("sweeps unfinished files and those not wanted, and nothing of others", () =>
    inSpool((directory) =>
      Effect.gen(function* () {
        const spool = yield* Spool
        for (const id of ["keep", "drop"]) yield* spool.save(id, Stream.succeed(noise(5)), 100)
        for (const name of ["keep.part", "x.part", "README"]) writeFileSync(join(directory, name), "")
        yield* spool.sweep((id) => Effect.succeed(id === "keep"))
        assert.deepStrictEqual(readdirSync(directory).toSorted(), ["README", "keep.bin"])
        yield* spool.remove("keep")
        yield* spool.remove("keep")
        assert.isFalse(existsSync(join(directory, "keep.bin")))
      })
    )
  )
})
