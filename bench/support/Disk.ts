import { readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { sum } from "./Numbers.ts"

/** What a file, or a directory with all that is in it, takes on disk. */
export const bytesOf = (path: string): number => {
  try {
    const found = statSync(path)
    return found.isDirectory()
      ? sum(readdirSync(path).map((name) => bytesOf(join(path, name))))
      : // What is allocated: files may be larger than what is in them.
        found.blocks * 512
  } catch {
    // Gone since it was listed.
    return 0
  }
}
