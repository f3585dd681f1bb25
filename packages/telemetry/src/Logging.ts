import * as Cause from "effect/Cause"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as FiberRefs from "effect/FiberRefs"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"

const messageOf = (message: unknown): unknown =>
  Array.isArray(message) && message.length === 1 ? message[0] : message

const printable = (value: unknown): unknown =>
  typeof value === "bigint" ? String(value) : value instanceof Error ? value.message : value

/** Characters that JSON leaves as they are, but that end a line or command a terminal where lines are shown. */
const unsafe = /[\u007f-\u009f\u2028\u2029]/g

const escape = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`

/** Undefined for what JSON has no word for. A value that cannot be written (it refers to itself) does not cost the line. */
const jsonOf = (value: unknown): string | undefined => {
  try {
    const json: string | undefined = JSON.stringify(value, (_key, inner: unknown) => printable(inner))
    return json?.replace(unsafe, escape)
  } catch (error) {
    return jsonOf(`[cannot be written as JSON: ${error instanceof Error ? error.message : "unknown reason"}]`)
  }
}

const lineOf = (fields: ReadonlyMap<string, unknown>): string =>
  `{${[...fields]
    .flatMap(([key, value]) => {
      const json = jsonOf(value)
      return json === undefined ? [] : [`${jsonOf(key)}:${json}`]
    })
    .join(",")}}`

/**
 * One JSON object a line: time, level, message, trace and span id, the cause of a failure, and the annotations; one that
 * would take the place of those gets a `_` in front. Only JSON is written, so text from outside cannot forge a line.
 */
export const jsonLogger = Logger.make<unknown, string>(
  ({ annotations, cause, context, date, logLevel, message }) => {
    const span = Context.getOption(
      FiberRefs.getOrDefault(context, FiberRef.currentContext),
      Tracer.ParentSpan
    )
    const line = new Map<string, unknown>([
      ["time", date.toISOString()],
      ["level", logLevel.label.toLowerCase()],
      ["message", messageOf(message)],
      ["traceId", Option.isSome(span) ? span.value.traceId : undefined],
      ["spanId", Option.isSome(span) ? span.value.spanId : undefined],
      ["cause", Cause.isEmpty(cause) ? undefined : Cause.pretty(cause, { renderErrorCause: true })]
    ])
    const own = new Set(line.keys())
    for (const [key, value] of HashMap.toEntries(annotations)) line.set(own.has(key) ? `_${key}` : key, value)
    return lineOf(line)
  }
)

const stderr = (line: string): void => {
  process.stderr.write(`${line}\n`)
}

const logLevel = Config.logLevel("INFLUSCOPE_LOG_LEVEL").pipe(Config.withDefault(LogLevel.Info))
const logFormat = Config.literal(
  "auto",
  "json",
  "pretty"
)("INFLUSCOPE_LOG_FORMAT").pipe(Config.withDefault("auto"))

/**
 * Logs on standard error, so that standard output belongs to what a command prints: pretty on a terminal, JSON lines
 * elsewhere. INFLUSCOPE_LOG_LEVEL and INFLUSCOPE_LOG_FORMAT decide.
 */
export const layer = Layer.unwrapEffect(
  Effect.gen(function* () {
    const level = yield* logLevel
    const format = yield* logFormat
    const pretty = format === "pretty" || (format === "auto" && process.stderr.isTTY)
    const logger = pretty
      ? Logger.prettyLogger({ stderr: true, colors: process.stderr.isTTY })
      : Logger.map(jsonLogger, stderr)
    return Layer.merge(Logger.replace(Logger.defaultLogger, logger), Logger.minimumLogLevel(level))
  })
)
