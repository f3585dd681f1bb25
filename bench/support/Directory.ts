import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** Gives a directory that is gone afterwards, also when the program is stopped in between. */
export const inDirectory = async <A>(body: (directory: string) => Promise<A>): Promise<A> => {
  const directory = mkdtempSync(join(tmpdir(), "influscope-bench-"))
  const remove = (): void => rmSync(directory, { recursive: true, force: true })
  process.on("exit", remove)
  try {
    return await body(directory)
  } finally {
    process.off("exit", remove)
    remove()
  }
}
