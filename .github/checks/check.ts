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

const programs = await Effect.runPromise(Effect.all({ actionlint, zizmor, shellcheck }))

const root = join(import.meta.dirname, "..")
const bad = join(import.meta.dirname, "fixtures", "bad.yml")
const workflows = [...new Bun.Glob("workflows/*.yml").scanSync(root)].sort().map((file) => join(root, file))
const actions = [...new Bun.Glob("actions/*/action.yml").scanSync(root)]
  .sort()
  .map((file) => join(root, file))

const faults: Array<string> = []
const check = (what: string, found: ReadonlyArray<string>): void => {
  process.stdout.write(`${found.length === 0 ? "ok" : "NOT OK"}  ${what}\n`)
  faults.push(...found.map((fault) => `${what}: ${fault}`))
}

const run = async (
  ...argv: ReadonlyArray<string>
): Promise<{ readonly code: number; readonly out: string }> => {
  const child = Bun.spawn([...argv], {
    cwd: join(root, ".."),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe"
  })
  const [out, errors, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited
  ])
  return { code, out: `${out}${errors}` }
}

const lint = (...files: ReadonlyArray<string>) =>
  run(programs.actionlint, "-no-color", `-shellcheck=${programs.shellcheck}`, ...files)
const audit = (...files: ReadonlyArray<string>) =>
  run(
    programs.zizmor,
    "--offline",
    `--config=${join(root, "zizmor.yml")}`,
    "--no-progress",
    "--color=never",
    ...files
  )

const linted = await lint(...workflows)
check(`actionlint: ${workflows.length} workflows`, linted.code === 0 ? [] : [linted.out])
const audited = await audit(...workflows, ...actions)
check(
  `zizmor: ${workflows.length} workflows, ${actions.length} actions`,
  audited.code === 0 ? [] : [audited.out]
)

const refused = ({ code, out }: Awaited<ReturnType<typeof run>>, ...reasons: ReadonlyArray<string>) => [
  ...(code === 0 ? ["it was accepted"] : []),
  ...reasons
    .filter((reason) => !out.includes(reason))
    .map((reason) => `nothing was said of ${reason}: ${out}`)
]
check("actionlint refuses a bad workflow", refused(await lint(bad), "ubuntu-latst", "potentially untrusted"))
check("zizmor refuses a bad workflow", refused(await audit(bad), "template-injection", "unpinned-uses"))

const commits = new Map<string, Set<string>>()
for (const file of [...workflows, ...actions])
  for (const [, action = "", commit = ""] of readFileSync(file, "utf8").matchAll(/uses: ([\w./-]+)@(\S+)/g)) {
    // Parts of one repository are one action.
    const repository = action.split("/").slice(0, 2).join("/")
    commits.set(repository, (commits.get(repository) ?? new Set()).add(commit))
  }
check(
  `one commit of each of ${commits.size} actions`,
  [...commits].flatMap(([action, used]) =>
    used.size === 1 ? [] : [`${action} is used at ${[...used].join(" and ")}`]
  )
)

if (faults.length > 0) {
  process.stdout.write(`\n${faults.join("\n")}\n`)
  process.exit(1)
}
