import { existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs"
import { dirname, join } from "node:path"
import * as Effect from "effect/Effect"
import { formatEnvironment } from "./components/EnvironmentFile.ts"
import type { InstallFailed } from "./Server.ts"
import { installDaprCli } from "./servers/DaprCli.ts"
import { installDaprd } from "./servers/Daprd.ts"

/** Both programs, and where the first looks for the second. */
export interface DaprPrograms {
  readonly cli: string
  readonly daprd: string
  /** Its DAPR_RUNTIME_PATH. */
  readonly runtimePath: string
}

/** Brings the Dapr CLI and daprd into the cache (minutes, the first time), and daprd to where the CLI looks for it. */
export const install = (root: string): Effect.Effect<DaprPrograms, InstallFailed> =>
  Effect.gen(function* () {
    const daprd = yield* installDaprd
    const cli = yield* installDaprCli
    const runtimePath = join(root, "dapr")
    const bin = join(runtimePath, ".dapr", "bin")
    mkdirSync(bin, { recursive: true })
    const link = join(bin, "daprd")
    if (existsSync(link)) rmSync(link)
    symlinkSync(daprd, link)
    return { cli, daprd, runtimePath }
  })

/** What a shell needs for `dapr run`. */
export const shellLines = ({ cli, runtimePath }: DaprPrograms): string =>
  `export PATH='${dirname(cli)}':"$PATH"\nexport ${formatEnvironment({ DAPR_RUNTIME_PATH: runtimePath }).trim()}`
