/**
 * Bundles a service, or the commands, into a directory that needs nothing else but Bun:
 *   bun images/build.ts <service|cli> <directory>
 * `main.js` with its source map, `health.js` for the health check, and what is read by path while it runs.
 */
import { cpSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { writePage } from "@influscope/web/Assets"
import * as Effect from "effect/Effect"

const root = join(import.meta.dirname, "..")

interface Source {
  readonly main: string
  /** Whether it serves the web page and the API's documentation. */
  readonly isWeb?: true
}

const service = (name: string): string => join(root, "services", name, "src", "main.ts")

const sources: Readonly<Record<string, Source>> = {
  analytics: { main: service("analytics") },
  api: { main: service("api"), isWeb: true },
  collector: { main: service("collector") },
  indexer: { main: service("indexer") },
  messages: { main: service("messages") },
  mockstagram: { main: service("mockstagram") },
  posts: { main: service("posts") },
  scraper: { main: service("scraper") },
  tracker: { main: service("tracker") },
  users: { main: service("users") },
  cli: { main: join(root, "cli", "src", "main.ts"), isWeb: true }
}

/** What there is an image of. */
export const images = Object.keys(sources)

/** Where a package lies, from the point of view of who uses it. */
const packageRoot = (name: string, user: string): string =>
  dirname(createRequire(join(root, user, "package.json")).resolve(`${name}/package.json`))

/** Lines and names are what a stack needs of a source map; the sources would be most of an image. */
const withoutSources = async (path: string): Promise<void> => {
  const map = await Bun.file(path).json()
  await Bun.write(path, JSON.stringify({ ...map, sourcesContent: map.sources.map(() => null) }))
}

const bundle = async (entry: string, outdir: string, name: string, isCompiled: boolean): Promise<void> => {
  await Bun.build({
    ...(isCompiled ? { bytecode: true, format: "cjs" } : {}),
    entrypoints: [entry],
    outdir,
    naming: `${name}.js`,
    target: "bun",
    minify: true,
    sourcemap: "linked",
    define: { "process.env.NODE_ENV": '"production"' }
  })
  await withoutSources(join(outdir, `${name}.js.map`))
}

export interface BuildOptions {
  /** With bytecode, for this machine and this Bun alone: a third of the time from the start of a process to its first line. */
  readonly isCompiled?: boolean
}

/** Makes the directory of an image; answers nothing, fails when a part of it cannot be made. */
export const build = async (
  image: string,
  directory: string,
  { isCompiled = false }: BuildOptions = {}
): Promise<void> => {
  const source = sources[image]
  if (source === undefined) throw new Error(`There is no ${image}: use ${images.join(", ")}.`)
  await bundle(source.main, directory, "main", isCompiled)
  await bundle(join(import.meta.dirname, "Health.ts"), directory, "health", false)
  const copy = (name: string, user: string, path: string): void =>
    cpSync(join(packageRoot(name, user), path), join(directory, "node_modules", name, path), {
      recursive: true
    })
  if (source.isWeb) {
    for (const file of ["package.json", "swagger-ui.css", "swagger-ui-bundle.js"])
      copy("swagger-ui-dist", "services/api", file)
    await Effect.runPromise(writePage(directory))
  }
}

if (import.meta.main) {
  const [image = "", directory = ""] = process.argv.slice(2)
  if (directory === "") throw new Error("bun images/build.ts <service|cli> <directory>")
  await build(image, directory)
}
