import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import * as Schema from "effect/Schema"
import { parse } from "yaml"
import type { DaprdOptions } from "../servers/Daprd.ts"
import type { App } from "./Render.ts"

const runFile = fileURLToPath(new URL("../../../../dapr/dapr.yaml", import.meta.url))

/** What of `dapr.yaml` others have to be in step with. */
const RunFile = Schema.Struct({
  common: Schema.Struct({
    maxBodySize: Schema.String,
    appHealthProbeInterval: Schema.Int,
    appHealthProbeTimeout: Schema.Int,
    appHealthThreshold: Schema.Int
  }),
  apps: Schema.Array(
    Schema.Struct({
      appID: Schema.String,
      appPort: Schema.Int,
      appProtocol: Schema.Literal("http", "grpc"),
      enableAppHealthCheck: Schema.optionalWith(Schema.Boolean, { default: () => false }),
      appHealthCheckPath: Schema.optional(Schema.String)
    })
  )
})

/** `dapr/dapr.yaml`; throws when it is not as it should be. */
export const readRunFile = (): typeof RunFile.Type =>
  Schema.decodeUnknownSync(RunFile)(parse(readFileSync(runFile, "utf8")))

/** The options of an app's sidecar as `dapr run -f dapr/dapr.yaml` starts it; throws when the file lacks the app. */
export const sidecarOptions = (
  app: App
): Pick<DaprdOptions, "appId" | "appProtocol" | "maxBodySize" | "appHealth"> => {
  const { apps, common } = readRunFile()
  const found = apps.find(({ appID }) => appID === app)
  if (found === undefined) throw new Error(`${runFile} has no app ${app}`)
  return {
    appId: app,
    appProtocol: found.appProtocol,
    maxBodySize: common.maxBodySize,
    ...(found.enableAppHealthCheck
      ? {
          appHealth: {
            path: found.appHealthCheckPath ?? "/",
            intervalSeconds: common.appHealthProbeInterval,
            timeoutMillis: common.appHealthProbeTimeout,
            threshold: common.appHealthThreshold
          }
        }
      : {})
  }
}
