import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from "node:fs"
import { homedir } from "node:os"
import { basename, dirname, join } from "node:path"
import * as Effect from "effect/Effect"
import { InstallFailed } from "./Server.ts"
import * as Shell from "./Shell.ts"

/** Where programs are kept that are built or fetched once: outside the repository, by name and version. */
export const cacheRoot = (): string =>
  join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "influscope")

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Of "<program>.<epoch ms>-<pid>-<number>.partial": who is making a program, and since when. */
const partialPattern = /^(.*)\.(\d+)-(\d+)-\d+\.partial$/

let made = 0

const partialOf = (directory: string): string => `${directory}.${Date.now()}-${process.pid}-${made++}.partial`

/** Whether somebody who is alive began to make the same before; what the dead have begun is removed. */
const isBegunByOthers = (partial: string): boolean => {
  const own = basename(partial)
  const [, program, since = ""] = partialPattern.exec(own) ?? []
  const others = readdirSync(dirname(partial)).filter((name) => {
    const [, its, began = "", pid] = partialPattern.exec(name) ?? []
    if (its !== program || name === own) return false
    if (isAlive(Number(pid))) return Number(began) < Number(since) || (began === since && name < own)
    rmSync(join(dirname(partial), name), { recursive: true, force: true })
    return false
  })
  return others.length > 0
}

/**
 * Answers the directory. When it is missing, `make` fills an empty one, which then takes its place in one step: what was cut
 * off leaves nothing that looks whole. Of several who miss the same at the same time, in this process or others, one makes
 * it and the others wait.
 */
export const madeOnce = <E>(
  directory: string,
  make: (directory: string) => Effect.Effect<void, E>
): Effect.Effect<string, E> =>
  Effect.suspend(() => {
    if (existsSync(directory)) return Effect.succeed(directory)
    const partial = partialOf(directory)
    const wait: Effect.Effect<void> = Effect.suspend(() =>
      isBegunByOthers(partial) ? Effect.delay(wait, "200 millis") : Effect.void
    )
    return Effect.gen(function* () {
      yield* Effect.sync(() => mkdirSync(partial, { recursive: true }))
      yield* wait
      if (existsSync(directory)) return directory
      yield* make(partial)
      // Two that began in the same millisecond may both have made it.
      if (!existsSync(directory)) renameSync(partial, directory)
      return directory
    }).pipe(Effect.ensuring(Effect.sync(() => rmSync(partial, { recursive: true, force: true }))))
  })

/** The directory of a program in the cache, which `make` fills when it is missing. */
export const cached = (
  name: string,
  version: string,
  make: (directory: string) => Effect.Effect<void, InstallFailed>
): Effect.Effect<string, InstallFailed> =>
  Effect.suspend(() => madeOnce(join(cacheRoot(), `${name}-${version}`), make))

/** Runs a command of an installation; when it fails, so does the installation. */
export const install = (
  server: string,
  remedy: string,
  argv: ReadonlyArray<string>,
  options: Shell.Options = {}
): Effect.Effect<string, InstallFailed> =>
  Effect.mapError(
    Shell.run(argv, options),
    (error) => new InstallFailed({ server, why: error.message, remedy })
  )

/** The package manager serves one at a time. */
const packages = Effect.unsafeMakeSemaphore(1)

/** A program on the PATH or, for root on Debian, after its package was installed. */
export const fromPackage = (
  server: string,
  debianPackage: string,
  find: () => string | undefined
): Effect.Effect<string, InstallFailed> =>
  Effect.suspend(() => {
    const found = find()
    if (found !== undefined) return Effect.succeed(found)
    const remedy = `apt-get install -y --no-install-recommends ${debianPackage}`
    const missing = (why: string) => new InstallFailed({ server, why, remedy })
    if (Bun.which("apt-get") === null || process.getuid?.() !== 0)
      return missing("it is not installed, and packages can only be installed by root on Debian")
    const env = { DEBIAN_FRONTEND: "noninteractive" }
    return install(server, remedy, ["apt-get", "-o", "DPkg::Lock::Timeout=600", "update", "-qq"], {
      env
    }).pipe(
      Effect.zipRight(
        install(
          server,
          remedy,
          [
            "apt-get",
            "-o",
            "DPkg::Lock::Timeout=600",
            "install",
            "-y",
            "-qq",
            "--no-install-recommends",
            debianPackage
          ],
          { env }
        )
      ),
      Effect.flatMap(() => {
        const installed = find()
        return installed === undefined
          ? missing(`the package ${debianPackage} does not bring it`)
          : Effect.succeed(installed)
      }),
      packages.withPermits(1)
    )
  })
