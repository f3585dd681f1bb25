import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Where } from "@influscope/stack/Server"
import * as Supervisor from "@influscope/stack/Supervisor"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { describeAccount } from "../src/Account.ts"
import { type DaprSystem, start } from "../src/DaprSystem.ts"
import { found, groupsOf, state, unsettled } from "../src/Discovery.ts"
import { drill } from "../src/Drill.ts"

/** A group is one batch: enough of them that every fault meets some on their way. */
const accounts = 1_500
const groupSize = 25

describe("the discovery pipeline beside sidecars", () => {
  const directory = mkdtempSync(join(tmpdir(), "influscope-discovery-"))
  const scope = Effect.runSync(Scope.make())
  let system: DaprSystem

  beforeAll(async () => {
    // A batch whose way was cut off is sent again soon, not after half a minute.
    const env = { INFLUSCOPE_RELAY_GRACE: "3 seconds" }
    system = await Effect.runPromise(Scope.extend(start({ directory, env }), scope))
  }, 1_800_000)
  afterAll(async () => {
    await Effect.runPromise(Scope.close(scope, Exit.void))
    rmSync(directory, { recursive: true, force: true })
  }, 120_000)

  const json = async (url: string, init?: RequestInit) => {
    const response = await fetch(url, init)
    assert.isTrue(response.ok, `${url} answered ${response.status}`)
    return response.json()
  }

  const jobEnd = async (path: string) => {
    for (;;) {
      const job = await json(`${system.url}${path}`)
      if (job.state === "done" || job.state === "failed") return job
      await Bun.sleep(100)
    }
  }

  it("discovers, imports, serves avatars and searches, also through the sidecar", async () => {
    const started = await json(`${system.url}/v1/discoveries`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ count: 300, seed: 7 })
    })
    assert.deepInclude(await jobEnd(`/v1/discoveries/${started.id}`), { state: "done", indexed: 300 })

    const csv =
      "Handle,Platform,Name,Followers\n@zadie.codes,Instagram,Zadie Quill,12.3k\n@zadie.codes,TikTok,Zadie Quill,5k\n"
    const accepted = await json(`${system.url}/v1/imports?file=zadie.csv`, { method: "POST", body: csv })
    const { report } = await jobEnd(`/v1/imports/${accepted.id}`)
    assert.deepInclude(report, { rows: 2, imported: 2, rejected: 0 })

    const direct = await json(`${system.url}/search?q=zadei`)
    assert.strictEqual(direct.total, 2)
    const token = { headers: { "dapr-api-token": system.apiToken } }
    const through = await json(`${system.sidecarUrl}/v1.0/invoke/api/method/search?q=zadei`, token)
    assert.deepStrictEqual({ ...through, tookMs: 0 }, { ...direct, tookMs: 0 })
    assert.strictEqual(
      (await fetch(`${system.sidecarUrl}/v1.0/invoke/api/method/search?q=zadei`)).status,
      401
    )

    const { hits } = await json(`${system.url}/search?limit=1`)
    const avatar = await fetch(`${system.url}${hits[0].avatarUrl}`)
    assert.strictEqual(avatar.headers.get("content-type"), "image/png")
    assert.deepStrictEqual(
      [...new Uint8Array(await avatar.arrayBuffer()).slice(1, 4)],
      [...Buffer.from("PNG")]
    )

    const { topics } = await json(`${system.url}/v1/audit`)
    assert.deepInclude(topics[0], { applied: 302, pending: 0, missing: 0, deadLettered: 0 })
  }, 180_000)

  it("takes a file larger than a sidecar's usual limit", async () => {
    const rows = Array.from({ length: 4_000 }, (_, n) => `large${n},X,${n},${"words ".repeat(1_000)}`)
    const file = `handle,platform,followers,bio\n${rows.join("\n")}\n`
    assert.isAbove(file.length, 20 * 1024 ** 2)
    const accepted = await json(`${system.url}/v1/imports?file=large.csv`, { method: "POST", body: file })
    assert.deepInclude((await jobEnd(`/v1/imports/${accepted.id}`)).report, { rows: 4_000, imported: 4_000 })
  }, 240_000)

  const crash = (server: Supervisor.RunningServer) =>
    Supervisor.kill(server.where).pipe(Effect.zipRight(Supervisor.start(server.recipe, server.where)))
  const restart = (server: Supervisor.RunningServer) =>
    Supervisor.stop(server.recipe, server.where).pipe(
      Effect.zipRight(Supervisor.start(server.recipe, server.where))
    )

  /** Each: what happens while accounts are stated, one batch after the other. */
  const faults: ReadonlyArray<readonly [string, (running: DaprSystem) => Effect.Effect<unknown, unknown>]> = [
    ["kill -9 of the indexer", ({ services }) => crash(services.indexer)],
    ["kill -9 of analytics", ({ services }) => crash(services.analytics)],
    ["kill -9 of the scraper", ({ services }) => crash(services.scraper)],
    ["kill -9 of the indexer's sidecar", ({ sidecars }) => crash(sidecars.indexer)],
    ["SIGTERM of the indexer's sidecar", ({ sidecars }) => restart(sidecars.indexer)],
    ["kill -9 of the scraper's sidecar", ({ sidecars }) => crash(sidecars.scraper)],
    ["kill -9 of RabbitMQ", ({ servers }) => crash(servers.rabbitmq)],
    ["kill -9 of PostgreSQL", ({ servers }) => crash(servers.postgres)],
    ["kill -9 of Elasticsearch", ({ servers }) => crash(servers.elasticsearch)]
  ]

  /** States accounts while something happens, and compares ids. */
  const runDrill = async (what: string, name: string, fault: Effect.Effect<unknown, unknown>) => {
    const account = await Effect.runPromise(
      drill({
        groups: groupsOf(name, accounts, groupSize),
        write: state(system.url, name),
        pause: "10 millis",
        faults: Effect.zipRight(Effect.sleep("1 second"), Effect.asVoid(fault)),
        unsettled: unsettled(system.url),
        patience: "3 minutes",
        read: found(system.url, name)
      })
    )
    process.stdout.write(`${describeAccount(what, account)}\n`)
    return account
  }

  it.each(faults)(
    "%s loses nothing",
    async (what, fault) => {
      const name = `drill${faults.findIndex(([known]) => known === what)}x`
      const account = await runDrill(what, name, fault(system))
      assert.strictEqual(account.acknowledged, accounts)
      assert.deepStrictEqual([account.lost, account.duplicates, account.strange], [[], [], []])
    },
    300_000
  )

  it("control: without the outbox, kill -9 of the scraper loses what was acknowledged", async () => {
    const { scraper } = system.services
    const without = {
      ...scraper.recipe,
      command: (where: Where) => {
        const command = scraper.recipe.command(where)
        return { ...command, env: { ...command.env, INFLUSCOPE_OUTBOX: "off" } }
      }
    }
    await Effect.runPromise(Supervisor.stop(scraper.recipe, scraper.where))
    await Effect.runPromise(Supervisor.start(without, scraper.where))
    const crashes = Supervisor.kill(scraper.where).pipe(
      Effect.zipRight(Supervisor.start(without, scraper.where)),
      // The circuit to it closes again, and accounts are stated.
      Effect.zipRight(Effect.sleep("12 seconds"))
    )
    const account = await runDrill(
      "control, outbox off, kill -9 of the scraper",
      "controlx",
      Effect.repeatN(crashes, 2)
    )
    assert.isAbove(account.lost.length, 0)
  }, 300_000)
})
