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

/**
 * One JSON object a line: time, level, message, annotations, trace and span id, and the cause of a failure. Only JSON is
 * written, so text from outside cannot forge a line.
 */
export const jsonLogger = Logger.make<unknown, string>(
  ({ annotations, cause, context, date, logLevel, message }) => {
    const line: Record<string, unknown> = {
      time: date.toISOString(),
      level: logLevel.label.toLowerCase(),
      message: messageOf(message)
    }
    const span = Context.getOption(
      FiberRefs.getOrDefault(context, FiberRef.currentContext),
      Tracer.ParentSpan
    )
    if (Option.isSome(span)) {
      line["traceId"] = span.value.traceId
      line["spanId"] = span.value.spanId
    }
    for (const [key, value] of HashMap.toEntries(annotations)) line[key] = value
    if (!Cause.isEmpty(cause)) line["cause"] = Cause.pretty(cause, { renderErrorCause: true })
    return JSON.stringify(line, (_key, value: unknown) => printable(value))
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
