import { join } from "node:path"
import { assert, describe, it } from "vitest"

const takePorts = (count: number) =>
  Bun.spawn([process.execPath, join(import.meta.dirname, "TakePorts.ts"), String(count)], {
    stdin: "pipe",
    stdout: "pipe",
    stderr: "inherit"
  })

const portsOf = async ({ stdout }: ReturnType<typeof takePorts>): Promise<ReadonlyArray<string>> => {
  const { value } = await stdout.getReader().read()
  return new TextDecoder().decode(value).trim().split(" ")
}

describe("a free port", () => {
  it("is answered to one process only, while nobody listens on it yet", async () => {
    // By chance alone some eleven would be answered to both.
    const processes = [takePorts(500), takePorts(500)]
    try {
      const ports = (await Promise.all(processes.map(portsOf))).flat()
      assert.strictEqual(ports.length, 1_000)
      assert.strictEqual(new Set(ports).size, 1_000)
    } finally {
      for (const each of processes) each.kill()
    }
  })
})
