import { type FileHandle, open, readFile, rename } from "node:fs/promises"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { fileErrorCode } from "../files/FileFailure.ts"
import { type Columns, makeVocabulary, resizedColumns } from "./Columns.ts"
import type { IndexParts } from "./MemoryIndex.ts"
import type { Moment } from "./ProfileStore.ts"
import type { Segment } from "./Segment.ts"

/** Raised whenever terms, placements or columns change their meaning: older files are then ignored. */
const formatVersion = 3

// The file: magic, hash of the header (8 bytes), length of the header (4 bytes, then 4 unused), header (JSON), sections.
const magic = new TextEncoder().encode("INFLUIDX")
const prefixBytes = 24
const maxHeaderBytes = 256 * 1_024 * 1_024

const Header = Schema.parseJson(
  Schema.Struct({
    version: Schema.Literal(formatVersion),
    nonce: Schema.String,
    revision: Schema.Int,
    countries: Schema.Array(Schema.String),
    languages: Schema.Array(Schema.String),
    categories: Schema.Array(Schema.String),
    categorySets: Schema.Array(Schema.String),
    sections: Schema.Array(Schema.Struct({ bytes: Schema.Int, hash: Schema.String }))
  })
)
type Header = typeof Header.Type
const decodeHeader = Schema.decodeUnknownEither(Header)

/** The file is there and cannot be used; the index is then built from the store. */
export class BadSnapshot extends Data.TaggedError("BadSnapshot")<{ readonly cause: unknown }> {
  override get message(): string {
    return `the snapshot cannot be used: ${String(this.cause)}`
  }
}

/** The snapshot could not be written; the index works without it and starts slower. */
export class SnapshotNotWritten extends Data.TaggedError("SnapshotNotWritten")<{
  readonly cause: unknown
}> {
  override get message(): string {
    return `the snapshot was not written: ${String(this.cause)}`
  }
}

const bytesOf = (array: ArrayBufferView): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength)

const hashOf = (bytes: Uint8Array): string => Bun.hash.xxHash3(bytes).toString(36)

const columnArrays = (columns: Columns): ReadonlyArray<ArrayBufferView> => [
  columns.rows,
  columns.alive,
  columns.followers,
  columns.popularity,
  columns.engagement,
  columns.growth,
  columns.observedAt,
  columns.platform,
  columns.tier,
  columns.verified,
  columns.country,
  columns.language,
  columns.categories,
  columns.textHash
]

const segmentArrays = (segment: Segment): ReadonlyArray<ArrayBufferView> => [
  segment.chars,
  segment.termStarts,
  segment.postingStarts,
  segment.slots,
  segment.places
]

/** An index and the state of the store it agrees with, detached from the live index. */
export interface SnapshotContent {
  readonly moment: Moment
  readonly sections: ReadonlyArray<Uint8Array>
  readonly vocabulary: Pick<Header, "countries" | "languages" | "categories" | "categorySets">
}

/** Copies what may change; segments never do. */
export const captureSnapshot = (parts: IndexParts, moment: Moment): SnapshotContent => {
  const count = parts.ids.length
  const columns = resizedColumns(parts.columns, count, count)
  const { countries, languages, categories, categorySets } = parts.vocabulary
  return {
    moment,
    sections: [
      // Ids have no control characters.
      new TextEncoder().encode(parts.ids.join("\n")),
      ...columnArrays(columns).map(bytesOf),
      ...parts.segments.flatMap(segmentArrays).map(bytesOf)
    ],
    vocabulary: {
      countries: countries.values.slice(1),
      languages: languages.values.slice(1),
      categories: categories.values.slice(1),
      categorySets: categorySets.values.slice(1)
    }
  }
}

const encodePrefix = (header: Uint8Array): Uint8Array => {
  const prefix = new Uint8Array(prefixBytes)
  prefix.set(magic)
  const view = new DataView(prefix.buffer)
  view.setBigUint64(8, Bun.hash.xxHash3(header))
  view.setUint32(16, header.length)
  return prefix
}

/** The next turn of the event loop: hashing tens of megabytes in one go would hold up requests. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const writeAll = async (file: FileHandle, content: SnapshotContent): Promise<void> => {
  const sections: Array<Header["sections"][number]> = []
  for (const section of content.sections) {
    sections.push({ bytes: section.length, hash: hashOf(section) })
    await nextTurn()
  }
  const header = new TextEncoder().encode(
    JSON.stringify({ version: formatVersion, ...content.moment, ...content.vocabulary, sections })
  )
  await file.writeFile(encodePrefix(header))
  await file.writeFile(header)
  for (const section of content.sections) await file.writeFile(section)
  await file.sync()
}

/** Writes the file beside its place and moves it there when it is complete. */
export const writeSnapshot = (
  path: string,
  content: SnapshotContent
): Effect.Effect<void, SnapshotNotWritten> =>
  Effect.tryPromise({
    try: async () => {
      const temporary = `${path}.new`
      const file = await open(temporary, "w")
      try {
        await writeAll(file, content)
      } finally {
        await file.close()
      }
      await rename(temporary, path)
    },
    catch: (cause) => new SnapshotNotWritten({ cause })
  }).pipe(Effect.uninterruptible)

