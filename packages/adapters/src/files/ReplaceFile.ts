import { mkdir, open, rename, rm } from "node:fs/promises"
import { dirname, join, relative, sep } from "node:path"

/** A new name is on the disk only when its directory is. Windows has no such notion and refuses. */
const syncDirectory = async (path: string): Promise<void> => {
  if (process.platform === "win32") return
  const handle = await open(path, "r")
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes a directory and what is missing above it, and syncs every parent that got a new entry. */
export const makeDirectory = async (path: string): Promise<void> => {
  const first = await mkdir(path, { recursive: true })
  if (first === undefined) return
  const top = dirname(first)
  const made = relative(top, path).split(sep).slice(0, -1)
  await syncDirectory(top)
  let parent = top
  for (const name of made) {
    parent = join(parent, name)
    await syncDirectory(parent)
  }
}

const writeFile = async (path: string, parts: ReadonlyArray<Uint8Array | string>): Promise<void> => {
  const handle = await open(path, "wx")
  try {
    for (const part of parts) await handle.writeFile(part)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Writes a file whole or not at all, over the one that is there: it is on the disk when this succeeds. `unfinished` is a directory
 * of the same file system for what is being written.
 */
export const replaceFile = async (
  unfinished: string,
  target: string,
  parts: ReadonlyArray<Uint8Array | string>
): Promise<void> => {
  const temporary = join(unfinished, crypto.randomUUID())
  await makeDirectory(dirname(target))
  await makeDirectory(unfinished)
  try {
    await writeFile(temporary, parts)
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
  await syncDirectory(dirname(target))
}
