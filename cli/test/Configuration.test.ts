import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { describe, expect, it } from "vitest"

const root = fileURLToPath(new URL("../..", import.meta.url))

/** Calls with a key: of Config and, where keys are given a prefix, of helpers too. */
const ofConfig = /Config\.(?!nested)(?:\w+\(|literal\([^)]*\)\()\s*"([A-Z][A-Z_]+)"/g
const ofAnything = /\b(?!nested\()\w+(?:\([^()]*\))?\(\s*"([A-Z][A-Z_]+)"/g

/** The keys a source file reads, with the prefixes of its `nested` blocks, innermost last. */
const keysOf = (text: string): ReadonlyArray<string> => {
  const blocks = text.split(/\n(?=export |const |\/\*\*)/)
  return blocks.flatMap((block) => {
    const prefixes = [...block.matchAll(/Config\.nested\("(\w+)"\)/g)].map(([, prefix]) => prefix).reverse()
    const calls = block.matchAll(prefixes.length === 0 ? ofConfig : ofAnything)
    return Array.from(calls, ([, key]) => [...prefixes, key].join("_"))
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