const bad = (cause: string): Either.Either<never, BadSnapshot> => Either.left(new BadSnapshot({ cause }))

const readHeader = (file: Buffer): Either.Either<{ header: Header; end: number }, BadSnapshot> => {
  if (file.length < prefixBytes || !file.subarray(0, magic.length).equals(magic)) return bad("not a snapshot")
  const length = file.readUInt32BE(16)
  const end = prefixBytes + length
  if (length > maxHeaderBytes || end > file.length) return bad("cut short")
  const bytes = file.subarray(prefixBytes, end)
  if (Bun.hash.xxHash3(bytes) !== file.readBigUInt64BE(8)) return bad("header damaged")
  return decodeHeader(bytes.toString("utf8")).pipe(
    Either.map((header) => ({ header, end })),
    Either.mapLeft((cause) => new BadSnapshot({ cause }))
  )
}

/** Each section in a buffer of its own, so that the file's can be given back. */
const readSections = (
  file: Buffer,
  header: Header,
  start: number
): Either.Either<ReadonlyArray<ArrayBuffer>, BadSnapshot> => {
  const sections: Array<ArrayBuffer> = []
  let at = start
  for (const { bytes, hash } of header.sections) {
    if (at + bytes > file.length) return bad("cut short")
    const section = new Uint8Array(bytes)
    section.set(file.subarray(at, at + bytes))
    if (hashOf(section) !== hash) return bad("section damaged")
    sections.push(section.buffer)
    at += bytes
  }
  return at === file.length ? Either.right(sections) : bad("too long")
}

const decodeColumns = (next: () => ArrayBuffer): Columns => ({
  rows: new Uint32Array(next()),
  alive: new Uint8Array(next()),
  followers: new Float64Array(next()),
  popularity: new Uint32Array(next()),
  engagement: new Float64Array(next()),
  growth: new Float64Array(next()),
  observedAt: new Float64Array(next()),
  platform: new Uint8Array(next()),
  tier: new Uint8Array(next()),
  verified: new Uint8Array(next()),
  country: new Uint16Array(next()),
  language: new Uint16Array(next()),
  categories: new Uint32Array(next()),
  textHash: new BigUint64Array(next())
})

const decodeSegment = (next: () => ArrayBuffer): Segment => ({
  chars: new Uint16Array(next()),
  termStarts: new Uint32Array(next()),
  postingStarts: new Uint32Array(next()),
  slots: new Uint32Array(next()),
  places: new Uint32Array(next())
})

const decodeParts = (header: Header, sections: ReadonlyArray<ArrayBuffer>): IndexParts => {
  let section = 0
  const next = (): ArrayBuffer => sections[section++] ?? new ArrayBuffer(0)
  const ids = new TextDecoder().decode(next())
  const columns = decodeColumns(next)
  const segments: Array<Segment> = []
  while (section < sections.length) segments.push(decodeSegment(next))
  return {
    columns,
    vocabulary: makeVocabulary(header),
    ids: columns.rows.length === 0 ? [] : ids.split("\n"),
    segments
  }
}

const readWhole = (path: string): Effect.Effect<Option.Option<Buffer>, BadSnapshot> =>
  Effect.tryPromise({ try: () => readFile(path), catch: (cause) => new BadSnapshot({ cause }) }).pipe(
    Effect.asSome,
    Effect.catchIf(
      (error) => fileErrorCode(error.cause) === "ENOENT",
      () => Effect.succeedNone
    )
  )

/** Reads a snapshot and the moment it stands for; none when there is none. Any damage is detected. */
export const readSnapshot = (
  path: string
): Effect.Effect<Option.Option<{ readonly parts: IndexParts; readonly moment: Moment }>, BadSnapshot> =>
  Effect.gen(function* () {
    const file = yield* readWhole(path)
    if (Option.isNone(file)) return Option.none()
    const { header, end } = yield* readHeader(file.value)
    const sections = yield* readSections(file.value, header, end)
    return Option.some({
      parts: decodeParts(header, sections),
      moment: { nonce: header.nonce, revision: header.revision }
    })
  })
