import { mkdir, open } from "node:fs/promises"
import { dirname } from "node:path"
import * as Effect from "effect/Effect"

export interface CopyOptions {
  /** Only so many bytes from its beginning; all of it when absent. */
  readonly bytes?: number
  /** Whether it is on the disk when this is done; the caller sees to it when absent. */
  readonly sync?: boolean
}

export interface Copied {
  readonly bytes: number
  readonly sha256: string
}

const pieceBytes = 1024 ** 2

const copy = async (
  from: string,
  to: string,
  signal: AbortSignal,
  { bytes = Number.POSITIVE_INFINITY, sync = false }: CopyOptions
): Promise<Copied> => {
  await using source = await open(from, "r")
  await mkdir(dirname(to), { recursive: true })
  await using target = await open(to, "wx", 0o600)
  const hash = new Bun.CryptoHasher("sha256")
  const piece = Buffer.allocUnsafe(pieceBytes)
  let copied = 0
  while (copied < bytes) {
    signal.throwIfAborted()
    const { bytesRead } = await source.read(piece, 0, Math.min(pieceBytes, bytes - copied), copied)
    if (bytesRead === 0) break
    const read = piece.subarray(0, bytesRead)
    hash.update(read)
    await target.writeFile(read)
    copied += bytesRead
  }
  if (sync) await target.sync()
  return { bytes: copied, sha256: hash.digest("hex") }
}

/** Copies a file into one that is not there yet, and says what was copied. */
export const copyFile = (
  from: string,
  to: string,
  options: CopyOptions = {}
): Effect.Effect<Copied, unknown> =>
  Effect.async((resume, signal) => {
    const copying = copy(from, to, signal, options)
    copying.then(
      (copied) => resume(Effect.succeed(copied)),
      (cause) => resume(Effect.fail(cause))
    )
    // Until it has noticed, it makes directories and files that somebody else may be removing.
    return Effect.promise(() => copying.then(() => {}).catch(() => {}))
  })
