import { ObjectStore, type StoredObject } from "@influscope/ports/ObjectStore"
import { Secrets } from "@influscope/ports/Secrets"
import { StorageError } from "@influscope/ports/StorageError"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as ObjectPath from "../files/ObjectPath.ts"
import { type S3Credentials, signedUrl } from "./S3Signature.ts"
import { refused, Sidecar, type SidecarAnswer } from "./Sidecar.ts"

export const defaultBinding = "objects"

/** In bytes: what fits, as base64 within JSON, into the 4 MiB a sidecar takes unless it is told otherwise. */
const bindingLimit = 3_000_000

const pageSize = 1_000
/** Times a write makes the bucket anew when it is taken away under it. */
const rewrites = 10
const longestTtl = Duration.days(7)

const timeout = "20 seconds"
const transferTimeout = "5 minutes"
/** Of addresses for our own use. */
const ownTtl = Duration.minutes(10)

/** The secret that the binding has its credentials from. */
const credentialsSecret = "s3"

const Presigned = Schema.parseJson(Schema.Struct({ presignURL: Schema.String }))

const Listed = Schema.parseJson(
  Schema.Struct({
    Contents: Schema.NullishOr(Schema.Array(Schema.Struct({ Key: Schema.String }))),
    IsTruncated: Schema.NullishOr(Schema.Boolean)
  })
)

/** What S3 itself answers. */
interface Answer {
  readonly status: number
  readonly contentType: string
  readonly bytes: Uint8Array
}

/** The code in S3's XML of an error. */
const codeOf = ({ bytes }: Answer): string =>
  /<Code>(\w+)<\/Code>/.exec(new TextDecoder().decode(bytes.subarray(0, 2_000)))?.[1] ?? ""

const s3Refused = (operation: string, answer: Answer): StorageError =>
  new StorageError({
    reason: "unavailable",
    operation,
    cause: `the object storage answered ${answer.status} ${codeOf(answer)}`
  })

/** As the binding words it: the code, then a colon. No key has a colon. */
const says = ({ status, text }: SidecarAnswer, code: string): boolean =>
  status === 500 && text.includes(`: ${code}: `)

const hasNoBucket = (answer: SidecarAnswer): boolean => says(answer, "NoSuchBucket")

/** What MinIO says of a write whose bucket disappears while it arrives, `IncompleteBody`, is true of no write of ours. */
const codesOfNoBucket = ["NoSuchBucket", "IncompleteBody"]

/** The same bytes, for `fetch`, which takes no shared memory. */
const unshared = (bytes: Uint8Array): Uint8Array<ArrayBuffer> =>
  bytes.buffer instanceof ArrayBuffer
    ? new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    : new Uint8Array(bytes)

const send = (
  operation: string,
  url: string,
  init: { readonly method: "GET" | "PUT"; readonly contentType?: string; readonly body?: Uint8Array | string }
): Effect.Effect<Answer, StorageError> =>
  Effect.tryPromise({
    try: async (signal) => {
      const response = await fetch(url, {
        method: init.method,
        headers: {
          "accept-encoding": "identity",
          ...(init.contentType === undefined ? {} : { "content-type": init.contentType })
        },
        ...(init.body === undefined
          ? {}
          : { body: typeof init.body === "string" ? init.body : unshared(init.body) }),
        redirect: "error",
        signal
      })
      const bytes = new Uint8Array(await response.arrayBuffer())
      const announced = response.headers.get("content-length")
      if (announced !== null && Number(announced) !== bytes.length)
        throw new Error(`${bytes.length} bytes of ${announced} arrived`)
      return { status: response.status, contentType: response.headers.get("content-type") ?? "", bytes }
    },
    // The address is a permission and must not be in a log: only the error's own words are.
    catch: (cause) =>
      new StorageError({
        reason: "unavailable",
        operation,
        cause: `the object storage does not answer: ${cause instanceof Error ? cause.message.replaceAll(url, "...") : "unknown error"}`
      })
  }).pipe(
    Effect.timeoutFail({
      duration: transferTimeout,
      onTimeout: () =>
        new StorageError({
          reason: "unavailable",
          operation,
          cause: "the object storage did not answer in time"
        })
    })
  )

