import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { isOpen } from "../Supervisor.ts"
import { type Check, fail, getJson, ok, warn } from "./Check.ts"

const Metadata = Schema.Struct({
  id: Schema.String,
  runtimeVersion: Schema.optionalWith(Schema.String, { default: () => "?" }),
  components: Schema.optionalWith(Schema.Array(Schema.Struct({ name: Schema.String, type: Schema.String })), {
    default: () => []
  })
})

export interface SidecarOptions {
  readonly port: number
  /** DAPR_API_TOKEN, when the sidecars want one. */
  readonly token?: string
  /** The components an app cannot do without. */
  readonly needed: (appId: string) => ReadonlyArray<string>
}

/** The sidecar on a port, when one answers there: a component with a mistake is absent from it, without an error. */
export const sidecar = ({ needed, port, token }: SidecarOptions): Effect.Effect<Check> =>
  Effect.zipWith(
    getJson(`http://127.0.0.1:${port}/v1.0/metadata`, token === undefined ? {} : { "dapr-api-token": token }),
    isOpen(port),
    (answer, isAnswering) => {
      const name = `sidecar on ${port}`
      if (answer === undefined && isAnswering)
        return warn(
          name,
          "it tells nothing: it wants another DAPR_API_TOKEN, or is no sidecar",
          "set -a; . dapr/.resources/environment; set +a   and look again"
        )
      if (answer === undefined)
        return ok(name, "none answers; dapr run -f dapr/dapr.yaml starts them (not needed when embedded)")
      const decoded = Schema.decodeUnknownOption(Metadata)(answer)
      if (Option.isNone(decoded))
        return warn(name, "something answers that is no sidecar", "set DAPR_HTTP_PORT to the sidecar's port")
      const { components, id, runtimeVersion } = decoded.value
      const missing = needed(id).filter((one) => !components.some((component) => component.name === one))
      return missing.length === 0
        ? ok(
            name,
            `${id}, daprd ${runtimeVersion}: ${components.map((one) => `${one.name} (${one.type})`).join(", ") || "no components"}`
          )
        : fail(
            name,
            `${id} runs without ${missing.join(", ")}`,
            "influscope components lint; then the sidecar's log, for why a component was not loaded"
          )
    }
  )
