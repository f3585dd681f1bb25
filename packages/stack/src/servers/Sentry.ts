import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { cached } from "../Cache.ts"
import { type InstallFailed, ServerFailed, type ServerRecipe, type Where } from "../Server.ts"
import { answers, buildGo, daprdVersion } from "./Daprd.ts"

/** Brings Dapr's certificate authority into the cache (a build of some minutes); answers the program. */
const installSentry: Effect.Effect<string, InstallFailed> = cached("sentry", daprdVersion, (directory) =>
  buildGo("sentry", directory, {
    edit: ["-require", `github.com/dapr/dapr@v${daprdVersion}`],
    tool: `github.com/dapr/dapr/cmd/sentry@v${daprdVersion}`,
    build: ["-ldflags", "-s -w", "-o", join(directory, "sentry"), "github.com/dapr/dapr/cmd/sentry"]
  })
).pipe(Effect.map((directory) => join(directory, "sentry")))

const credentials = ({ directory }: Where): string => join(directory, "credentials")

/** It insists on a file. */
const configuration = ({ directory }: Where): string => join(directory, "configuration.yaml")
const defaults =
  "apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: { name: daprsystem }\nspec: {}\n"

/** The certificate by which sidecars know each other's; Sentry makes it at its first start. */
export const trustAnchors = (where: Where): string => readFileSync(join(credentials(where), "ca.crt"), "utf8")

/**
 * Dapr's certificate authority. Outside of Kubernetes it believes a sidecar what it says of itself, its app id and namespace:
 * here it shows what sidecars make of certificates, not who gets one.
 */
export const sentry: ServerRecipe = {
  name: "Sentry",
  version: daprdVersion,
  purpose: "certificates of sidecars",
  ports: { grpc: 50_001, health: 8080, metrics: 9090 },
  install: installSentry,
  prepare: (where) =>
    Effect.try({
      try: () => {
        mkdirSync(credentials(where), { recursive: true, mode: 0o700 })
        writeFileSync(configuration(where), defaults)
      },
      catch: (cause) => new ServerFailed({ server: "Sentry", why: String(cause), log: where.directory })
    }),
  command: (where) => ({
    argv: [
      where.program,
      ...["--config", configuration(where)],
      ...["--issuer-credentials", credentials(where)],
      ...["--listen-address", "127.0.0.1", "--port", String(where.ports["grpc"])],
      ...["--healthz-listen-address", "127.0.0.1", "--healthz-port", String(where.ports["health"])],
      ...["--metrics-listen-address", "127.0.0.1", "--metrics-port", String(where.ports["metrics"])],
      "--log-as-json"
    ]
  }),
  ready: ({ ports }) => answers(`http://127.0.0.1:${ports["health"]}/healthz`),
  startTimeout: "30 seconds",
  stopTimeout: "10 seconds",
  environment: () => ({})
}
