import { readdir, rm, stat } from "node:fs/promises"
import { join } from "node:path"
import { madeOnce } from "@influscope/stack/Cache"
import * as Effect from "effect/Effect"
import { build } from "../../../images/build.ts"

const root = join(import.meta.dirname, "..", "..", "..")
const programs = join(root, "node_modules", ".cache", "influscope")

/** Everything that a program is made from. */
const sources = [
  "packages/*/src/**",
  "services/*/src/**",
  "{cli,web,proto}/src/**",
  "cli/package.json",
  "images/*",
  "bun.lock"
].map((pattern) => new Bun.Glob(pattern))

const keyOf = async (): Promise<string> => {
  const found = await Promise.all(sources.map((glob) => Array.fromAsync(glob.scan({ cwd: root }))))
  const paths = found.flat().sort()
  const hash = new Bun.CryptoHasher("sha256").update(Bun.version)
  for (const path of paths) {
    const { mtimeMs, size } = await stat(join(root, path))
    hash.update(`\n${path} ${mtimeMs} ${size}`)
  }
  return hash.digest("hex").slice(0, 16)
}

// As they are when the process begins: what it starts again later is the same program.
const key = await keyOf()

/** Programs that were made more than a day ago, of other sources. */
const removeOld = async (): Promise<void> => {
  for (const name of await readdir(programs)) {
    const path = join(programs, name)
    // What another process makes or removes meanwhile is gone by that name.
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }))
    if (Date.now() - mtimeMs > 86_400_000) await rm(path, { recursive: true, force: true })
  }
}

/**
 * The path of a service, or of the commands ("cli"), as one file with bytecode, made of the sources as they are now: a
 * process of it is up in half of the time. What is there already is not made again.
 */
export const program = (name: string): Promise<string> =>
  Effect.runPromise(
    madeOnce(join(programs, `${name}-${key}`), (directory) =>
      Effect.promise(async () => {
        await removeOld()
        await build(name, directory, { isCompiled: true })
      })
    )
  ).then((directory) => join(directory, "main.js"))
