import { join } from "node:path"
import * as Effect from "effect/Effect"
import { cached } from "../Cache.ts"
import type { InstallFailed } from "../Server.ts"
import { buildGo } from "./Daprd.ts"

export const daprCliVersion = "1.16.5"

/** The components module that goes with it: the one it asks for is not served. */
const components = "github.com/dapr/components-contrib"

/**
 * Brings the Dapr CLI into the cache; answers the program. It runs the daprd at `$DAPR_RUNTIME_PATH/.dapr/bin/daprd`.
 */
export const installDaprCli: Effect.Effect<string, InstallFailed> = cached(
  "dapr-cli",
  daprCliVersion,
  (directory) =>
    buildGo("the Dapr CLI", directory, {
      edit: ["-replace", `${components}=${components}@v1.16.0`],
      tool: `github.com/dapr/cli@v${daprCliVersion}`,
      build: [
        "-ldflags",
        `-s -w -X main.version=${daprCliVersion}`,
        "-o",
        join(directory, "dapr"),
        "github.com/dapr/cli"
      ]
    })
).pipe(Effect.map((directory) => join(directory, "dapr")))
