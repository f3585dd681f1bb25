import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { buf, protoRoot } from "./buf.ts"

const filesOf = (folder: string): ReadonlyMap<string, string> =>
  new Map(
    readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => [file.slice(folder.length + 1), readFileSync(file, "utf8")])
  )

/** Generated files that are not as committed, one sentence each: empty when the code fits the .proto files. */
export const drift = (root: string = protoRoot): ReadonlyArray<string> => {
  const target = mkdtempSync(join(tmpdir(), "proto-drift-"))
  try {
    const generated = buf(["generate", "--output", target], root)
    if (!generated.ok) return [`buf generate failed: ${generated.output}`]
    const fresh = filesOf(join(target, "src/gen"))
    const committed = filesOf(join(root, "src/gen"))
    return [...new Set([...fresh.keys(), ...committed.keys()])].sort().flatMap((file) => {
      if (!committed.has(file)) return [`src/gen/${file} is missing`]
      if (!fresh.has(file)) return [`src/gen/${file} comes from no .proto file`]
      return fresh.get(file) === committed.get(file) ? [] : [`src/gen/${file} is not what buf generates`]
    })
  } finally {
    rmSync(target, { recursive: true, force: true })
  }
}

if (import.meta.main) {
  const found = drift()
  if (found.length > 0) {
    process.stderr.write(`${found.join("\n")}\nRun \`bun run generate\` in proto/ and commit the result.\n`)
    process.exitCode = 1
  }
}
