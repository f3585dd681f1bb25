import * as Otlp from "@effect/opentelemetry/Otlp"
import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"

const endpoint = Config.option(Config.url("OTEL_EXPORTER_OTLP_ENDPOINT"))

/** OpenTelemetry traces, metrics and logs by OTLP/HTTP JSON; nothing at all when OTEL_EXPORTER_OTLP_ENDPOINT is not set. */
export const layer = (serviceName: string) =>
  Layer.unwrapEffect(
    Effect.map(
      endpoint,
      Option.match({
        onNone: () => Layer.empty,
        onSome: (url) =>
          Otlp.layerJson({
            baseUrl: url.toString().replace(/\/$/, ""),
            resource: { serviceName }
          }).pipe(Layer.provide(FetchHttpClient.layer))
      })
    )
  )
