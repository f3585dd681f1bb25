import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/TestClock"
import { jsonLogger } from "../src/Logging.ts"

const decodeLine = Schema.decodeSync(
  Schema.parseJson(Schema.Record({ key: Schema.String, value: Schema.Unknown }))
)

/** The lines that an effect logs, as they are written. */
const linesOf = <E, R>(effect: Effect.Effect<unknown, E, R>) =>
  Effect.suspend(() => {
    const lines: Array<string> = []
    const logger = Logger.map(jsonLogger, (line) => void lines.push(line))
    return effect.pipe(
      Effect.provide(Logger.replace(Logger.defaultLogger, logger)),
      Logger.withMinimumLogLevel(LogLevel.All),
      Effect.as(lines)
    )
  })

const lineOf = <E, R>(effect: Effect.Effect<unknown, E, R>) =>
  Effect.map(linesOf(effect), (lines) => {
    assert.strictEqual(lines.length, 1)
    return decodeLine(lines[0] ?? "")
  })

/** Everything that ends a line somewhere, or that a terminal obeys. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: those are the ones that must not be there
const dangerous = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/

const hostile = [
  'a\n{"level":"fatal","message":"forged"}',
  "a\r\nb\u0085c\u2028d\u2029e",
  "\u001b[2J\u009b31m\u0007\u0000\u007f",
  '"}],"level":"fatal',
  "\ud800 alone \udc00",
  "\u202egnp.exe"
]

class TooLate extends Data.TaggedError("TooLate")<{ readonly hours: number; readonly cause: unknown }> {}

describe("JSON logging", () => {
  it.effect("writes time, level and message", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(Date.UTC(2026, 0, 2, 3, 4, 5, 678))
      assert.deepStrictEqual(yield* lineOf(Effect.logInfo("hello")), {
        time: "2026-01-02T03:04:05.678Z",
        level: "info",
        message: "hello"
      })
      for (const [level, log] of [
        ["debug", Effect.logDebug],
        ["warn", Effect.logWarning],
        ["error", Effect.logError],
        ["fatal", Effect.logFatal]
      ] as const)
        assert.strictEqual((yield* lineOf(log("hello")))["level"], level)
    })
  )

  it.effect("cannot be made to forge a line, by message, annotation, span or cause", () =>
    Effect.gen(function* () {
      for (const text of hostile) {
        const lines = yield* linesOf(
          Effect.logError(text, { [text]: text }, Cause.die(new Error(text))).pipe(
            Effect.annotateLogs(text, text),
            Effect.withSpan(text)
          )
        )
        assert.strictEqual(lines.length, 1)
        assert.notMatch(lines[0] ?? "", dangerous)
        const line = decodeLine(lines[0] ?? "")
        assert.strictEqual(line["level"], "error")
        assert.strictEqual(line[text], text)
        assert.deepStrictEqual(line["message"], [text, { [text]: text }])
      }
    })
  )

  it.effect.prop(
    "keeps any text as it is, on one line",
    [FastCheck.fullUnicodeString(), FastCheck.fullUnicodeString()],
    ([message, annotation]) =>
      Effect.gen(function* () {
        const lines = yield* linesOf(Effect.annotateLogs(Effect.logInfo(message), "given", annotation))
        assert.strictEqual(lines.length, 1)
        assert.notMatch(lines[0] ?? "", dangerous)
        const line = decodeLine(lines[0] ?? "")
        assert.strictEqual(line["message"], message)
        assert.strictEqual(line["given"], annotation)
      }),
    { fastCheck: { numRuns: 50 } }
  )

  it.effect("does not let an annotation take the place of what it says itself", () =>
    Effect.gen(function* () {
      const line = yield* Effect.logInfo("true").pipe(
        Effect.annotateLogs({ level: "fatal", message: "false", time: "never", traceId: "0", __proto__x: 1 }),
        lineOf
      )
      assert.strictEqual(line["level"], "info")
      assert.strictEqual(line["message"], "true")
      assert.notStrictEqual(line["time"], "never")
      assert.isUndefined(line["traceId"])
      assert.strictEqual(line["_level"], "fatal")
      assert.strictEqual(line["_message"], "false")
    })
  )

  it.effect("names the trace and the span", () =>
    Effect.gen(function* () {
      const { line, span } = yield* Effect.gen(function* () {
        return {
          line: yield* lineOf(Effect.logInfo("inside")),
          span: yield* Effect.orDie(Effect.currentSpan)
        }
      }).pipe(Effect.withSpan("work"))
      assert.strictEqual(line["traceId"], span.traceId)
      assert.strictEqual(line["spanId"], span.spanId)
      const outside = yield* lineOf(Effect.logInfo("outside"))
      assert.isFalse("traceId" in outside || "spanId" in outside)
    })
  )

  it.effect("tells the cause of a failure with the cause of that", () =>
    Effect.gen(function* () {
      const error = new TooLate({ hours: 3, cause: new Error("the clock\nstood still") })
      const line = yield* lineOf(Effect.logError("failed", Cause.fail(error)))
      assert.include(String(line["cause"]), "TooLate")
      assert.match(String(line["cause"]), /\[cause\]: Error: the clock\n\s*stood still/)
      assert.strictEqual(line["message"], "failed")
    })
  )

  it.effect("writes every kind of value, and never a secret", () =>
    Effect.gen(function* () {
      const line = yield* lineOf(
        Effect.logInfo({
          big: 2n ** 64n,
          error: new Error("plain"),
          tagged: new TooLate({ hours: 3, cause: new Error("why") }),
          secret: Redacted.make("secret"),
          some: Option.some(1),
          date: new Date(0),
          nothing: undefined,
          notANumber: Number.NaN
        })
      )
      assert.deepStrictEqual(line["message"], {
        big: "18446744073709551616",
        error: "plain",
        tagged: { _tag: "TooLate", hours: 3, cause: "why" },
        secret: "<redacted>",
        some: { _id: "Option", _tag: "Some", value: 1 },
        date: "1970-01-01T00:00:00.000Z",
        notANumber: null
      })
      assert.deepStrictEqual((yield* lineOf(Effect.logInfo("a", "b")))["message"], ["a", "b"])
    })
  )

  it.effect("does without a value that cannot be written, not without the line", () =>
    Effect.gen(function* () {
      const circle: { self?: unknown } = {}
      circle.self = circle
      const angry = {
        toJSON: () => {
          throw new Error("no")
        }
      }
      const line = yield* lineOf(
        Effect.logInfo(circle).pipe(Effect.annotateLogs({ angry, fine: "here", nothing: undefined }))
      )
      assert.include(String(line["message"]), "cannot be written as JSON")
      assert.include(String(line["angry"]), "cannot be written as JSON: no")
      assert.strictEqual(line["fine"], "here")
      assert.isFalse("nothing" in line)
    })
  )
})

describe("the logging of a process", () => {
  const program = fileURLToPath(new URL("./LoggingProcess.ts", import.meta.url))

  const run = (settings: Readonly<Record<string, string>>) =>
    Effect.async<{ readonly code: number | null; readonly out: string; readonly err: string }>((resume) => {
      const child = spawn(process.execPath, [program], { env: { ...process.env, ...settings } })
      let [out, err] = ["", ""]
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        out += text
      })
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        err += text
      })
      child.on("close", (code) => resume(Effect.succeed({ code, out, err })))
    })

  const messages = (err: string) =>
    err
      .trimEnd()
      .split(/[\n\r\u2028\u2029\u0085]/)
      .map((line) => decodeLine(line)["message"])

  it.live("is JSON on standard error where nobody watches, and leaves standard output alone", () =>
    Effect.gen(function* () {
      const { code, err, out } = yield* run({})
      assert.strictEqual(code, 0)
      assert.strictEqual(out, "output\n")
      const [hostileMessage, ...others] = messages(err)
      assert.include(String(hostileMessage), "forged")
      assert.deepStrictEqual(others, ["an error line"])
    })
  )

  it.live("says as much as it is told to", () =>
    Effect.gen(function* () {
      const all = yield* run({ INFLUSCOPE_LOG_LEVEL: "debug" })
      assert.strictEqual(messages(all.err)[0], "a debug line")
      const errors = yield* run({ INFLUSCOPE_LOG_LEVEL: "error" })
      assert.deepStrictEqual(messages(errors.err), ["an error line"])
      const pretty = yield* run({ INFLUSCOPE_LOG_FORMAT: "pretty" })
      assert.match(pretty.err, /ERROR.*an error line/)
      assert.strictEqual(pretty.out, "output\n")
    })
  )

  it.live("does not start with a setting it does not know", () =>
    Effect.gen(function* () {
      const { code, err, out } = yield* run({ INFLUSCOPE_LOG_FORMAT: "xml" })
      assert.notStrictEqual(code, 0)
      assert.include(err, "INFLUSCOPE_LOG_FORMAT")
      assert.strictEqual(out, "")
    })
  )
})
