import { createHash } from "node:crypto"
import { rmSync } from "node:fs"
import { join } from "node:path"
import { type ExportedStatement, exportHeader } from "@influscope/domain/Export"
import { avatarPng } from "@influscope/scraper/synthetic/Avatar"
import { generateProfile } from "@influscope/scraper/synthetic/Profiles"
import { randomAt } from "@influscope/scraper/synthetic/Random"
import * as Config from "effect/Config"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { assert, describe, it } from "vitest"
import { accountOf, describeAccount } from "../src/Account.ts"
import { accountId, deadBatches, exported, unsettled } from "../src/Discovery.ts"
import { crash, restart, start, stop } from "../src/Faults.ts"
import { runningSystem } from "./RunningSystem.ts"

/** How long Elasticsearch is away: DRILL_OUTAGE. */
const outage = Effect.runSync(Config.duration("DRILL_OUTAGE").pipe(Config.withDefault(Duration.seconds(60))))

const index = "profiles-v3-1"

describe("the discovery pipeline and its stores", () => {
  const { jobEnd, json, losesNothing, runDrill, system } = runningSystem()

  const elasticsearch = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${system().environment["ELASTICSEARCH_URL"]}/${path}`, {
      method,
      headers: { "content-type": path === "_bulk" ? "application/x-ndjson" : "application/json" },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) })
    })
    const answer = await response.json()
    assert.isTrue(response.ok, JSON.stringify(answer))
    return answer
  }

  it("Elasticsearch stopped for a time, then killed, loses nothing", async () => {
    const server = system().servers.elasticsearch
    await losesNothing({
      what: `Elasticsearch stopped for ${Duration.format(outage)}, then kill -9`,
      name: "stoppedx",
      faults: restart(server, outage).pipe(
        Effect.zipRight(Effect.sleep("2 seconds")),
        Effect.zipRight(crash(server))
      ),
      // Slowly, so that the pipeline has room for all that is stated in that time.
      pause: "500 millis",
      endless: true
    })
  }, 600_000)

  it("items that Elasticsearch refuses for a time, as with a full disk, are written afterwards", async () => {
    const block = (value: true | null) =>
      Effect.promise(() =>
        elasticsearch("PUT", `${index}/_settings`, { "index.blocks.read_only_allow_delete": value })
      )
    const probe = Effect.promise(async () => {
      const document = '{"id":"probe","alive":false}'
      const answer = await elasticsearch(
        "POST",
        "_bulk",
        `{"create":{"_index":"${index}","_id":"probe"}}\n${document}\n`
      )
      assert.strictEqual(answer.items[0].create.status, 429)
    })
    await losesNothing({
      what: "Elasticsearch answers 429 for every item",
      name: "busyx",
      faults: Effect.acquireUseRelease(
        block(true),
        () => Effect.zipRight(probe, Effect.sleep("8 seconds")),
        () => block(null)
      ),
      endless: true
    })
  }, 300_000)

  it("items that Elasticsearch can never take die once and with the reason, and all others are found", async () => {
    // An index of other making, in which no account can have more than 2^31 followers.
    const { aliases, mappings } = (await elasticsearch("GET", index))[index]
    await elasticsearch("DELETE", index)
    const properties = { ...mappings.properties, followers: { type: "integer" } }
    await elasticsearch("PUT", index, { aliases, mappings: { ...mappings, properties } })
    const name = "mappingx"
    const random = randomAt(4, 0)
    const refused = Array.from({ length: 1_500 }, (_, n) => accountId(name, n)).filter(() =>
      random.chance(0.01)
    )
    const account = await runDrill({
      what: "Elasticsearch refuses 1 % of the items",
      name,
      faults: Effect.void,
      followers: (id, place) => (refused.includes(id) ? 3e9 : place)
    })
    assert.deepStrictEqual([account.lost, account.duplicates, account.strange], [[], [], []])
    assert.strictEqual(account.received, account.sent - refused.length)
    const batches = await Effect.runPromise(deadBatches(system().url, name))
    const refusedOf = ({ accounts }: (typeof batches)[number]) =>
      accounts.filter((id) => refused.includes(id))
    assert.deepStrictEqual(batches.flatMap(refusedOf).sort(), refused.toSorted())
    for (const batch of batches) {
      assert.isAtLeast(refusedOf(batch).length, 1, `${batch.id} died without need`)
      assert.match(batch.reason, /400 document_parsing_exception/)
    }
  }, 300_000)

  describe("avatars", () => {
    const count = 1_500
    const seed = 11
    const avatarOf = new Map(
      Array.from({ length: count }, (_, place) => {
        const { handle, platform } = generateProfile(seed, place)
        const id = `${platform}:${handle}`
        return [id, Buffer.from(avatarPng(id)).toString("base64")] as const
      })
    )

    /** Counts a profile as received when its avatar is there too, byte for byte. */
    const compare = async (what: string) => {
      const statements = await Effect.runPromise(exported(system().url))
      const received = statements.flatMap(({ avatar, handle, platform }) => {
        const id = `${platform}:${handle}`
        return avatar !== undefined && avatarOf.get(id) === avatar.base64 ? [id] : []
      })
      const outcomes = {
        acknowledged: new Set(avatarOf.keys()),
        failed: new Set<string>(),
        unknown: new Set<string>()
      }
      const account = accountOf(outcomes, received)
      process.stdout.write(`${describeAccount(what, account)}\n`)
      return account
    }

    it("are all there when the object store was down while they were uploaded", async () => {
      const { minio } = system().servers
      const started = await json("/v1/discoveries", {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ count, seed })
      })
      await Effect.runPromise(restart(minio, "8 seconds"))
      assert.deepInclude(await jobEnd(`/v1/discoveries/${started.id}`), { state: "done", indexed: count })
      assert.isUndefined(await Effect.runPromise(unsettled(system().url)))
      const account = await compare("MinIO down during the upload of avatars")
      assert.deepStrictEqual([account.received, account.lost, account.duplicates], [avatarOf.size, [], []])
    }, 300_000)

    it("control: are missed when the object store forgets them", async () => {
      const { minio } = system().servers
      await Effect.runPromise(stop(minio))
      rmSync(join(minio.where.directory, "data"), { recursive: true })
      await Effect.runPromise(start(minio))
      const account = await compare("control, MinIO without its data")
      assert.strictEqual(account.lost.length, avatarOf.size)
    }, 120_000)
  })

  describe("the order in which statements arrive", () => {
    const random = randomAt(5, 0)
    const begin = Date.UTC(2026, 0, 1)
    const said = (accounts: string, place: number): ExportedStatement => ({
      platform: "x",
      handle: `${accounts}${random.below(500)}`,
      source: "order",
      observedAt: begin + place * 1_000,
      ingestedAt: begin,
      ordinal: place,
      fields: {
        ...(random.chance(0.5) ? { followers: random.below(1_000_000) } : {}),
        ...(random.chance(0.5) ? { posts: random.below(10_000) } : {}),
        ...(random.chance(0.5) ? { name: `Name ${random.below(1_000)}` } : {}),
        ...(random.chance(0.5) ? { verified: random.chance(0.5) } : {})
      }
    })
    const ordered = Array.from({ length: 5_000 }, (_, place) => said("account", place))
    const window = 1_000
    const shuffled = ordered
      .flatMap((statement, place) => {
        const arrival = () => ({ statement, at: place + random.next() * window })
        return random.chance(0.2) ? [arrival(), arrival()] : [arrival()]
      })
      .toSorted((left, right) => left.at - right.at)
      .map(({ statement }) => statement)

    /** Imports statements about accounts of their own, and answers what is known of these in the end. */
    const known = async (own: string, statements: ReadonlyArray<ExportedStatement>) => {
      const lines = statements.map((each) =>
        JSON.stringify({ ...each, handle: each.handle.replace("account", own) })
      )
      const end = JSON.stringify({ influscope: "end", statements: lines.length })
      const accepted = await json(`/v1/imports?file=${own}.jsonl`, {
        method: "POST",
        body: [exportHeader, ...lines, end, ""].join("\n")
      })
      const { report, state } = await jobEnd(`/v1/imports/${accepted.id}`)
      assert.deepInclude({ ...report, state }, { state: "done", rows: lines.length, rejected: 0 })
      assert.isUndefined(await Effect.runPromise(unsettled(system().url)))
      const all = await Effect.runPromise(exported(system().url))
      return all.flatMap((each) =>
        each.handle.startsWith(own) ? [{ ...each, handle: each.handle.replace(own, "account") }] : []
      )
    }

    const hashOf = (lines: ReadonlyArray<unknown>): string =>
      createHash("sha256")
        .update(
          lines
            .map((line) => JSON.stringify(line))
            .toSorted()
            .join("\n")
        )
        .digest("hex")
    /** Figures alone, without who said them and when. */
    const figures = (statements: ReadonlyArray<ExportedStatement>) =>
      hashOf(
        statements.flatMap(({ fields, handle }) => Object.entries(fields).map((field) => [handle, ...field]))
      )

    it("makes no difference, with 20 % of them twice and within a window of 1,000; it does to whom the last one wins", async () => {
      const inOrder = await known("ordered", ordered)
      const outOfOrder = await known("shuffled", shuffled)
      process.stdout.write(
        `${shuffled.length - ordered.length} of ${ordered.length} statements twice, shuffled: ${hashOf(outOfOrder)}, in order: ${hashOf(inOrder)}\n`
      )
      assert.strictEqual(hashOf(outOfOrder), hashOf(inOrder))
      // The control: stamped by arrival, as by a store in which the last writer wins.
      const arrived = shuffled.map((each, place) => ({
        ...each,
        observedAt: begin + place * 1_000,
        ordinal: place
      }))
      const byArrival = await known("arrived", arrived)
      process.stdout.write(
        `control, the last one wins: ${figures(byArrival)}, in order: ${figures(inOrder)}\n`
      )
      assert.notStrictEqual(figures(byArrival), figures(inOrder))
    }, 300_000)
  })
})
