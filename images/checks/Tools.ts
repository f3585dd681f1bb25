import { readFileSync } from "node:fs"
import { join } from "node:path"
import { cached } from "@influscope/stack/Cache"
import { buildGo } from "@influscope/stack/servers/Daprd"
import * as Effect from "effect/Effect"

/** A program of ours that uses a Go module; built once for each version of the two. */
const program = (name: string, module: string, version: string) => {
  const source = readFileSync(join(import.meta.dirname, `${name}.go`), "utf8")
  return cached(name, `${version}-${Bun.hash(source).toString(36)}`, (directory) =>
    buildGo(name, directory, {
      files: { "source/main.go": source },
      edit: ["-require", `${module}@${version}`],
      tool: "./source",
      build: ["-ldflags", "-s -w", "-o", join(directory, name), "./source"]
    })
  ).pipe(Effect.map((directory) => join(directory, name)))
}

/** BuildKit's own reading of a Dockerfile. The newest version all of whose modules are there. */
export const dockerfile = program("dockerfile", "github.com/moby/buildkit", "v0.34.1")

/** Docker Compose's own reading of a compose file. */
export const compose = program("compose", "github.com/compose-spec/compose-go/v2", "v2.16.2")
