import { connect } from "node:net"
import * as Effect from "effect/Effect"

const timeoutMs = 2_000

/**
 * Sends bytes to a port of 127.0.0.1 and answers what comes back, as soon as `isWhole` says that it is all. Undefined when
 * nobody answers within 2 seconds.
 */
export const exchange = (
  port: number,
  request: Uint8Array,
  isWhole: (answer: Buffer) => boolean
): Effect.Effect<Buffer | undefined> =>
  Effect.async((resume) => {
    const socket = connect({ host: "127.0.0.1", port })
    let answer = Buffer.alloc(0)
    const end = (result: Buffer | undefined) => {
      socket.destroy()
      resume(Effect.succeed(result))
    }
    socket.once("connect", () => socket.write(request))
    socket.on("data", (bytes: Buffer) => {
      answer = Buffer.concat([answer, bytes])
      if (isWhole(answer)) end(answer)
    })
    socket.once("error", () => end(undefined))
    socket.once("close", () => end(undefined))
    socket.setTimeout(timeoutMs, () => end(undefined))
    return Effect.sync(() => socket.destroy())
  })
