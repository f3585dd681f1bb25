/**
 * Holds the workflows against actionlint (with shellcheck for their commands) and zizmor, neither of which asks GitHub.
 * What has to be refused is shown to both.
 *
 *   bun .github/checks/check.ts
 */
import { readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fromPackage } from "@influscope/stack/Cache"
import { goProgram } from "@influscope/stack/GoPrograms"
import { pythonPackages } from "@influscope/stack/Python"
import * as Shell from "@influscope/stack/Shell"
import { check, none, refused, runChecks } from "@influscope/testing/Checks"
import * as Effect from "effect/Effect"

const zizmorVersion = "1.32.0"

const actionlint = goProgram({
  name: "actionlint",
  module: "github.com/rhysd/actionlint",
  version: "v1.7.12",
  path: "./cmd/actionlint"
})

// A program, not a script: it does not mind where it lies.
const zizmor = pythonPackages("zizmor", zizmorVersion, [`zizmor==${zizmorVersion}`]).pipe(
  Effect.map((python) => join(dirname(python), "zizmor"))
)

const shellcheck = fromPackage("shellcheck", "shellcheck", () => Bun.which("shellcheck") ?? undefined)

const root = join(import.meta.dirname, "..")
const bad = join(import.meta.dirname, "fixtures", "bad.yml")
const filesOf = (pattern: string): ReadonlyArray<string> =>
  [...new Bun.Glob(pattern).scanSync(root)].sort().map((file) => join(root, file))
const workflows = filesOf("workflows/*.yml")
const actions = filesOf("actions/*/action.yml")

/** The commits that each action is used at; parts of one repository are one action. */
const commits = new Map<string, Set<string>>()
for (const file of [...workflows, ...actions])
  for (const [, action = "", commit = ""] of readFileSync(file, "utf8").matchAll(/uses: ([\w./-]+)@(\S+)/g)) {
    const repository = action.split("/").slice(0, 2).join("/")
    commits.set(repository, (commits.get(repository) ?? new Set()).add(commit))
  }

const program = Effect.gen(function* () {
  const programs = yield* Effect.all({ actionlint, zizmor, shellcheck })
  const run = (argv: ReadonlyArray<string>) => Shell.run(argv, { cwd: join(root, "..") })
  const lint = (...files: ReadonlyArray<string>) =>
    run([programs.actionlint, "-no-color", `-shellcheck=${programs.shellcheck}`, ...files])
  const audit = (...files: ReadonlyArray<string>) =>
    run([
      ...[programs.zizmor, "--offline", `--config=${join(root, "zizmor.yml")}`],
      ...["--no-progress", "--quiet", "--color=never", ...files]
    ])

  yield* check(`actionlint: ${workflows.length} workflows`, lint(...workflows))
  yield* check(
    `zizmor: ${workflows.length} workflows, ${actions.length} actions`,
    audit(...workflows, ...actions)
  )
  yield* check(
    "actionlint refuses a bad workflow",
    refused(lint(bad), "ubuntu-latst", "potentially untrusted")
  )
  yield* check("zizmor refuses a bad workflow", refused(audit(bad), "template-injection", "unpinned-uses"))
  yield* check(
    `one commit of each of ${commits.size} actions`,
    none(
      [...commits].flatMap(([action, used]) =>
        used.size === 1 ? [] : [`${action} is used at ${[...used].join(" and ")}`]
      )
    )
  )
})

runChecks("workflows", program)
