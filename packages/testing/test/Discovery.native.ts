import * as Effect from "effect/Effect"
import { assert, describe, it } from "vitest"
import type { DaprSystem } from "../src/DaprSystem.ts"
import { crash, restart, withEnv } from "../src/Faults.ts"
import { runningSystem } from "./RunningSystem.ts"

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
    // The circuit to it closes again, and accounts are stated.
    const crashes = Effect.zipLeft(crash(without), Effect.sleep("12 seconds"))
    const what = "control, outbox off, kill -9 of the scraper"
    const account = await runDrill({
      what,
      name: "controlx",
      faults: Effect.repeatN(crashes, 2),
      unaudited: true
    })
    assert.isAbove(account.lost.length, 0)
  }, 300_000)
})
