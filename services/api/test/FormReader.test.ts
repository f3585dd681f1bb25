import { assert, describe, it } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as FastCheck from "fast-check"
import { readForm } from "../src/FormReader.ts"

type Part =
  | { readonly name: string; readonly value: string }
  | { readonly file: string | null; readonly content: string }

/** Everything in a form, files read whole. */
const readAll = (type: string, chunks: ReadonlyArray<Uint8Array>) =>
  Effect.gen(function* () {
    const form = yield* readForm(type, Stream.fromIterable(chunks))
    const parts: Array<Part> = []
    for (;;) {
      const part = Option.getOrUndefined(yield* form.next)
      if (part === undefined) return parts
      if (part._tag === "Field") parts.push({ name: part.name, value: part.value })
      else {
        const content = Chunk.toReadonlyArray(yield* Stream.runCollect(part.content))
        parts.push({ file: part.fileName ?? null, content: Buffer.concat(content).toString("latin1") })
      }
    }
  }).pipe(Effect.scoped)

const type = "multipart/form-data; boundary=BB"
const bytes = (text: string): Uint8Array => Buffer.from(text, "utf8")
const part = (disposition: string, content: string): string =>
  `--BB\r\nContent-Disposition: form-data; ${disposition}\r\n\r\n${content}\r\n`
const form = (...parts: ReadonlyArray<string>): string => `${parts.join("")}--BB--\r\n`
const read = (text: string) => readAll(type, [bytes(text)])
const failure = (text: string, contentType = type) =>
  Effect.map(Effect.flip(readAll(contentType, [bytes(text)])), ({ detail }) => detail)

describe("a form", () => {
  it.effect("gives its parts in their order", () =>
    Effect.gen(function* () {
      const parts = yield* read(
        form(
          part('name="a"', "1"),
          part('name="file"; filename="x.csv"', "h\r\n--B\r\n1"),
          part('name="b"', "")
        )
      )
      assert.deepStrictEqual(parts, [
        { name: "a", value: "1" },
        { file: "x.csv", content: "h\r\n--B\r\n1" },
        { name: "b", value: "" }
      ])
    })
  )

  it("is the same however it is cut into pieces", async () => {
    const content = "\r\n--B\r\n--BX\r\n-\r--\n--BB"
    const whole = bytes(form(part('name="a"', "é"), part('name="file"; filename="x"', content)))
    const expected: ReadonlyArray<Part> = [
      { name: "a", value: "é" },
      { file: "x", content }
    ]
    const readCut = async (places: ReadonlyArray<number>): Promise<void> => {
      const sorted = [...new Set(places)].sort((a, b) => a - b)
      const pieces = [0, ...sorted].map((from, at) => whole.subarray(from, sorted[at] ?? whole.length))
      assert.deepStrictEqual(await Effect.runPromise(readAll(type, pieces)), expected, sorted.join())
    }
    for (let size = 1; size <= 12; size++)
      await readCut(Array.from({ length: Math.floor((whole.length - 1) / size) }, (_, at) => (at + 1) * size))
    const places = FastCheck.array(FastCheck.integer({ min: 1, max: whole.length - 1 }))
    await FastCheck.assert(FastCheck.asyncProperty(places, readCut))
  })

  it.effect("carries any bytes", () =>
    Effect.gen(function* () {
      const content = Uint8Array.from({ length: 70_000 }, (_, at) => (at * 7 + (at >> 8)) % 256)
      const parts = yield* readAll(type, [
        bytes('--BB\r\nContent-Disposition: form-data; name="file"; filename="b"\r\n\r\n'),
        content,
        bytes("\r\n--BB--")
      ])
      assert.deepStrictEqual(parts, [{ file: "b", content: Buffer.from(content).toString("latin1") }])
    })
  )

  it.effect("knows a file by its name, its type, or its being called so", () =>
    Effect.gen(function* () {
      const typed =
        '--BB\r\nContent-Type: application/octet-stream\r\ncontent-disposition: form-data; name="q"\r\n\r\n3\r\n'
      const parts = yield* read(
        form(
          part('name="p"; filename="one"', "1"),
          part('name="file"', "2"),
          typed,
          part('name="file"; filename=""', ""),
          part("name=bare", "4"),
          part(`name="f"; filename="plain"; filename*=UTF-8''na%C3%AFve.csv`, "5"),
          part(`name="f"; filename="kept"; filename*=UTF-8''%zz`, "6"),
          part('name="f"; filename="say %22hi%22 and \\"ho\\".csv"', "7")
        )
      )
      assert.deepStrictEqual(parts, [
        { file: "one", content: "1" },
        { file: null, content: "2" },
        { file: null, content: "3" },
        { file: "", content: "" },
        { name: "bare", value: "4" },
        { file: "naïve.csv", content: "5" },
        { file: "kept", content: "6" },
        { file: 'say "hi" and "ho".csv', content: "7" }
      ])
    })
  )

  it.effect("may be empty, or have words around it", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* read("--BB--"), [])
      const parts = yield* read(`This is a form.\r\n${form(part('name="a"', "1"))}That was it. --BB more`)
      assert.deepStrictEqual(parts, [{ name: "a", value: "1" }])
      assert.deepStrictEqual(
        yield* readAll('Multipart/Form-Data; charset=utf-8; Boundary="b b"', [bytes("--b b--")]),
        []
      )
    })
  )

  it.effect("that breaks off is refused wherever it does", () =>
    Effect.gen(function* () {
      const whole = form(part('name="a"', "1"), part('name="file"; filename="x"', "content"))
      const end = whole.indexOf("--BB--") + "--BB--".length
      for (let length = 0; length < end; length++)
        assert.include(yield* failure(whole.slice(0, length)), "breaks off", `${length}`)
      assert.strictEqual((yield* read(whole.slice(0, end))).length, 2)
      const broken = readForm(
        type,
        Stream.concat(Stream.make(bytes(part('name="a"', "1"))), Stream.fail("reset"))
      )
      const error = yield* Effect.flip(
        Effect.scoped(Effect.flatMap(broken, ({ next }) => Effect.zipRight(next, next)))
      )
      assert.include(error.detail, "breaks off")
    })
  )

  it.effect("is bounded in everything but its file", () =>
    Effect.gen(function* () {
      assert.include(yield* failure(form(part('name="big"', "b".repeat(8 * 1024 + 1)))), "big")
      assert.include(
        yield* failure(form(...Array.from({ length: 201 }, () => part('name="a"', "")))),
        "200 parts"
      )
      assert.include(yield* failure(part(`name="${"n".repeat(20_000)}"`, "")), "head of a part")
      assert.include(yield* failure("p".repeat(20_000)), "before the first part")
      assert.include(yield* failure("--BB--", "multipart/form-data"), "boundary")
      assert.include(yield* failure("--BB--", "multipart/form-data; boundary="), "boundary")
      const field = yield* read(form(part('name="a"', "b".repeat(8 * 1024))))
      assert.strictEqual(field.length, 1)
    })
  )
})
