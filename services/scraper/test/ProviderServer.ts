import * as net from "node:net"
import * as Effect from "effect/Effect"

/** A request as the server saw it. */
export interface SeenRequest {
  readonly url: URL
  readonly authorization: string | null
  /** `performance.now()` at its arrival. */
  readonly at: number
  /** Aborted when the client went away before the answer was whole. */
  readonly signal: AbortSignal
}

export interface ProviderServer {
  readonly url: URL
  readonly seen: ReadonlyArray<SeenRequest>
}

/** A real HTTP server on a free port; `answer` gets the request and its number, from 0. */
export const serve = (answer: (request: SeenRequest, number: number) => Response | Promise<Response>) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        const seen: Array<SeenRequest> = []
        const server = Bun.serve({
          port: 0,
          hostname: "127.0.0.1",
          idleTimeout: 0,
          fetch: (request) => {
            const entry: SeenRequest = {
              url: new URL(request.url),
              authorization: request.headers.get("authorization"),
              at: performance.now(),
              signal: request.signal
            }
            seen.push(entry)
            return answer(entry, seen.length - 1)
          }
        })
        return { server, seen }
      }),
      ({ server }) => Effect.promise(() => server.stop(true))
    ),
    ({ seen, server }): ProviderServer => ({ url: new URL("/profiles", server.url), seen })
  )

/** A server that writes raw bytes to each connection once it has been asked. */
export const serveRaw = (answer: (socket: net.Socket, number: number) => void) =>
  Effect.acquireRelease(
    Effect.async<{ readonly server: net.Server; readonly url: URL; readonly asked: () => number }>(
      (resume) => {
        let asked = 0
        const server = net.createServer((socket) => {
          socket.on("error", () => socket.destroy())
          socket.once("data", () => answer(socket, asked++))
        })
        server.listen(0, "127.0.0.1", () => {
          const address = server.address()
          const port = typeof address === "object" && address !== null ? address.port : 0
          resume(
            Effect.succeed({ server, url: new URL(`http://127.0.0.1:${port}/profiles`), asked: () => asked })
          )
        })
      }
    ),
    ({ server }) => Effect.sync(() => server.close())
  )

/** Entry `place` of a world without end. */
export const entryAt = (place: number) => ({
  platform: "tiktok",
  handle: `creator_${place}`,
  name: `Creator ${place}`,
  followers: 1_000 + place
})

/** The page a request asks for, of a world of `total` entries. `change` may spoil entries. */
export const page = (
  url: URL,
  total: number,
  change: (entry: unknown, place: number) => unknown = (entry) => entry
): { readonly profiles: ReadonlyArray<unknown>; readonly total: number } => {
  const offset = Number(url.searchParams.get("offset"))
  const size = Math.max(0, Math.min(Number(url.searchParams.get("limit")), total - offset))
  return {
    profiles: Array.from({ length: size }, (_, at) => change(entryAt(offset + at), offset + at)),
    total
  }
}
