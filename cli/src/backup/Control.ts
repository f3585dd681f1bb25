import { linkSync, mkdirSync, readdirSync, rmSync } from "node:fs"
import { join, relative } from "node:path"
import * as Database from "@influscope/adapters/sqlite/Database"
import type { StorageError } from "@influscope/ports/StorageError"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { DataDir } from "../DataDir.ts"
import { controlSocket, heldIn, importsIn } from "./Layout.ts"

/** The databases at the moment that a backup is of. */
export const Held = Schema.Struct({
  id: Schema.String,
  at: Schema.Date,
  /** Below the data directory; of its log so many bytes count. */
  files: Schema.Array(Schema.Struct({ path: Schema.String, logBytes: Schema.Int }))
})
export type Held = typeof Held.Type

const encode = Schema.encodeSync(Schema.parseJson(Held))

/** The longest path that a socket can have on every system. */
const longestPath = 100
/** Below the 10 seconds after which a silent connection is taken for a dead one. */
const beat = "5 seconds"

/** An import that ends removes its file, but at the backup's moment its job goes on: second names keep the files. */
const keepImports = (dataDir: string): void => {
  const held = heldIn(dataDir)
  const imports = importsIn(dataDir)
  rmSync(held, { recursive: true, force: true })
  mkdirSync(held, { mode: 0o700 })
  for (const name of readdirSync(imports))
    if (name.endsWith(".bin")) linkSync(join(imports, name), join(held, name))
}

const hold = (dataDir: string): Effect.Effect<Held, StorageError, Scope.Scope> =>
  Effect.gen(function* () {
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => rmSync(heldIn(dataDir), { recursive: true, force: true }))
    )
    let at = new Date()
    const files = yield* Database.hold(dataDir, () => {
      at = new Date()
      keepImports(dataDir)
    })
    return {
      id: crypto.randomUUID(),
      at,
      files: files.map(({ logBytes, path }) => ({ path: relative(dataDir, path), logBytes }))
    }
  })

/**
 * Answers the commands of whoever may write to the data directory, on a socket in it. `POST /hold` keeps the databases as they are for as
 * long as the answer is read; its first line says which they are, or why not. `GET /hold/<id>` tells with 204 that this lasts.
 */
export const ControlLive = Layer.scopedDiscard(
  Effect.gen(function* () {
    const { path } = yield* DataDir
    const socket = controlSocket(path)
    if (Buffer.byteLength(socket) > longestPath)
      return yield* Effect.logWarning(
        `The path ${socket} is too long for a socket: stop this instance to back up, or move its data directory`
      )
    const runtime = yield* Effect.runtime<never>()
    let holding: string | undefined

    const whileRead = hold(path).pipe(
      Effect.tap(({ id }) =>
        Effect.acquireRelease(
          Effect.sync(() => (holding = id)),
          () => Effect.sync(() => (holding = undefined))
        )
      ),
      Effect.map((held) =>
        Stream.concat(
          Stream.make(`${encode(held)}\n`),
          Stream.repeatValue("\n").pipe(Stream.schedule(Schedule.spaced(beat)))
        )
      ),
      Stream.unwrapScoped,
      Stream.catchAll((error) => Stream.make(`${error.message}\n`)),
      Stream.encodeText
    )

    const answer = (request: Request): Response => {
      const asked = `${request.method} ${new URL(request.url).pathname}`
      if (asked === "POST /hold") return new Response(Stream.toReadableStreamRuntime(whileRead, runtime))
      return new Response(null, {
        status: holding !== undefined && asked === `GET /hold/${holding}` ? 204 : 404
      })
    }

    yield* Effect.acquireRelease(
      Effect.sync(() => {
        // What a process leaves behind that was killed.
        for (const left of [socket, heldIn(path)]) rmSync(left, { recursive: true, force: true })
        return Bun.serve({ unix: socket, fetch: answer })
      }),
      // Before the databases close, which changes their files: who copies them asks to the end.
      (server) => Effect.promise(() => server.stop(true))
    )
  })
)
