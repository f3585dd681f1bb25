import * as Otlp from "@effect/opentelemetry/Otlp"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Config from "effect/Config"
import * as ConfigError from "effect/ConfigError"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"

/** As OpenTelemetry has it, an empty value means the same as none. */
const endpoint = Config.string("OTEL_EXPORTER_OTLP_ENDPOINT").pipe(
  Config.map((text) => text.trim()),
  Config.withDefault(""),
  Config.mapOrFail((text) =>
    text === ""
      ? Either.right(Option.none<string>())
      : /^https?:$/.test(URL.parse(text)?.protocol ?? "")
        ? Either.right(Option.some(text.replace(/\/+$/, "")))
        : Either.left(
            ConfigError.InvalidData(
              ["OTEL_EXPORTER_OTLP_ENDPOINT"],
              `expected an http address such as http://localhost:4318, found ${text}`
            )
          )
  )
)

/** OpenTelemetry traces, metrics and logs by OTLP/HTTP JSON; nothing at all when OTEL_EXPORTER_OTLP_ENDPOINT is not set. */
export const layer = (serviceName: string) =>
  Layer.unwrapEffect(
    Effect.map(
      endpoint,
      Option.match({
        onNone: () => Layer.empty,
        onSome: (baseUrl) =>
          Otlp.layerJson({ baseUrl, resource: { serviceName } }).pipe(Layer.provide(FetchHttpClient.layer))
      })
    )
  )
