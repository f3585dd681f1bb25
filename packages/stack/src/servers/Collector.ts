import { copyFileSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import { cached } from "../Cache.ts"
import { go } from "../GoPrograms.ts"
import type { ServerRecipe, Where } from "../Server.ts"
import { answers } from "../SignedFetch.ts"

/** Of the parts that are still on their way to a first version, and of those that are there. */
const version = "v0.152.0"
const stable = "v1.58.0"

const core = "go.opentelemetry.io/collector"
const contrib = "github.com/open-telemetry/opentelemetry-collector-contrib"

const goMod = `module collector

go 1.25.0

require (
	${contrib}/exporter/elasticsearchexporter ${version}
	${contrib}/extension/healthcheckextension ${version}
	${contrib}/extension/storage/filestorage ${version}
	${contrib}/receiver/filelogreceiver ${version}
	${core}/confmap/provider/envprovider ${stable}
	${core}/confmap/provider/fileprovider ${stable}
	${core}/otelcol ${version}
	${core}/processor/memorylimiterprocessor ${version}
	${core}/service ${version}
)
`

const main = fileURLToPath(new URL("collector/main.go", import.meta.url))

/** The program of the image otel/opentelemetry-collector-contrib, with only the parts that are used here. */
const installCollector = cached("otelcol", version, (directory) =>
  Effect.gen(function* () {
    const source = join(directory, "source")
    mkdirSync(source)
    writeFileSync(join(source, "go.mod"), goMod)
    copyFileSync(main, join(source, "main.go"))
    const program = join(directory, "otelcol")
    const flags = ["-mod=mod", "-trimpath", "-ldflags=-s -w"]
    // The database of checksums does not know these versions of them.
    const env = { GONOSUMDB: `${contrib}/exporter/elasticsearchexporter,go.opentelemetry.io/ebpf-profiler` }
    yield* go("otelcol", ["build", "-C", source, ...flags, "-o", program, "."], env)
    rmSync(source, { recursive: true })
  })
)

export interface CollectorOptions {
  /** As committed for the cluster. */
  readonly config: string
  /** Which files are read. */
  readonly logs: string
  /** Of Elasticsearch. */
  readonly url: string
}

const port = ({ ports }: Where, role: string): string => String(ports[role] ?? 0)

/** The collector that ships logs. It keeps how far it has read in its directory. */
export const collector = (options: CollectorOptions): ServerRecipe => ({
  name: "collector",
  version,
  purpose: "ships logs to Elasticsearch",
  ports: { health: 13_133, metrics: 8888 },
  install: Effect.map(installCollector, (directory) => join(directory, "otelcol")),
  prepare: ({ directory }) => Effect.sync(() => mkdirSync(join(directory, "state"), { recursive: true })),
  command: (where) => ({
    argv: [where.program, `--config=${options.config}`],
    env: {
      LOG_FILES: options.logs,
      LOG_STATE: join(where.directory, "state"),
      HEALTH_ADDRESS: `127.0.0.1:${port(where, "health")}`,
      METRICS_HOST: "127.0.0.1",
      METRICS_PORT: port(where, "metrics"),
      ELASTICSEARCH_URL: options.url,
      ELASTICSEARCH_USERNAME: "",
      ELASTICSEARCH_PASSWORD: ""
    }
  }),
  ready: (where) => answers(`http://127.0.0.1:${port(where, "health")}/`),
  startTimeout: "60 seconds",
  stopTimeout: "30 seconds",
  environment: () => ({})
})
