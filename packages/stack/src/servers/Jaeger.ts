import { writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { stringify } from "yaml"
import { goProgram } from "../GoPrograms.ts"
import type { ServerRecipe, Where } from "../Server.ts"
import { answers } from "../SignedFetch.ts"

/** 2.13.0: its second line is in the module of the first. */
const version = "v1.76.0"

const installJaeger = goProgram({
  name: "jaeger",
  module: "github.com/jaegertracing/jaeger",
  version,
  path: "./cmd/jaeger"
})

const at = ({ ports }: Where, role: string): string => `127.0.0.1:${ports[role] ?? 0}`

/** Keeps traces in memory. Its page is not in its module, its API is. */
const configuration = (where: Where) => ({
  extensions: {
    jaeger_storage: { backends: { traces: { memory: { max_traces: 10_000 } } } },
    jaeger_query: {
      storage: { traces: "traces" },
      http: { endpoint: at(where, "query") },
      grpc: { endpoint: at(where, "queryGrpc") }
    }
  },
  receivers: {
    otlp: {
      protocols: { http: { endpoint: at(where, "otlp") }, grpc: { endpoint: at(where, "otlpGrpc") } }
    }
  },
  exporters: { jaeger_storage_exporter: { trace_storage: "traces" } },
  service: {
    extensions: ["jaeger_storage", "jaeger_query"],
    pipelines: { traces: { receivers: ["otlp"], exporters: ["jaeger_storage_exporter"] } },
    telemetry: { metrics: { level: "none" } }
  }
})

/** A collector of traces, which whoever has its variables sends to. */
export const jaeger: ServerRecipe = {
  name: "jaeger",
  version,
  purpose: "traces",
  ports: { query: 16_686, queryGrpc: 16_685, otlp: 4318, otlpGrpc: 4317 },
  install: installJaeger,
  prepare: (where) =>
    Effect.sync(() => writeFileSync(join(where.directory, "jaeger.yaml"), stringify(configuration(where)))),
  command: (where) => ({ argv: [where.program, `--config=${join(where.directory, "jaeger.yaml")}`] }),
  ready: (where) => answers(`http://${at(where, "query")}/api/services`),
  startTimeout: "60 seconds",
  stopTimeout: "20 seconds",
  environment: (where) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://${at(where, "otlp")}` })
}
