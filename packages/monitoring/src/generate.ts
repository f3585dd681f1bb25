import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { files, folder } from "./Files.ts"

// Writes dashboards and rules to where compose and the manifests take them from.
const root = join(import.meta.dirname, "..", "..", "..")
for (const [path, text] of files) {
  const file = join(root, folder, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}
