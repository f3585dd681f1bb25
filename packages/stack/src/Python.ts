import { join } from "node:path"
import * as Effect from "effect/Effect"
import { cached, fromPackage, install } from "./Cache.ts"
import type { InstallFailed } from "./Server.ts"

/** Packages of Python's index in an environment of their own, in the cache; answers its interpreter. */
export const pythonPackages = (
  server: string,
  version: string,
  packages: ReadonlyArray<string>
): Effect.Effect<string, InstallFailed> =>
  cached(server, version, (directory) =>
    Effect.gen(function* () {
      const python = yield* fromPackage(server, "python3-venv", () => Bun.which("python3") ?? undefined)
      const remedy = "apt-get install -y python3-venv, or Python 3.11 or newer with pip, then try again"
      yield* install(server, remedy, [python, "-m", "venv", directory])
      yield* install(server, remedy, [
        join(directory, "bin", "python"),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-input",
        "--disable-pip-version-check",
        ...packages
      ])
    })
  ).pipe(
    // Not one of its scripts: those name the directory in which they were made.
    Effect.map((directory) => join(directory, "bin", "python"))
  )
