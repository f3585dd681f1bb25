import { assert, describe, it } from "@effect/vitest"
import { objectStoreConformance } from "@influscope/ports/conformance/ObjectStoreConformance"
import { ObjectStore } from "@influscope/ports/ObjectStore"
import { minio } from "@influscope/stack/servers/Minio"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as TestServer from "@influscope/testing/TestServer"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import { beforeAll } from "vitest"
import * as DaprObjectStore from "../../src/dapr/ObjectStore.ts"
import { signedUrl } from "../../src/dapr/S3Signature.ts"
import * as DaprSecrets from "../../src/dapr/Secrets.ts"
import { secretFile } from "./SecretFile.ts"
import { startSidecar } from "./Sidecars.ts"

interface Storage {
  readonly endpoint: string
  readonly accessKey: string
  readonly secretKey: string
}

const bucket = "objects-of-a-test"

const accessTo = ({ environment }: TestServer.Reached): Storage => ({
  endpoint: environment["S3_ENDPOINT"] ?? "",
  accessKey: environment["S3_ACCESS_KEY"] ?? "",
  secretKey: environment["S3_SECRET_KEY"] ?? ""
})

/** The bucket is not there at first. */
const storeOn = (
  { accessKey, endpoint, secretKey }: Storage,
  secrets: Readonly<Record<string, Readonly<Record<string, string>>>> = { s3: { accessKey, secretKey } }
) =>
  Layer.unwrapScoped(
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const { layer } = yield* startSidecar(directory, {
        appId: "test",
        // As Dapr has it by itself.
        maxBodySize: "4Mi",
        components: [
          secretFile(directory, secrets),
          {
            name: "objects",
            type: "bindings.aws.s3",
            metadata: {
              bucket,
              region: "us-east-1",
              endpoint,
              accessKey,
              secretKey,
              forcePathStyle: "true",
              disableSSL: "true"
            }
          }
        ]
      })
      return DaprObjectStore.layer.pipe(Layer.provide(DaprSecrets.layer), Layer.provide(layer))
    })
  )

/** Takes the bucket away, and all that is in it. */
const removeBucket = ({ accessKey, endpoint, secretKey }: Storage) =>
  Effect.promise(() =>
    fetch(
      signedUrl(
        { accessKey, secretKey: Redacted.make(secretKey), sessionToken: undefined },
        {
          method: "DELETE",
          url: new URL(`${endpoint}/${bucket}`),
          region: "us-east-1",
          expiresSeconds: 60,
          now: Date.now()
        }
      ),
      { method: "DELETE", headers: { "x-minio-force-delete": "true" } }
    )
  )

let access: Storage = { endpoint: "", accessKey: "", secretKey: "" }
beforeAll(async () => {
  access = accessTo(await Effect.runPromise(TestServer.shared(minio)))
})

const megabyte = 1024 * 1024

objectStoreConformance("dapr, MinIO", Layer.unwrapEffect(Effect.sync(() => storeOn(access))), {
  presigns: true,
  listsBelowObjects: false,
  sizes: [0, 1, 3_000_000, 3_000_001, 3 * megabyte, 4 * megabyte + 1, 40 * megabyte],
  vanish: Effect.asVoid(Effect.suspend(() => removeBucket(access))),
  restartable: Effect.sync(() => storeOn(access))
})

const text = (words: string) => ({ bytes: new TextEncoder().encode(words), contentType: "text/plain" })

describe("objects in S3", () => {
  it.scopedLive("of more than 3 MB cannot be written without the credentials; smaller ones can", () =>
    Effect.gen(function* () {
      yield* Effect.gen(function* () {
        const store = yield* ObjectStore
        yield* store.put("before", text("makes the bucket"))
      }).pipe(Effect.provide(storeOn(access)))
      yield* Effect.gen(function* () {
        const store = yield* ObjectStore
        yield* store.put("small", text("small"))
        const error = yield* Effect.flip(
          store.put("large", { bytes: new Uint8Array(4 * megabyte), contentType: "image/png" })
        )
        assert.strictEqual(error.reason, "corrupt")
        assert.include(error.message, "accessKey and secretKey in the secret s3")
        assert.isTrue(Option.isNone(yield* store.get("large")))
      }).pipe(Effect.provide(storeOn(access, { other: { key: "value" } })))
    })
  )

  it.scopedLive("are unavailable, not absent, while the storage is down, and there again after it", () =>
    Effect.gen(function* () {
      const server = yield* TestServer.scoped(minio)
      yield* Effect.gen(function* () {
        const store = yield* ObjectStore
        const large = { bytes: new Uint8Array(5 * megabyte).fill(7), contentType: "image/png" }
        yield* store.put("kept", text("kept"))
        yield* store.put("large", large)
        yield* server.kill
        const attempts = [
          store.put("new", text("new")),
          store.put("new", large),
          Effect.asVoid(store.get("kept")),
          Effect.asVoid(store.get("absent"))
        ]
        for (const attempt of attempts) {
          const error = yield* Effect.flip(attempt)
          assert.strictEqual(error.reason, "unavailable")
          assert.notInclude(error.message, "X-Amz-Signature")
        }
        yield* server.start
        const kept = yield* Effect.retry(store.get("kept"), Schedule.recurs(3))
        assert.deepStrictEqual(kept, Option.some(text("kept")))
        const found = Option.getOrThrow(yield* store.get("large"))
        assert.strictEqual(Buffer.compare(found.bytes, large.bytes), 0)
        assert.isTrue(Option.isNone(yield* store.get("new")))
        yield* store.put("new", text("new"))
      }).pipe(Effect.provide(storeOn(accessTo(server))))
    })
  )
})
