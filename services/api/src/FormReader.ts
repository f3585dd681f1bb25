import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"

/** The body is no multipart form, or not a whole one: what is wrong, in words. */
export class FormUnreadable extends Data.TaggedError("FormUnreadable")<{ readonly detail: string }> {}

export type FormPart =
  | { readonly _tag: "Field"; readonly name: string; readonly value: string }
  | {
      readonly _tag: "File"
      /** Undefined when the sender does not say. */
      readonly fileName: string | undefined
      readonly content: Stream.Stream<Uint8Array, FormUnreadable>
    }

/** Reads a form part by part, holding no more of it than a field. */
export interface FormReader {
  /** The next part; none at the end of the form. A file's content is to be read to its end before. */
  readonly next: Effect.Effect<Option.Option<FormPart>, FormUnreadable>
}

/** Bounds of a form with a handful of short fields: parts in all, bytes of a part's headers, bytes of a field. */
const maxParts = 200
const maxHeaderBytes = 16 * 1024
const maxFieldBytes = 8 * 1024

const unreadable = (detail: string) => new FormUnreadable({ detail })

const boundaryOf = (contentType: string): Option.Option<string> => {
  const [, quoted, token] = /;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType) ?? []
  return Option.fromNullable(quoted ?? token)
}

const parameter = /;\s*([\w*-]+)=(?:"((?:\\"|[^"])*)"|([^\s;]*))/g

/** Browsers write a quote as %22, others as \". */
const unquote = (text: string): string => text.replaceAll('\\"', '"').replaceAll(/%22/g, '"')

const decodeExtended = (text: string): string | undefined => {
  const encoded = /^utf-8'[^']*'(.*)$/i.exec(text)?.[1]
  try {
    return encoded === undefined ? undefined : decodeURIComponent(encoded)
  } catch {
    // Not percent-encoded after all: the plain file name counts.
    return undefined
  }
}

interface PartHeaders {
  readonly name: string
  readonly fileName: string | undefined
  readonly isFile: boolean
}

/** A part called `file` is the file, whether or not the sender names the file. */
const readHeaders = (text: string): PartHeaders => {
  const lines = text.split("\r\n")
  const valueOf = (header: string): string =>
    lines.find((line) => line.toLowerCase().startsWith(`${header}:`))?.slice(header.length + 1) ?? ""
  const parameters = new Map(
    [...valueOf("content-disposition").matchAll(parameter)].map(
      ([, key, quoted, token]) => [(key ?? "").toLowerCase(), unquote(quoted ?? token ?? "")] as const
    )
  )
  const name = parameters.get("name") ?? ""
  const fileName = decodeExtended(parameters.get("filename*") ?? "") ?? parameters.get("filename")
  const binary = valueOf("content-type").trim().toLowerCase().startsWith("application/octet-stream")
  return { name, fileName, isFile: fileName !== undefined || name === "file" || binary }
}

/** Opens a multipart/form-data body. What follows the form's end is not read. */
export const readForm = <E>(
  contentType: string,
  body: Stream.Stream<Uint8Array, E>
): Effect.Effect<FormReader, FormUnreadable, Scope.Scope> =>
  Effect.gen(function* () {
    const boundary = yield* Effect.mapError(boundaryOf(contentType), () =>
      unreadable("the Content-Type of the form has no boundary")
    )
    const delimiter = Buffer.from(`\r\n--${boundary}`)
    const pull = yield* Stream.toPull(body)
    // The first delimiter may stand at the very beginning.
    let buffered: Buffer = Buffer.from("\r\n")
    let parts = 0

    /** Nobody asks for more after the last delimiter, so the end of the body comes too early, as an error does. */
    const more = pull.pipe(
      Effect.flatMap((chunks) =>
        Effect.sync(() => {
          buffered = Buffer.concat([buffered, ...chunks])
        })
      ),
      Effect.mapError(() => unreadable("the form breaks off before its end"))
    )

    const advance = (to: number, past: number): Buffer => {
      const taken = buffered.subarray(0, to)
      buffered = buffered.subarray(to + past)
      return taken
    }

    const takeUntil = (end: Uint8Array, limit: number, what: string): Effect.Effect<Buffer, FormUnreadable> =>
      Effect.gen(function* () {
        for (;;) {
          const at = buffered.indexOf(end)
          if (at > limit || (at < 0 && buffered.length > limit + end.length)) {
            return yield* unreadable(`${what} is longer than ${limit} bytes`)
          }
          if (at >= 0) return advance(at, end.length)
          yield* more
        }
      })

    const fileContent = (): Stream.Stream<Uint8Array, FormUnreadable> => {
      let ended = false
      const step: Effect.Effect<Uint8Array, Option.Option<FormUnreadable>> = Effect.gen(function* () {
        for (;;) {
          if (ended) return yield* Effect.fail(Option.none())
          const at = buffered.indexOf(delimiter)
          if (at >= 0) {
            ended = true
            return advance(at, delimiter.length)
          }
          // The end of what is here may be the beginning of the delimiter.
          const safe = buffered.length - delimiter.length + 1
          if (safe > 0) return advance(safe, 0)
          yield* Effect.asSomeError(more)
        }
      })
      return Stream.repeatEffectOption(step)
    }

    yield* takeUntil(delimiter, maxFieldBytes, "what stands before the first part")

    const next: FormReader["next"] = Effect.gen(function* () {
      while (buffered.length < 2) yield* more
      if (buffered.subarray(0, 2).toString() === "--") return Option.none()
      parts++
      if (parts > maxParts) return yield* unreadable(`the form has more than ${maxParts} parts`)
      const head = yield* takeUntil(Buffer.from("\r\n\r\n"), maxHeaderBytes, "the head of a part")
      const { fileName, isFile, name } = readHeaders(head.toString("utf8"))
      if (isFile) return Option.some({ _tag: "File", fileName, content: fileContent() })
      const value = yield* takeUntil(delimiter, maxFieldBytes, `the field ${name.slice(0, 100)}`)
      return Option.some({ _tag: "Field", name, value: value.toString("utf8") })
    })
    return { next }
  })
