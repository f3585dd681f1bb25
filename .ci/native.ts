/**
 * Runs the tests on real servers: `bun .ci/native.ts [FILE...]`. Servers that come up too late say much about a busy machine and
 * nothing about the project, so files in which nothing failed but for time are run once more, by themselves. Whatever
 * failed otherwise, what was lost above all, has failed.
 */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Schema from "effect/Schema"

const Report = Schema.parseJson(
  Schema.Struct({
    testResults: Schema.Array(
      Schema.Struct({
        /** The file. */
        name: Schema.String,
        status: Schema.Literal("passed", "failed"),
        /** Of an error of the file outside of its tests. */
        message: Schema.String,
        assertionResults: Schema.Array(
          Schema.Struct({
            status: Schema.String,
            fullName: Schema.String,
            failureMessages: Schema.Array(Schema.String)
          })
        )
      })
    )
  })
)

/** Waited for in vain by a test, by vitest, whose error is called like this in its report, or by a client of a server. */
const late = [
  /^NotSettled: /,
  // What is answered with 4xx is not late.
  /^Unanswered: (?!.*Error: 4\d\d:)/,
  /^NotInTime: /,
  /^TimeoutException: /,
  /^Error: STACK_TRACE_ERROR$/,
  /^StorageError: .*\(unavailable\)/,
  /^ServerFailed: .*(?:not ready after|not healthy in time|no container in time)/
]

const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

const directory = mkdtempSync(join(tmpdir(), "influscope-native-"))

interface Failure {
  readonly test: string
  readonly why: string
}

interface Outcome {
  readonly passed: number
  readonly failures: ReadonlyArray<Failure>
}

const outcomeOf = ({
  assertionResults,
  message,
  name,
  status
}: (typeof Report.Type.testResults)[number]): Outcome => {
  const failed = assertionResults.filter(({ status }) => status === "failed")
  const failures = failed.map(({ failureMessages, fullName }) => ({
    test: fullName,
    why: failureMessages[0] ?? ""
  }))
  return {
    passed: assertionResults.filter(({ status }) => status === "passed").length,
    // What failed outside of tests: a file that could not be run, a hook.
    failures:
      status === "failed" && (failures.length === 0 || message !== "")
        ? [...failures, { test: name, why: message }]
        : failures
  }
}

/** What became of each file, and whether something was thrown where no test awaits it. */
const run = async (name: string, files: ReadonlyArray<string>) => {
  const report = join(directory, `${name}.json`)
  const child = Bun.spawn(
    [
      ...["bun", "--bun", "node_modules/vitest/vitest.mjs", "run", "-c", "vitest.native.config.ts"],
      ...["--reporter=default", "--reporter=json", `--outputFile.json=${report}`, ...files]
    ],
    { env: { ...process.env, INFLUSCOPE_TEST_SERVERS: "native" }, stdin: "ignore", stderr: "pipe" }
  )
  // The report knows nothing of errors outside of tests; what vitest prints does.
  const passOn = async (from: ReadableStream<Uint8Array>, to: NodeJS.WriteStream): Promise<string> => {
    let text = ""
    const decoder = new TextDecoder()
    await from.pipeTo(
      new WritableStream({
        write: (bytes: Uint8Array) => {
          to.write(bytes)
          text += decoder.decode(bytes, { stream: true })
        }
      })
    )
    return text
  }
  const printed = await Promise.all([
    passOn(child.stdout, process.stdout),
    passOn(child.stderr, process.stderr)
  ])
  const isContent = (await child.exited) === 0
  const { testResults } = Schema.decodeSync(Report)(await Bun.file(report).text())
  return {
    isContent,
    outcomes: new Map(testResults.map((result) => [result.name, outcomeOf(result)])),
    isStrayed: /Unhandled (?:Error|Rejection)/.test(printed.join("\n"))
  }
}

const failuresOf = (outcomes: ReadonlyMap<string, Outcome>) =>
  [...outcomes].flatMap(([file, { failures }]) => failures.map((failure) => ({ file, ...failure })))

const first = await run("first", process.argv.slice(2))
const failures = failuresOf(first.outcomes)
const outcomes = new Map(first.outcomes)
let { isContent } = first
const isLate = failures.every(({ why }) => late.some((pattern) => pattern.test(why.split("\n")[0] ?? "")))
// More than a few are no accident.
if (!first.isStrayed && isLate && failures.length > 0 && failures.length <= 5) {
  const files = [...new Set(failures.map(({ file }) => file))]
  say(`\n-- too late in ${files.length} files; once more, by themselves`)
  for (const { test, why } of failures) say(`   ${test}: ${why.split("\n")[0]}`)
  say("")
  const second = await run("second", files)
  for (const [file, outcome] of second.outcomes) outcomes.set(file, outcome)
  isContent = second.isContent
}
rmSync(directory, { recursive: true, force: true })

const failed = failuresOf(outcomes).length
const passed = [...outcomes.values()].reduce((sum, outcome) => sum + outcome.passed, 0)
// As vitest says it, which is what is counted.
say(`\n Tests  ${failed} failed | ${passed} passed`)
process.exit(failed === 0 && isContent ? 0 : 1)
