/** Units as Grafana names them. */
type Unit = "short" | "reqps" | "ops" | "s" | "percentunit" | "bytes" | "ms"

/** One or more queries over time, or their last values in large type. */
export interface Panel {
  readonly title: string
  /** What it means and what is good: shown behind the panel's (i). */
  readonly about: string
  readonly unit: Unit
  readonly kind?: "timeseries" | "stat"
  /** PromQL by its legend, in which {{label}} stands for a label's value. */
  readonly queries: Readonly<Record<string, string>>
  /** From this value on it is shown in red. */
  readonly alarming?: number
}

export interface Dashboard {
  /** Part of its address and of its file's name. */
  readonly name: string
  readonly title: string
  readonly about: string
  /** Rows of panels, each as wide as the others of its row. */
  readonly rows: Readonly<Record<string, ReadonlyArray<Panel>>>
}

const columns = 24
const heights = { timeseries: 8, stat: 4 }
const datasource = { type: "prometheus", uid: "$datasource" }

const thresholds = (alarming: number | undefined) => ({
  mode: "absolute",
  steps: [
    { color: "green", value: null },
    ...(alarming === undefined ? [] : [{ color: "red", value: alarming }])
  ]
})

const optionsOf = {
  timeseries: {
    legend: { displayMode: "list", placement: "bottom", showLegend: true },
    tooltip: { mode: "multi", sort: "desc" }
  },
  stat: {
    colorMode: "value",
    graphMode: "area",
    reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false }
  }
}

const panelJson = (panel: Panel, id: number, gridPos: Readonly<Record<"x" | "y" | "w" | "h", number>>) => {
  const { about, alarming, kind = "timeseries", queries, title, unit } = panel
  return {
    id,
    type: kind,
    title,
    description: about,
    datasource,
    gridPos,
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        thresholds: thresholds(alarming),
        color: { mode: kind === "stat" ? "thresholds" : "palette-classic" },
        custom:
          kind === "stat"
            ? {}
            : {
                fillOpacity: 10,
                showPoints: "never",
                thresholdsStyle: { mode: alarming === undefined ? "off" : "line" }
              }
      },
      overrides: []
    },
    options: optionsOf[kind],
    targets: Object.entries(queries).map(([legendFormat, expr], place) => ({
      refId: String.fromCharCode("A".charCodeAt(0) + place),
      datasource,
      expr,
      legendFormat
    }))
  }
}

/** The panels of all rows, below each other. */
const panelsOf = ({ rows }: Dashboard) => {
  const panels: Array<object> = []
  let y = 0
  for (const [title, row] of Object.entries(rows)) {
    panels.push({
      id: panels.length + 1,
      type: "row",
      title,
      collapsed: false,
      gridPos: { x: 0, y, w: columns, h: 1 },
      panels: []
    })
    y += 1
    const w = Math.floor(columns / row.length)
    const h = Math.max(...row.map(({ kind = "timeseries" }) => heights[kind]))
    for (const [place, panel] of row.entries())
      panels.push(panelJson(panel, panels.length + 1, { x: place * w, y, w, h }))
    y += h
  }
  return panels
}

/** A dashboard as Grafana imports it. Nobody edits it there: what is saved comes from here. */
export const dashboardJson = (dashboard: Dashboard) => ({
  uid: `influscope-${dashboard.name}`,
  title: `InfluScope / ${dashboard.title}`,
  description: dashboard.about,
  tags: ["influscope"],
  editable: false,
  schemaVersion: 39,
  timezone: "browser",
  time: { from: "now-3h", to: "now" },
  refresh: "30s",
  graphTooltip: 1,
  links: [
    {
      type: "dashboards",
      tags: ["influscope"],
      title: "InfluScope",
      asDropdown: true,
      includeVars: true,
      keepTime: true
    }
  ],
  templating: {
    list: [
      {
        name: "datasource",
        label: "Data source",
        type: "datasource",
        query: "prometheus",
        current: {},
        hide: 0
      }
    ]
  },
  annotations: { list: [] },
  panels: panelsOf(dashboard)
})
