import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { installAmtool, installPrometheus } from "@influscope/stack/servers/Prometheus"
import * as Effect from "effect/Effect"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { stringify } from "yaml"
import { folder } from "../src/Files.ts"
import { ruleGroups } from "../src/Rules.ts"
import { type Case, cases } from "./RuleCases.ts"

const root = join(import.meta.dirname, "..", "..", "..")
const rules = join(root, folder, "rules", "influscope.yaml")
const alertmanager = join(root, "k8s", "monitoring", "alerting", "alertmanager.yaml")

let directory: string
let promtool: string
let amtool: string

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "influscope-rules-"))
  promtool = join(await Effect.runPromise(installPrometheus), "promtool")
  amtool = await Effect.runPromise(installAmtool)
}, 3_600_000)
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const write = (name: string, text: string): string => {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

/** What the program writes, what it says beside it, and whether it is content. */
const run = async (...argv: ReadonlyArray<string>) => {
  const child = Bun.spawn([...argv], { stdin: "ignore", stdout: "pipe", stderr: "pipe" })
  const [out, errors] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text()
  ])
  return { accepted: (await child.exited) === 0, out, said: `${out}\n${errors}` }
}

const accepted = async (...argv: ReadonlyArray<string>): Promise<string> => {
  const result = await run(...argv)
  assert.isTrue(result.accepted, result.said)
  return result.out
}

const refused = async (...argv: ReadonlyArray<string>): Promise<string> => {
  const result = await run(...argv)
  assert.isFalse(result.accepted, result.said)
  return result.said
}

/** One test of promtool: whether an alert is told at the end of what was measured. */
const told = (
  name: string,
  alert: string,
  { at, series, severity, step = "1m" }: Case & { readonly severity?: string },
  expected: boolean
) => {
  const matchers = [
    `alertname="${alert}"`,
    'alertstate="firing"',
    ...(severity === undefined ? [] : [`severity="${severity}"`])
  ].join(",")
  return {
    name,
    interval: step,
    input_series: Object.entries(series).map(([one, values]) => ({ series: one, values })),
    promql_expr_test: [
      {
        expr: `count(ALERTS{${matchers}}) >= bool 1 or vector(0)`,
        eval_time: at,
        exp_samples: [{ labels: "{}", value: expected ? 1 : 0 }]
      }
    ]
  }
}

/** The tests of all cases, by how often is measured: rules are looked at as often. */
const tests = (which: "fires" | "silent") =>
  Map.groupBy(
    Object.entries(cases).flatMap(([alert, all]) =>
      all[which].map((one, place) => told(`${alert} ${which} ${place + 1}`, alert, one, which === "fires"))
    ),
    ({ interval }) => interval
  )

/** Runs promtool on every test; answers what it said of each file. */
const testAll = (
  which: "fires" | "silent",
  ruleFile: string,
  expected: (...argv: ReadonlyArray<string>) => Promise<string>
) =>
  Promise.all(
    [...tests(which)].map(([interval, some]) => {
      const file = {
        rule_files: [ruleFile],
        evaluation_interval: interval,
        // In any order otherwise: alerts that are looked at before what is recorded for them see what is long stale.
        group_eval_order: ruleGroups.map(({ name }) => name),
        tests: some
      }
      return expected(promtool, "test", "rules", write(`${which}-${interval}.yaml`, stringify(file)))
    })
  )

/** Every test has to be among those that promtool complains of. */
const allFail = async (which: "fires" | "silent", rulesOfNoUse: ReadonlyArray<object>): Promise<void> => {
  const file = write(
    `useless-${which}.yaml`,
    stringify({ groups: [{ name: "useless", rules: rulesOfNoUse }] })
  )
  const said = (await testAll(which, file, refused)).join("\n")
  assert.strictEqual(said.match(/ expr: /g)?.length, [...tests(which).values()].flat().length, said)
}

describe("the rules", () => {
  it("are rules that Prometheus reads, and lints without a word", async () => {
    const said = await accepted(promtool, "check", "rules", "--lint=all", "--lint-fatal", rules)
    assert.include(said, `${ruleGroups.flatMap((group) => group.rules).length} rules found`)
  })

  it("are refused when an expression is none, control", async () => {
    const broken = write("broken.yaml", readFileSync(rules, "utf8").replace("sum (", "summ ("))
    assert.match(await refused(promtool, "check", "rules", broken), /unknown function|parse error/)
  })

  it("fire when they have to", async () => {
    await testAll("fires", rules, accepted)
  }, 120_000)

  it("are silent when they should", async () => {
    await testAll("silent", rules, accepted)
  }, 120_000)

  it("would be noticed each, if they never fired, or always, control", async () => {
    await allFail("fires", [{ record: "nothing", expr: "vector(1)" }])
    const always = Object.keys(cases).map((alert) => ({
      alert,
      expr: "vector(1)",
      labels: { severity: "page" }
    }))
    await allFail("silent", always)
  }, 120_000)
})

describe("Alertmanager", () => {
  const receiversOf = async (...labels: ReadonlyArray<string>) =>
    (await accepted(amtool, "config", "routes", "test", `--config.file=${alertmanager}`, ...labels))
      .trim()
      .split(",")
      .map((name) => name.trim())

  it("reads its configuration", async () => {
    assert.include(await accepted(amtool, "check-config", alertmanager), "SUCCESS")
  })

  it("refuses one whose route leads nowhere, control", async () => {
    const broken = readFileSync(alertmanager, "utf8").replace("receiver: opsgenie", "receiver: pager")
    assert.include(await refused(amtool, "check-config", write("alertmanager.yaml", broken)), "pager")
  })

  it("wakes somebody for a page, tells everything in Slack, and nothing of itself", async () => {
    assert.deepStrictEqual(await receiversOf("severity=page", "alertname=ServiceDown"), ["opsgenie", "slack"])
    assert.deepStrictEqual(await receiversOf("severity=ticket", "alertname=DeadLetters"), ["slack"])
    assert.deepStrictEqual(await receiversOf("severity=none", "alertname=Watchdog"), ["nobody"])
    assert.deepStrictEqual(await receiversOf("severity=critical", "alertname=KubeNodeNotReady"), ["slack"])
  })

  it("has no secret in it", () => {
    assert.notMatch(readFileSync(alertmanager, "utf8"), /(api_url|api_key|token|password):/)
  })
})
