import { writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { stringify } from "yaml"
import { goProgram, goPrograms } from "../GoPrograms.ts"
import type { ServerRecipe, Where } from "../Server.ts"
import { answers } from "../SignedFetch.ts"

/** 3.15.0, as in compose.yaml: as a module of Go it counts differently. */
const version = "v0.315.0"

/**
 * The directory with `prometheus` and `promtool`; without the service discovery of clouds, which is most of what there is
 * to build.
 */
export const installPrometheus = goPrograms({
  name: "prometheus",
  module: "github.com/prometheus/prometheus",
  version,
  packages: ["./cmd/prometheus", "./cmd/promtool"],
  tags: ["remove_all_sd"]
})

/** `amtool` of Alertmanager. */
export const installAmtool = goProgram({
  name: "amtool",
  module: "github.com/prometheus/alertmanager",
  version: "v0.34.1",
  path: "./cmd/amtool"
})

/** Processes to scrape under one name: `host:port` each. */
export interface ScrapeJob {
  readonly name: string
  readonly targets: ReadonlyArray<string>
}

const port = ({ ports }: Where): number => ports["http"] ?? 0

/** A Prometheus that scrapes and evaluates every second. Its data lives as long as its directory. */
export const prometheus = (jobs: ReadonlyArray<ScrapeJob>, rules: ReadonlyArray<string>): ServerRecipe => ({
  name: "prometheus",
  version,
  purpose: "metrics, rules and alerts",
  ports: { http: 9090 },
  install: Effect.map(installPrometheus, (directory) => join(directory, "prometheus")),
  prepare: ({ directory }) =>
    Effect.sync(() =>
      writeFileSync(
        join(directory, "prometheus.yml"),
        stringify({
          global: { scrape_interval: "1s", evaluation_interval: "1s" },
          rule_files: rules,
          scrape_configs: jobs.map(({ name, targets }) => ({
            job_name: name,
            static_configs: [{ targets, labels: { namespace: "influscope" } }]
          }))
        })
      )
    ),
  command: (where) => ({
    argv: [
      where.program,
      `--config.file=${join(where.directory, "prometheus.yml")}`,
      `--storage.tsdb.path=${join(where.directory, "data")}`,
      `--web.listen-address=127.0.0.1:${port(where)}`
    ]
  }),
  ready: (where) => answers(`http://127.0.0.1:${port(where)}/-/ready`),
  startTimeout: "60 seconds",
  stopTimeout: "20 seconds",
  environment: (where) => ({ PROMETHEUS_URL: `http://127.0.0.1:${port(where)}` })
})