const checkKey = (key: string): Effect.Effect<void> =>
  ObjectPath.isKey(key)
    ? Effect.void
    : Effect.dieMessage(`not an object key: ${JSON.stringify(key.slice(0, 200))}`)

const make = (binding: string) =>
  Effect.gen(function* () {
    const sidecar = yield* Sidecar
    const secrets = yield* Secrets

    const optional = (key: string) =>
      Effect.catchTag(
        Effect.asSome(secrets.get(credentialsSecret, key)),
        "SecretMissing",
        () => Effect.succeedNone
      )

    const credentialsFor = (operation: string): Effect.Effect<S3Credentials, StorageError> =>
      Effect.gen(function* () {
        const [accessKey, secretKey, sessionToken] = yield* Effect.all(
          [optional("accessKey"), optional("secretKey"), optional("sessionToken")],
          { concurrency: 3 }
        )
        if (Option.isSome(accessKey) && Option.isSome(secretKey))
          return {
            accessKey: Redacted.value(accessKey.value),
            secretKey: secretKey.value,
            sessionToken: Option.getOrUndefined(sessionToken)
          }
        return yield* new StorageError({
          reason: "corrupt",
          operation,
          cause: `Dapr's S3 binding cannot do it, and this service has no accessKey and secretKey in the secret ${credentialsSecret}`
        })
      })

    const invoke = (operation: string, data: unknown, metadata: Readonly<Record<string, string>>) =>
      sidecar.request({
        method: "POST",
        path: `/v1.0/bindings/${encodeURIComponent(binding)}`,
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ operation, metadata, ...(data === undefined ? {} : { data }) }),
        timeout
      })

    const address = (key: string, ttl: Duration.Duration): Effect.Effect<string, StorageError> =>
      Effect.gen(function* () {
        const operation = `sign an address of ${key}`
        const answer = yield* invoke("presign", undefined, {
          key,
          presignTTL: `${Math.ceil(Duration.toSeconds(ttl))}s`
        })
        if (answer.status !== 200) return yield* refused(operation, answer)
        const { presignURL } = yield* Effect.mapError(
          Schema.decode(Presigned)(answer.text),
          (cause) => new StorageError({ reason: "unavailable", operation, cause })
        )
        return presignURL
      })

    /** A signed address for what the binding cannot do, at the storage, in the region and the bucket that it uses. */
    const own = (operation: string, key: string, toUrl: (object: URL) => URL) =>
      Effect.gen(function* () {
        const credentials = yield* credentialsFor(operation)
        const example = new URL(yield* address(key, ownTtl))
        const region = example.searchParams.get("X-Amz-Credential")?.split("/")[2] ?? "us-east-1"
        const object = new URL(`${example.origin}${example.pathname}`)
        const now = yield* Clock.currentTimeMillis
        const url = signedUrl(credentials, {
          method: "PUT",
          url: toUrl(object),
          region,
          expiresSeconds: Math.ceil(Duration.toSeconds(ownTtl)),
          now
        })
        return { url, region }
      })

    const makeBucket = (key: string): Effect.Effect<void, StorageError> =>
      Effect.gen(function* () {
        const operation = "make the bucket"
        const { region, url } = yield* own(operation, key, (object) => {
          const path = object.pathname.slice(0, -key.length - 1)
          return new URL(`${object.origin}${path === "" ? "/" : path}`)
        })
        const where = `<CreateBucketConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><LocationConstraint>${region}</LocationConstraint></CreateBucketConfiguration>`
        const answer = yield* send(operation, url, {
          method: "PUT",
          ...(region === "us-east-1" ? {} : { body: where })
        })
        if (answer.status < 300) return yield* Effect.logWarning("The bucket was missing and has been made")
        // Somebody else was faster.
        if (codeOf(answer) !== "BucketAlreadyOwnedByYou") return yield* s3Refused(operation, answer)
      })

    /** False when there is no bucket. */
    const create = (
      key: string,
      { bytes, contentType }: StoredObject
    ): Effect.Effect<boolean, StorageError> =>
      Effect.gen(function* () {
        const operation = `write ${key}`
        if (bytes.length <= bindingLimit) {
          const answer = yield* invoke(
            "create",
            Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64"),
            {
              key,
              // The name as the binding reads it, whatever its documentation says.
              "Content-Type": contentType,
              decodeBase64: "true"
            }
          )
          if (answer.status === 200) return true
          return codesOfNoBucket.some((code) => says(answer, code))
            ? false
            : yield* refused(operation, answer)
        }
        const { url } = yield* own(operation, key, (object) => object)
        const answer = yield* send(operation, url, { method: "PUT", contentType, body: bytes })
        if (answer.status === 200) return true
        return codesOfNoBucket.includes(codeOf(answer)) ? false : yield* s3Refused(operation, answer)
      })

    const put = (key: string, object: StoredObject): Effect.Effect<void, StorageError> =>
      Effect.gen(function* () {
        for (let attempt = 0; attempt <= rewrites; attempt++) {
          if (yield* create(key, object)) return
          yield* makeBucket(key)
        }
        return yield* new StorageError({
          reason: "unavailable",
          operation: `write ${key}`,
          cause: "the bucket was taken away again and again"
        })
      })

    /** The keys after `marker`, and where to go on. */
    const page = (prefix: string, marker: string) =>
      Effect.gen(function* () {
        const operation = `list ${prefix}`
        const answer = yield* invoke("list", { prefix, marker, maxResults: pageSize }, {})
        if (hasNoBucket(answer)) return [Chunk.empty<string>(), Option.none<string>()] as const
        if (answer.status !== 200) return yield* refused(operation, answer)
        const listed = yield* Effect.mapError(
          Schema.decode(Listed)(answer.text),
          (cause) => new StorageError({ reason: "unavailable", operation, cause })
        )
        const keys = Chunk.fromIterable((listed.Contents ?? []).map(({ Key }) => Key))
        const next = listed.IsTruncated === true ? Chunk.last(keys) : Option.none<string>()
        return [keys, next] as const
      })

    return ObjectStore.of({
      put: Effect.fn("DaprObjectStore.put")(function* (key, object) {
        yield* checkKey(key)
        yield* put(key, object)
      }),
      // The binding's own `get` tells neither the content type nor, but for its words, that there is no object.
      get: Effect.fn("DaprObjectStore.get")(function* (key) {
        yield* checkKey(key)
        const operation = `read ${key}`
        const answer = yield* send(operation, yield* address(key, ownTtl), { method: "GET" })
        if (answer.status === 200)
          return Option.some({ bytes: answer.bytes, contentType: answer.contentType })
        const code = codeOf(answer)
        if (answer.status === 404 && (code === "NoSuchKey" || code === "NoSuchBucket")) return Option.none()
        return yield* s3Refused(operation, answer)
      }),
      delete: Effect.fn("DaprObjectStore.delete")(function* (key) {
        yield* checkKey(key)
        const answer = yield* invoke("delete", undefined, { key })
        if (answer.status >= 300 && !hasNoBucket(answer)) return yield* refused(`delete ${key}`, answer)
      }),
      list: (prefix) => Stream.paginateChunkEffect("", (marker) => page(prefix, marker)),
      presign: Effect.fn("DaprObjectStore.presign")(function* (key, ttl) {
        yield* checkKey(key)
        return Option.some(yield* address(key, Duration.min(Duration.decode(ttl), longestTtl)))
      })
    })
  })

/**
 * Objects in a bucket, through the sidecar's S3 binding of this name. What it cannot do is done at the storage itself:
 * reading by an address that the binding signs, which brings the content type too; writing more than 3 MB and making the
 * bucket with the credentials of the secret `s3`, which the component has too.
 */
export const layerOf = (binding: string): Layer.Layer<ObjectStore, never, Sidecar | Secrets> =>
  Layer.effect(ObjectStore, make(binding))

/** The binding `objects`. */
export const layer = layerOf(defaultBinding)
