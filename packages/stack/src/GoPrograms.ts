import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { cached, install } from "./Cache.ts"
import { InstallFailed } from "./Server.ts"

/** Runs Go for an installation: whoever waits for it does something else meanwhile. */
export const go = (
  name: string,
  args: ReadonlyArray<string>,
  env: Readonly<Record<string, string>> = {}
): Effect.Effect<string, InstallFailed> =>
  Effect.suspend(() =>
    Bun.which("go") === null
      ? new InstallFailed({
          server: name,
          why: "it is built by Go, which is not here",
          remedy: "install Go 1.26 or newer: https://go.dev/doc/install"
        })
      : install(name, `go ${args.join(" ")}`, ["nice", "-n", "15", "go", ...args], {
          // A Go workspace above would be used instead of the module's own versions.
          env: { GOWORK: "off", ...env }
        })
  )

export interface GoPrograms {
  /** Of its directory in the cache. */
  readonly name: string
  readonly module: string
  readonly version: string
  /** Where its programs are below the module. */
  readonly packages: ReadonlyArray<string>
  readonly tags?: ReadonlyArray<string>
}

const Download = Schema.parseJson(Schema.Struct({ Dir: Schema.String }))

/** Where the files of a Go module are, as `module@version`. */
export const moduleFiles = (name: string, module: string): Effect.Effect<string, InstallFailed> =>
  go(name, ["mod", "download", "-json", module]).pipe(
    Effect.flatMap((text) =>
      Effect.mapError(
        Schema.decode(Download)(text),
        ({ message }) =>
          new InstallFailed({ server: name, why: message, remedy: `go mod download ${module}` })
      )
    ),
    Effect.map(({ Dir }) => Dir)
  )

/**
 * Brings programs into the cache; answers their directory. They are built as their own module, not as parts of another, for
 * which `go install` is too strict: with its replacements, and the checksums it comes with.
 */
export const goPrograms = ({ module, name, packages, tags = [], version }: GoPrograms) =>
  cached(name, version, (directory) =>
    Effect.gen(function* () {
      const source = yield* moduleFiles(name, `${module}@${version}`)
      const flags = ["-trimpath", "-buildvcs=false", "-ldflags=-s -w", `-tags=${tags.join(",")}`]
      yield* go(name, ["build", "-C", source, ...flags, "-o", `${directory}/`, ...packages])
    })
  )

/** As `goPrograms`, for the one program of its module; answers the program. */
export const goProgram = ({
  name,
  path,
  ...rest
}: Omit<GoPrograms, "packages"> & { readonly path: string }) =>
  Effect.map(goPrograms({ ...rest, name, packages: [path] }), (directory) =>
    join(directory, path.slice(path.lastIndexOf("/") + 1))
  )
