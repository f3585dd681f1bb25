import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"

const root = fileURLToPath(new URL("../..", import.meta.url))

/** The keys a source file reads: names in calls of Config, with the prefixes of its `nested` blocks, innermost last. */
const keysOf = (text: string): ReadonlyArray<string> => {
  const blocks = text.split(/\n(?=export |const |\/\*\*)/)
  return blocks.flatMap((block) => {
    const prefixes = [...block.matchAll(/Config\.nested\("(\w+)"\)/g)].map(([, prefix]) => prefix).reverse()
    return [...block.matchAll(/Config\.(?:\w+\(|literal\([^)]*\)\()\s*"([A-Z][A-Z_]+)"/g)]
      .filter(([call]) => !call.startsWith("Config.nested"))
      .map(([, key]) => [...prefixes, key].join("_"))
  })
}

describe("docs/configuration.md", () => {
  it("has every key there is, and no other", async () => {
    const files = ["cli/src/**/*.ts", "packages/*/src/**/*.ts", "services/*/src/**/*.ts"].flatMap(
      (pattern) => [...new Bun.Glob(pattern).scanSync(root)]
    )
    const read = new Set(files.flatMap((file) => keysOf(readFileSync(`${root}/${file}`, "utf8"))))
    const rows = readFileSync(`${root}/docs/configuration.md`, "utf8").matchAll(/^\| `([A-Z_]+)` \|/gm)
    const documented = new Set([...rows].map(([, key]) => key))
    expect(read.size).toBeGreaterThan(20)
    expect([...documented].sort()).toEqual([...read].sort())
  })
})
