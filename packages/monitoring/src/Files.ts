import { stringify } from "yaml"
import { dashboardJson } from "./Dashboard.ts"
import { dashboards } from "./Dashboards.ts"
import { ruleGroups } from "./Rules.ts"

const note = "# Written by `bun packages/monitoring/src/generate.ts` from packages/monitoring/src/Rules.ts.\n"

const yaml = (value: unknown): string => `${note}${stringify(value, { lineWidth: 0 })}`

/** Where what is generated lies, in the repository. */
export const folder = "k8s/components/monitoring"

/** Every file that is generated, by its path below the folder. */
export const files: ReadonlyMap<string, string> = new Map([
  ["rules/influscope.yaml", yaml({ groups: ruleGroups })],
  [
    "prometheusrule.yaml",
    yaml({
      apiVersion: "monitoring.coreos.com/v1",
      kind: "PrometheusRule",
      metadata: { name: "influscope", labels: { "app.kubernetes.io/name": "monitoring" } },
      spec: { groups: ruleGroups }
    })
  ],
  ...dashboards.map(
    (dashboard) =>
      [
        `dashboards/${dashboard.name}.json`,
        `${JSON.stringify(dashboardJson(dashboard), undefined, 2)}\n`
      ] as const
  )
])
