import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "vitest"

const inDirectory = async (body: (directory: string) => Promise<void>): Promise<void> => {
  const directory = mkdtempSync(join(tmpdir(), "influscope-cache-"))
  await body(directory).finally(() => rmSync(directory, { recursive: true, force: true }))
}

const logOf = (directory: string): string => join(directory, "log")

const timesMade = (directory: string): number =>
  existsSync(logOf(directory)) ? readFileSync(logOf(directory), "utf8").trim().split("\n").length : 0

const spawn = (directory: string, milliseconds: number) =>
  Bun.spawn(
    [process.execPath, join(import.meta.dirname, "MakeProgram.ts"), logOf(directory), String(milliseconds)],
    { env: { ...process.env, XDG_CACHE_HOME: directory }, stdout: "pipe", stderr: "inherit" }
  )

const left = (directory: string): ReadonlyArray<string> => readdirSync(join(directory, "influscope")).sort()

describe("a program that is missing", () => {
  it("is made once, however many ask for it at once", () =>
    inDirectory(async (directory) => {
      const asking = [1, 2, 3, 4].map(() => spawn(directory, 1_500))
      for (const { stdout } of asking) assert.strictEqual(await new Response(stdout).text(), "whole")
      assert.strictEqual(timesMade(directory), 1)
      assert.deepStrictEqual(left(directory), ["program-1", "program-1.lock"])
    }))

  it("is made by the next one, when who makes it is killed", () =>
    inDirectory(async (directory) => {
      const first = spawn(directory, 60_000)
      while (timesMade(directory) === 0) await Bun.sleep(20)
      const second = spawn(directory, 0)
      await Bun.sleep(500)
      assert.strictEqual(timesMade(directory), 1)
      first.kill("SIGKILL")
      await first.exited
      assert.strictEqual(await new Response(second.stdout).text(), "whole")
      assert.strictEqual(timesMade(directory), 2)
      assert.deepStrictEqual(left(directory), ["program-1", "program-1.lock"])
    }))
})
