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
    numPassedTests: Schema.Number,
    testResults: Schema.Array(
      Schema.Struct({
        /** The file. */
        name: Schema.String,
        /** Set when the file failed outside of its tests. */
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

/** Waited for in vain by a test, by a client of a server, or by vitest, whose error is called like this in its report. */
const late = /^(?:NotInTime|TimeoutException|ServerFailed|Error: STACK_TRACE_ERROR)\b|\(unavailable\)/

const say = (line: string): void => {
  process.stdout.write(`${line}\n`)
}

const firstLine = (messages: ReadonlyArray<string>): string => messages[0]?.split("\n")[0] ?? ""

const directory = mkdtempSync(join(tmpdir(), "influscope-native-"))

const run = async (name: string, files: ReadonlyArray<string>) => {
  const output = join(directory, `${name}.json`)
  const child = Bun.spawn(
    [
      ...["bun", "--bun", "node_modules/vitest/vitest.mjs", "run", "-c", "vitest.native.config.ts"],
      ...["--reporter=default", "--reporter=json", `--outputFile.json=${output}`, ...files]
    ],
    {
      env: { ...process.env, INFLUSCOPE_TEST_SERVERS: "native" },
      stdin: "ignore",
      stdout: "inherit",
      stderr: "inherit"
    }
  )
  const isContent = (await child.exited) === 0
  const report = Schema.decodeSync(Report)(await Bun.file(output).text())
  const failed = report.testResults.flatMap(({ assertionResults, message, name: file }) => {
    const tests = assertionResults.filter(({ status }) => status === "failed")
    // A file that could not be run has no test that failed.
    const all =
      tests.length === 0 && message !== "" ? [{ fullName: file, failureMessages: [message] }] : tests
    return all.map(({ failureMessages, fullName }) => ({ file, fullName, failureMessages }))
  })
  return { isContent, passed: report.numPassedTests, failed }
}

const first = await run("first", process.argv.slice(2))
const isLate = first.failed.every(({ failureMessages }) => late.test(firstLine(failureMessages)))
let { isContent } = first
let stillFailed = first.failed
// More than a few are no accident.
if (first.failed.length > 0 && first.failed.length <= 5 && isLate) {
  const files = [...new Set(first.failed.map(({ file }) => file))]
  say(`\n-- too late in ${files.length} files; once more, by themselves`)
  for (const { failureMessages, fullName } of first.failed)
    say(`   ${fullName}: ${firstLine(failureMessages)}`)
  say("")
  const second = await run("second", files)
  isContent = second.isContent
  stillFailed = second.failed
}
rmSync(directory, { recursive: true, force: true })

// As vitest says it, which is what is counted.
const passed = first.passed + first.failed.length - stillFailed.length
say(`\n Tests  ${stillFailed.length} failed | ${passed} passed`)
process.exit(isContent ? 0 : 1)
