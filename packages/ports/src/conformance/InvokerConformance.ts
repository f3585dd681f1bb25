import { assert } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import { type InvokeMethod, Invoker } from "../Invoker.ts"
import { awkwardText, eventually, suite } from "./Conformance.ts"

/**
 * An app that the invoker under test reaches as `echo`:
 * - `/echo...` answers 200 with the body and the content type it was sent, and in `x-method`, `x-path` (with the query)
 *   and `x-seen` the method, the path and the header `x-test` of the request;
 * - `/status/<n>` answers n with the body `status <n>` and `x-app: echo`;
 * - `/slow` answers after ten seconds; `/drip` answers at once and then 64 KiB a second: less may wait on the way;
 * - `/count` answers the number of bytes in the body it is sent.
 */
export interface InvokerConformanceOptions {
  /** How many requests to `/slow` and `/drip` the app is still working on. */
  readonly pending: Effect.Effect<number>
  /** False where a slow answer is held back on the way until it is whole. */
  readonly answersEarly?: boolean
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

const mebibyte = new Uint8Array(1024 * 1024).map((_, index) => index % 251)

/** What every Invoker must do. */
export const invokerConformance = <E>(
  name: string,
  layer: Layer.Layer<Invoker, E>,
  { answersEarly = true, pending }: InvokerConformanceOptions
): void => {
  const deadline = "20 seconds"

  suite(`Invoker: ${name}`, layer, (test) => {
    test("passes method, path, query, headers and body both ways", () =>
      Effect.gen(function* () {
        const invoker = yield* Invoker
        const methods: ReadonlyArray<InvokeMethod> = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        for (const method of methods) {
          const path = "/echo/a%2Fb/%C3%A9?q=tech%20%26%20more&q=2"
          const { body, headers, status } = yield* invoker.http("echo", method, path, {
            deadline,
            headers: { "x-test": `of ${method}`, "content-type": "text/plain; charset=utf-8" },
            ...(method === "GET" ? {} : { body: awkwardText })
          })
          assert.strictEqual(status, 200)
          assert.strictEqual(headers["x-method"], method)
          assert.strictEqual(headers["x-path"], path)
          assert.strictEqual(headers["x-seen"], `of ${method}`)
          if (method === "GET") continue
          assert.strictEqual(headers["content-type"], "text/plain; charset=utf-8")
          assert.strictEqual(text(body), awkwardText)
        }
      }))

    test("passes bytes as they are", () =>
      Effect.gen(function* () {
        const invoker = yield* Invoker
        const { body } = yield* invoker.http("echo", "POST", "/echo", {
          deadline,
          headers: { "content-type": "application/octet-stream" },
          body: mebibyte
        })
        assert.strictEqual(Buffer.compare(body, mebibyte), 0)
      }))

    test("streams bodies of any size in both directions", () =>
      Effect.gen(function* () {
        const invoker = yield* Invoker
        const megabytes = Stream.range(1, 20).pipe(Stream.map(() => mebibyte))
        const { body } = yield* invoker.http("echo", "POST", "/count", {
          deadline,
          headers: { "content-type": "application/octet-stream" },
          body: megabytes
        })
        assert.strictEqual(text(body), String(20 * mebibyte.length))
        const received = yield* invoker
          .stream("echo", "POST", "/echo", {
            deadline,
            headers: { "content-type": "application/octet-stream" },
            body: megabytes
          })
          .pipe(Stream.runFold(0, (sum, { length }) => sum + length))
        assert.strictEqual(received, 20 * mebibyte.length)
      }))

    if (answersEarly)
      test("answers with a body before the answer is over", () =>
        Effect.gen(function* () {
          const invoker = yield* Invoker
          const first = yield* invoker
            .stream("echo", "GET", "/drip", { deadline })
            .pipe(Stream.take(1), Stream.runCollect, Effect.timeout("8 seconds"))
          assert.strictEqual(Chunk.size(first), 1)
        }))

    test("fails with the status, the headers and the body of an answer that is not 2xx", () =>
      Effect.gen(function* () {
        const invoker = yield* Invoker
        for (const status of [400, 403, 404, 418, 429, 500, 503]) {
          const error = yield* Effect.flip(invoker.http("echo", "GET", `/status/${status}`, { deadline }))
          assert.strictEqual(error._tag, "AppRefused")
          if (error._tag !== "AppRefused") return
          assert.strictEqual(error.answer.status, status)
          assert.strictEqual(error.answer.headers["x-app"], "echo")
          assert.strictEqual(text(error.answer.body), `status ${status}`)
          const streamed = yield* Effect.flip(
            Stream.runDrain(invoker.stream("echo", "GET", `/status/${status}`, { deadline }))
          )
          assert.strictEqual(streamed._tag, "AppRefused")
        }
      }))

    test("gives up at the deadline, and so does the app", () =>
      Effect.gen(function* () {
        const invoker = yield* Invoker
        for (const path of ["/slow", "/drip"]) {
          const error = yield* Effect.flip(invoker.http("echo", "GET", path, { deadline: "700 millis" }))
          assert.strictEqual(error._tag, "AppTooSlow", path)
          assert.include(error.message, "echo did not answer within")
        }
        const streamed = yield* Effect.flip(
          Stream.runDrain(invoker.stream("echo", "GET", "/drip", { deadline: "1500 millis" }))
        )
        assert.strictEqual(streamed._tag, "AppTooSlow")
        yield* eventually(
          "the app notices",
          Effect.map(pending, (left) => left === 0)
        )
      }))

    test("says that an app cannot be reached", () =>
      Effect.gen(function* () {
        const invoker = yield* Invoker
        const error = yield* Effect.flip(invoker.http("nobody", "GET", "/echo", { deadline }))
        assert.strictEqual(error._tag, "AppUnreachable")
        assert.include(error.message, "nobody cannot be reached")
      }))

    test("dies of a path that leads elsewhere", () =>
      Effect.gen(function* () {
        const invoker = yield* Invoker
        for (const path of [
          "",
          "echo",
          "/../../metadata",
          "/%2e%2e/%2E./metadata",
          "/a/../../b",
          "//other/echo"
        ]) {
          const exit = yield* Effect.exit(invoker.http("echo", "GET", path, { deadline }))
          assert.isTrue(Exit.isFailure(exit) && exit.cause._tag === "Die", path)
        }
      }))
  })
}
