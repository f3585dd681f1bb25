import { spawnSync } from "node:child_process"
import { type BufResult, buf, protoRoot } from "./buf.ts"

/**
 * Compares the .proto files with those of a git ref (by default main). A ref that has none yet, as before the first
 * commit of them, leaves nothing to break.
 */
export const breaking = (ref = "main"): BufResult => {
  const known = spawnSync("git", ["cat-file", "-e", `${ref}:proto/buf.yaml`], { cwd: protoRoot })
  if (known.status !== 0)
    return { ok: true, output: `${ref} has no .proto files yet: nothing to compare with.\n` }
  const commit = spawnSync("git", ["rev-parse", ref], { cwd: protoRoot, encoding: "utf8" }).stdout.trim()
  return buf(["breaking", "--against", `../.git#ref=${commit},subdir=proto`])
}

if (import.meta.main) {
  const result = breaking(process.argv[2])
  process.stderr.write(result.output)
  process.exitCode = result.ok ? 0 : 1
}
