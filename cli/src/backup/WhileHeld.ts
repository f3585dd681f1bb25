import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Held } from "./Control.ts"
import { controlSocket } from "./Layout.ts"

/** The instance does not keep its files as they are, or has ceased to. */
export class NotHeld extends Data.TaggedError("NotHeld")<{ readonly why: string }> {}

const decode = Schema.decode(Schema.parseJson(Held))

const attempt = <A>(body: () => Promise<A>): Effect.Effect<A, NotHeld> =>
  Effect.tryPromise({
    try: body,
    catch: (cause) => new NotHeld({ why: cause instanceof Error ? cause.message : String(cause) })
  })

/** The first line of an answer; the rest is read and forgotten. */
const firstLine = async (body: ReadableStream<Uint8Array>): Promise<string> => {
  const reader = body.getReader()
  const decoder = new TextDecoder()
  let text = ""
  while (!text.includes("\n")) {
    const { done, value } = await reader.read()
    if (done) throw new Error("it has hung up")
    text += decoder.decode(value, { stream: true })
  }
  const rest = async (): Promise<void> => {
    while (!(await reader.read()).done);
  }
  // It ends with the hold. Whether that was too early is asked for when all is copied.
  rest().catch(() => {})
  return text.slice(0, text.indexOf("\n"))
}

const begin = (dataDir: string) =>
  Effect.gen(function* () {
    const hold = new AbortController()
    const ask = (method: "POST" | "GET", path: string): Promise<Response> =>
      fetch(`http://instance${path}`, { method, signal: hold.signal, unix: controlSocket(dataDir) })
    const line = yield* attempt(async () => {
      const { body, status } = await ask("POST", "/hold")
      if (status !== 200 || body === null) throw new Error(`it answers ${status}`)
      return firstLine(body)
    })
    const held = yield* Effect.mapError(decode(line), () => new NotHeld({ why: line }))
    const lasts = attempt(async () => {
      const { status } = await ask("GET", `/hold/${held.id}`)
      if (status !== 204) throw new Error("it has let go of them")
    })
    return { held, lasts, end: Effect.sync(() => hold.abort()) }
  })

/** Copies while the instance on the directory keeps its files as they are; fails when it did not do so to the end. */
export const whileHeld = <A, E, R>(
  dataDir: string,
  copy: (held: Held) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | NotHeld, R> =>
  Effect.acquireUseRelease(
    begin(dataDir),
    ({ held, lasts }) => Effect.zipLeft(copy(held), lasts),
    ({ end }) => end
  )
