import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { apps } from "@influscope/stack/components/Render"
import { assert, describe, it } from "vitest"
import { parse } from "yaml"
import { dashboards } from "../src/Dashboards.ts"
import { files, folder } from "../src/Files.ts"
import { alerts, ruleGroups } from "../src/Rules.ts"

const root = join(import.meta.dirname, "..", "..", "..")
const below = (...path: ReadonlyArray<string>) => join(root, ...path)
const read = (...path: ReadonlyArray<string>) => readFileSync(below(...path), "utf8")

describe("what is generated", () => {
  it("is committed as it is generated: bun packages/monitoring/src/generate.ts", () => {
    for (const [path, text] of files) assert.strictEqual(read(folder, path), text, path)
  })

  it("is all there is, and all of it is in the manifests", () => {
    const found = readdirSync(below(folder, "dashboards")).map((name) => `dashboards/${name}`)
    const generated = [...files.keys()].filter((path) => path.startsWith("dashboards/"))
    assert.sameMembers(found, generated)
    assert.sameMembers(parse(read(folder, "kustomization.yaml")).configMapGenerator[0].files, generated)
    assert.deepStrictEqual(readdirSync(below(folder, "rules")), ["influscope.yaml"])
  })

  it("has the same rules for the operator as for Prometheus alone", () => {
    const { groups } = parse(read(folder, "rules", "influscope.yaml"))
    assert.deepStrictEqual(parse(read(folder, "prometheusrule.yaml")).spec.groups, groups)
    assert.isAbove(groups.length, 0)
  })
})

describe("the dashboards", () => {
  it.each(dashboards)("$name has panels that say what they are, beside each other", (dashboard) => {
    const { panels, uid } = JSON.parse(files.get(`dashboards/${dashboard.name}.json`) ?? "")
    assert.strictEqual(uid, `influscope-${dashboard.name}`)
    const places = new Set<string>()
    for (const { description, gridPos, id, targets = [], title, type } of panels) {
      assert.isNotEmpty(title)
      if (type !== "row") assert.match(description, /\.$/, title)
      if (type !== "row") assert.isNotEmpty(targets, title)
      assert.isAtMost(gridPos.x + gridPos.w, 24, title)
      assert.isAtLeast(gridPos.w, 4, title)
      for (const place of [`id ${id}`, `at ${gridPos.x},${gridPos.y}`]) {
        assert.isFalse(places.has(place), `${title}: ${place}`)
        places.add(place)
      }
    }
  })
})

describe("the runbooks", () => {
  const names = Object.keys(alerts)

  it("are there for every alert, and for nothing else", () => {
    const written = readdirSync(below("docs", "runbooks")).map((name) => name.replace(/\.md$/, ""))
    assert.sameMembers(written, names)
  })

  it("are where the alerts say", () => {
    const rules = ruleGroups.flatMap((group) =>
      group.rules.flatMap((rule) => ("alert" in rule ? [rule] : []))
    )
    assert.isAtLeast(rules.length, names.length)
    for (const { annotations } of rules) {
      const path = annotations.runbook_url.split("/blob/main/")[1] ?? "?"
      assert.isTrue(existsSync(below(path)), path)
    }
  })

  it.each(names)("%s says what it means, what to look at and what to do", (name) => {
    const text = read("docs", "runbooks", `${name}.md`)
    assert.isTrue(text.startsWith(`# ${name}\n`))
    const sections = text.split(/^## /m).slice(1)
    assert.deepStrictEqual(
      sections.map((section) => section.split("\n")[0]),
      ["What it means", "Look at", "Do"]
    )
    for (const section of sections) assert.isAbove(section.split("\n").slice(1).join("").trim().length, 20)
  })
})

describe("Prometheus of compose", () => {
  it("scrapes every app and its sidecar", () => {
    const { scrape_configs: jobs } = parse(read(folder, "compose", "prometheus.yaml"))
    const targetsOf = (name: string) =>
      jobs.find((job: { readonly job_name: string }) => job.job_name === name).static_configs[0].targets
    assert.sameMembers(
      targetsOf("services"),
      apps.map((app) => `${app}:9500`)
    )
    assert.sameMembers(
      targetsOf("daprd"),
      apps.map((app) => `${app}:9090`)
    )
  })
})
