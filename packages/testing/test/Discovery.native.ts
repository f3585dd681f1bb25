import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import { assert, describe, it } from "vitest"
import type { DaprSystem } from "../src/DaprSystem.ts"
import { crash, restart, withEnv } from "../src/Faults.ts"
import { runningSystem } from "./RunningSystem.ts"

const main = fileURLToPath(new URL("../../../cli/src/main.ts", import.meta.url))

describe("the discovery pipeline beside sidecars", () => {
  const { jobEnd, json, losesNothing, runDrill, system } = runningSystem()

  it("discovers, imports, serves avatars and searches, also through the sidecar", async () => {
    const { apiToken, sidecarUrl, url } = system()
    const started = await json("/v1/discoveries", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ count: 300, seed: 7 })
    })
    assert.deepInclude(await jobEnd(`/v1/discoveries/${started.id}`), { state: "done", indexed: 300 })

    const csv =
      "Handle,Platform,Name,Followers\n@zadie.codes,Instagram,Zadie Quill,12.3k\n@zadie.codes,TikTok,Zadie Quill,5k\n"
    const accepted = await json("/v1/imports?file=zadie.csv", { method: "POST", body: csv })
    const { report } = await jobEnd(`/v1/imports/${accepted.id}`)
    assert.deepInclude(report, { rows: 2, imported: 2, rejected: 0 })

    const direct = await json("/search?q=zadei")
    assert.strictEqual(direct.total, 2)
    const invoked = `${sidecarUrl}/v1.0/invoke/api/method/search?q=zadei`
    const through = await (await fetch(invoked, { headers: { "dapr-api-token": apiToken } })).json()
    assert.deepStrictEqual({ ...through, tookMs: 0 }, { ...direct, tookMs: 0 })
    assert.strictEqual((await fetch(invoked)).status, 401)

    const { hits } = await json("/search?limit=1")
    const avatar = await fetch(`${url}${hits[0].avatarUrl}`)
    assert.strictEqual(avatar.headers.get("content-type"), "image/png")
    assert.deepStrictEqual(
      [...new Uint8Array(await avatar.arrayBuffer()).slice(1, 4)],
      [...Buffer.from("PNG")]
    )

    const { topics } = await json("/v1/audit")
    assert.deepInclude(topics[0], { applied: 302, pending: 0, missing: 0, deadLettered: 0 })
  }, 180_000)

  it("takes a file larger than a sidecar's usual limit", async () => {
    const rows = Array.from({ length: 4_000 }, (_, n) => `large${n},X,${n},${"words ".repeat(1_000)}`)
    const file = `handle,platform,followers,bio\n${rows.join("\n")}\n`
    assert.isAbove(file.length, 20 * 1024 ** 2)
    const accepted = await json("/v1/imports?file=large.csv", { method: "POST", body: file })
    assert.deepInclude((await jobEnd(`/v1/imports/${accepted.id}`)).report, { rows: 4_000, imported: 4_000 })
  }, 240_000)

  it("takes over what one process without sidecars held, by export and import, and makes its index anew", async () => {
    const directory = mkdtempSync(join(tmpdir(), "influscope-move-"))
    try {
      const influscope = async (args: ReadonlyArray<string>, env: Readonly<Record<string, string>> = {}) => {
        const command = Bun.spawn([process.execPath, main, ...args], {
          env: { ...process.env, INFLUSCOPE_DATA_DIR: join(directory, "data"), ...env },
          stdin: "ignore",
          stdout: "ignore",
          stderr: "pipe"
        })
        assert.strictEqual(await command.exited, 0, await new Response(command.stderr).text())
      }
      const statements = (name: string): ReadonlyArray<string> =>
        readFileSync(join(directory, name), "utf8").trim().split("\n").toSorted()

      const csv = "Handle,Platform,Name,Followers\n@moved.once,Instagram,Möved Öñce 移,12.3k\n"
      writeFileSync(join(directory, "one.csv"), csv)
      await influscope(["discover", "--count", "700", "--seed", "11"])
      await influscope(["import", join(directory, "one.csv"), "--observed-at", "2026-01-31"])
      await influscope(["export", join(directory, "from.jsonl")])
      const there = { INFLUSCOPE_API_URL: system().url }
      await influscope(["import", join(directory, "from.jsonl")], there)
      await influscope(["export", join(directory, "to.jsonl")], there)

      const from = statements("from.jsonl").filter((line) => !line.startsWith('{"influscope"'))
      const to = new Set(statements("to.jsonl"))
      assert.isAtLeast(from.length, 701)
      assert.deepStrictEqual(
        from.filter((line) => !to.has(line)),
        []
      )
      const moved = `/search?q=${encodeURIComponent("möved 移")}`
      assert.strictEqual((await json(moved)).total, 1)
      // The new index has all of it, too.
      const { total } = await json("/search")
      await influscope(["reindex"], system().environment)
      assert.deepStrictEqual([(await json("/search")).total, (await json(moved)).total], [total, 1])
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  }, 240_000)

  /** Each: what happens while accounts are stated, one batch after the other. */
  const faults: ReadonlyArray<readonly [string, (running: DaprSystem) => Effect.Effect<unknown, unknown>]> = [
    ["kill -9 of the indexer", ({ services }) => crash(services.indexer)],
    ["kill -9 of analytics", ({ services }) => crash(services.analytics)],
    ["kill -9 of the scraper", ({ services }) => crash(services.scraper)],
    ["kill -9 of the indexer's sidecar", ({ sidecars }) => crash(sidecars.indexer)],
    ["SIGTERM of the indexer's sidecar", ({ sidecars }) => restart(sidecars.indexer)],
    ["kill -9 of the scraper's sidecar", ({ sidecars }) => crash(sidecars.scraper)],
    ["kill -9 of PostgreSQL", ({ servers }) => crash(servers.postgres)]
  ]

  it.each(faults)(
    "%s loses nothing",
    async (what, fault) => {
      const name = `drill${faults.findIndex(([known]) => known === what)}x`
      await losesNothing({ what, name, faults: fault(system()) })
    },
    300_000
  )

  it("control: without the outbox, kill -9 of the scraper loses what was acknowledged", async () => {
    const without = withEnv(system().services.scraper, { INFLUSCOPE_OUTBOX: "off" })
    await Effect.runPromise(restart(without))
    // Right after something was told to be kept, which happens again once the circuit to it is closed.
    const told = Effect.unsafeMakeLatch()
    const crashes = told.close.pipe(Effect.zipRight(told.await), Effect.zipRight(crash(without)))
    const what = "control, outbox off, kill -9 of the scraper"
    const account = await runDrill({
      what,
      name: "controlx",
      faults: Effect.repeatN(crashes, 2),
      acknowledged: told.open,
      endless: true,
      unaudited: true
    })
    assert.isAbove(account.lost.length, 0)
  }, 300_000)
})
