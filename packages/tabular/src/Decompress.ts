import { createGunzip } from "node:zlib"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { isGzip } from "./FileKind.ts"
import { FileUnreadable } from "./FileUnreadable.ts"

/** Compressed bytes handed to zlib at a time: one piece can grow a thousandfold, so it is kept small. */
const pieceBytes = 8 * 1024

const damaged = (cause: string) =>
  new FileUnreadable({
    reason: "damaged",
    message: `The gzip file is broken off or damaged (${cause}); what stood before the damage was read.`,
    hint: "Fetch or copy the file again and import it once more: rows already imported are recognised."
  })

/** Text shrinks to a tenth or a thirtieth; what has shrunk further than this, beyond the first bytes, is no table. */
const maxRatio = 200
const anyRatioBytes = 256 * 1024 * 1024

const inMebibytes = (bytes: number): string => `${Math.ceil(bytes / 1024 ** 2).toLocaleString("en")} MiB`

const tooLarge = (limitBytes: number) =>
  new FileUnreadable({
    reason: "size",
    message: `The gzip file unpacks to more than ${inMebibytes(limitBytes)}, which is more than this instance reads; what stood before was read.`,
    hint: "Split the file, or raise INFLUSCOPE_MAX_IMPORT_BYTES, and import it once more: rows already imported are recognised."
  })

const tooDense = new FileUnreadable({
  reason: "size",
  message: `The gzip file unpacks to more than ${maxRatio} times its size, as no table does; what stood before was read.`,
  hint: "Look at what is in it. If it is a table all the same, unpack it and import the result."
})

interface Inflated {
  readonly bytes: ReadonlyArray<Uint8Array>
  readonly failure: FileUnreadable | undefined
}

interface Inflater {
  readonly write: (piece: Uint8Array) => Effect.Effect<Inflated>
  readonly end: Effect.Effect<Inflated>
  readonly close: Effect.Effect<void>
}

const makeInflater = (): Inflater => {
  const gunzip = createGunzip()
  let output: Array<Uint8Array> = []
  let failure: FileUnreadable | undefined
  let settle: (() => void) | undefined
  gunzip.on("data", (bytes: Uint8Array) => output.push(bytes))
  gunzip.on("error", (error) => {
    failure = damaged(error.message)
    settle?.()
  })
  const taken = (): Inflated => {
    const bytes = output
    output = []
    return { bytes, failure }
  }
  // zlib answers by callback when all is well but only by its error event when it is not, so both settle the wait.
  const settled = (start: (done: () => void) => void): Effect.Effect<Inflated> =>
    Effect.async<Inflated>((resume) => {
      if (failure !== undefined) return resume(Effect.sync(taken))
      settle = () => resume(Effect.sync(taken))
      start(settle)
    })
  return {
    write: (piece) => settled((done) => gunzip.write(piece, done)),
    end: settled((done) => {
      gunzip.once("end", done)
      gunzip.end()
    }),
    close: Effect.sync(() => gunzip.destroy())
  }
}

const pieces = (bytes: Uint8Array): ReadonlyArray<Uint8Array> => {
  const parts: Array<Uint8Array> = []
  for (let at = 0; at < bytes.length; at += pieceBytes) parts.push(bytes.subarray(at, at + pieceBytes))
  return parts
}

const emit = (inflated: Inflated): Stream.Stream<Uint8Array, FileUnreadable> => {
  const bytes = Stream.fromIterable(inflated.bytes)
  return inflated.failure === undefined ? bytes : Stream.concat(bytes, Stream.fail(inflated.failure))
}

/** Holds what comes out against its limits: packed, a small file can be a very large one. */
const makeMeter = (maxBytes: number) => {
  let packed = 0
  let unpacked = 0
  return {
    pass: (piece: Uint8Array): void => {
      packed += piece.length
    },
    check: (inflated: Inflated): Inflated => {
      for (const bytes of inflated.bytes) unpacked += bytes.length
      const failure =
        unpacked > maxBytes
          ? tooLarge(maxBytes)
          : unpacked > anyRatioBytes && unpacked > maxRatio * packed
            ? tooDense
            : inflated.failure
      return { bytes: inflated.bytes, failure }
    }
  }
}

const gunzip = <E, R>(
  bytes: Stream.Stream<Uint8Array, E, R>,
  maxBytes: number
): Stream.Stream<Uint8Array, E | FileUnreadable, R> =>
  Stream.unwrapScoped(
    Effect.map(
      Effect.acquireRelease(Effect.sync(makeInflater), (inflater) => inflater.close),
      (inflater) => {
        const meter = makeMeter(maxBytes)
        return bytes.pipe(
          Stream.mapConcat(pieces),
          Stream.tap((piece) => Effect.sync(() => meter.pass(piece))),
          Stream.mapEffect(inflater.write),
          Stream.concat(Stream.fromEffect(inflater.end)),
          Stream.map(meter.check),
          Stream.flatMap(emit)
        )
      }
    )
  )

const join = (left: Uint8Array, right: Uint8Array): Uint8Array => {
  const joined = new Uint8Array(left.length + right.length)
  joined.set(left)
  joined.set(right, left.length)
  return joined
}

/**
 * Unpacks a byte stream that starts with the gzip signature (also several members in a row) and passes any other on.
 * A damaged file gives all bytes before the damage and then fails with `damaged`; one that unpacks to more than `maxBytes`,
 * or to far more than a text can, fails with `size`.
 */
export const decompress = <E, R>(
  bytes: Stream.Stream<Uint8Array, E, R>,
  maxBytes: number
): Stream.Stream<Uint8Array, E | FileUnreadable, R> =>
  Stream.unwrapScoped(
    Effect.gen(function* () {
      const pull = yield* Stream.toPull(bytes)
      let head: Uint8Array = new Uint8Array(0)
      const readHead = Effect.gen(function* () {
        while (head.length < 2) for (const bytes of yield* pull) head = join(head, bytes)
      })
      // A pull that is at its end fails with none: the file then is shorter than the signature.
      yield* readHead.pipe(
        Effect.catchAll(Option.match({ onNone: () => Effect.void, onSome: (error) => Effect.fail(error) }))
      )
      const whole = Stream.concat(Stream.succeed(head), Stream.repeatEffectChunkOption(pull))
      return isGzip(head) ? gunzip(whole, maxBytes) : whole
    })
  )
