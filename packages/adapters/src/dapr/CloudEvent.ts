import * as zlib from "node:zlib"
import type { Message } from "@influscope/ports/PubSub"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"

/** The content type of an event in structured mode: a sidecar passes it on as it is. */
export const contentType = "application/cloudevents+json"

/** What was delivered is no event, or one that says nothing that can be kept. */
export class NotAnEvent extends Data.TaggedError("NotAnEvent")<{ readonly why: string }> {
  override get message(): string {
    return `not a CloudEvent: ${this.why}`
  }
}

/** The begin of our own event types; the topic follows. */
const typePrefix = "influscope."

/**
 * A payload travels as text, not as JSON within JSON: sidecars and brokers write JSON anew, with other escapes and
 * another order of keys.
 */
const payloadType = "text/plain; charset=utf-8"

/**
 * A large payload travels compressed: two sidecars parse and write every event, and brokers keep it on their disks. A
 * batch of 220 KB becomes 54 KB in less time than its quoting would take.
 */
const compressedType = "application/zstd"

/** Below this, in UTF-16 code units, compressing saves nothing worth having. */
const leastCompressed = 4_096

/** What a compressed payload may become, in bytes; batches are up to 512 KiB. */
const mostDecompressed = 16 * 1024 * 1024

const quickest = { params: { [zlib.constants.ZSTD_c_compressionLevel]: 1 } }

/** UTF-8 has no lone surrogates; JSON can quote them. */
const isCompressible = (payload: string): boolean =>
  payload.length >= leastCompressed && payload.isWellFormed()

const contentOf = (payload: string) =>
  isCompressible(payload)
    ? {
        datacontenttype: compressedType,
        data_base64: zlib.zstdCompressSync(Buffer.from(payload), quickest).toString("base64")
      }
    : { datacontenttype: payloadType, data: payload }

/** CloudEvents 1.0 in the JSON format: the attributes that are used here. Others are ignored. */
const CloudEvent = Schema.Struct({
  specversion: Schema.Literal("1.0"),
  id: Schema.NonEmptyString,
  source: Schema.NonEmptyString,
  type: Schema.NonEmptyString,
  datacontenttype: Schema.optional(Schema.String),
  data: Schema.optional(Schema.Unknown),
  data_base64: Schema.optional(Schema.String),
  /** Of the extension for distributed tracing. */
  traceparent: Schema.optional(Schema.String),
  /** Ours: how many items the payload carries. */
  items: Schema.optional(Schema.NonNegativeInt),
  /** Ours: how often it went back from the dead-letter topic. */
  revivals: Schema.optional(Schema.NonNegativeInt)
})
type CloudEvent = typeof CloudEvent.Type

const decodeEvent = Schema.decodeUnknownEither(CloudEvent)

const tried = <A>(make: () => A): Either.Either<A, NotAnEvent> =>
  Either.try({
    try: make,
    catch: (cause) => new NotAnEvent({ why: cause instanceof Error ? cause.message : String(cause) })
  })

const parse = (text: string): Either.Either<unknown, NotAnEvent> => tried((): unknown => JSON.parse(text))

const isJson = (text: string): boolean => Either.isRight(parse(text))

/** JSON for a text of any kind: itself when it is JSON. */
const asJson = (text: string): string => (isJson(text) ? text : JSON.stringify(text))

/**
 * The event of a message: `application/cloudevents+json`. `traceid`, daprd's own attribute, keeps it from putting its
 * trace in the place of the producer's.
 */
export const encode = (source: string, topic: string, message: Message, revivals = 0): string =>
  JSON.stringify({
    specversion: "1.0",
    id: message.id,
    source,
    type: `${typePrefix}${topic}`,
    items: message.items,
    traceid: message.traceparent ?? "",
    ...(message.traceparent === undefined ? {} : { traceparent: message.traceparent }),
    ...(revivals === 0 ? {} : { revivals }),
    ...contentOf(message.payload)
  })

/** daprd's wrapper of a message that is no event, with another id on every delivery. */
const isRawWrapper = (event: CloudEvent): boolean =>
  event.type === "com.dapr.event.sent" &&
  event.datacontenttype === "application/octet-stream" &&
  event.data_base64 !== undefined

const isJsonType = (type: string | undefined): boolean =>
  type === undefined || /^[^;]*[/+]json\s*(;|$)/i.test(type)

const decompressed = (base64: string): string =>
  zlib.zstdDecompressSync(Buffer.from(base64, "base64"), { maxOutputLength: mostDecompressed }).toString()

/** Throws when a compressed payload is none, or becomes too large. */
const payloadOf = ({ data, data_base64, datacontenttype, type }: CloudEvent): string => {
  // Our own payloads are JSON.
  const known = (text: string): string => (type.startsWith(typePrefix) ? text : asJson(text))
  if (data_base64 !== undefined && datacontenttype === compressedType) return known(decompressed(data_base64))
  if (data_base64 !== undefined) return asJson(Buffer.from(data_base64, "base64").toString("utf8"))
  if (typeof data !== "string" || isJsonType(datacontenttype)) return JSON.stringify(data ?? null)
  return known(data)
}

const messageOf = (event: CloudEvent): Message => ({
  id: event.id,
  payload: payloadOf(event),
  items: event.items ?? 1,
  traceparent: event.traceparent === "" ? undefined : event.traceparent
})

const decodeText = (text: string): Either.Either<CloudEvent, NotAnEvent> =>
  Either.flatMap(parse(text), (value) =>
    Either.mapLeft(decodeEvent(value), (error) => new NotAnEvent({ why: error.message }))
  )

const rawPrefix = "raw-"

/** What was sent without an envelope has no id: its content stands in, so that every delivery has the same. */
const rawMessage = (bytes: Uint8Array): Message => ({
  id: `${rawPrefix}${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}`,
  payload: asJson(new TextDecoder().decode(bytes)),
  items: 1,
  traceparent: undefined
})

/** A message, and how often it went back from the dead-letter topic. */
export interface Revivable {
  readonly message: Message
  readonly revivals: number
}

const revivable = (event: CloudEvent): Either.Either<Revivable, NotAnEvent> =>
  tried(() => ({ message: messageOf(event), revivals: event.revivals ?? 0 }))

/** As `decode`, for a delivery of a dead-letter topic. */
export const decodeRevivable = (body: string): Effect.Effect<Revivable, NotAnEvent> =>
  Effect.suspend(() =>
    Either.flatMap(decodeText(body), (event) => {
      if (!isRawWrapper(event)) return revivable(event)
      const bytes = Buffer.from(event.data_base64 ?? "", "base64")
      return decodeText(bytes.toString("utf8")).pipe(
        Either.flatMap(revivable),
        Either.orElse(() => Either.right<Revivable>({ message: rawMessage(bytes), revivals: 0 }))
      )
    })
  )

/**
 * The message of a delivery: an event of ours, of another producer (JSON, text or `data_base64`), or daprd's wrapper of
 * something raw, which may hold an event again. A payload that is not JSON becomes a JSON string.
 */
export const decode = (body: string): Effect.Effect<Message, NotAnEvent> =>
  Effect.map(decodeRevivable(body), ({ message }) => message)

/** Whether a message was sent without an envelope, by somebody else. */
export const isRaw = ({ id }: Message): boolean => id.startsWith(rawPrefix)

/** A message for what cannot be decoded, so that it can be kept among the dead letters. */
export const unreadable = (body: string): Message => rawMessage(Buffer.from(body, "utf8"))
