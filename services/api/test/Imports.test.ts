import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { ImportJob } from "@influscope/domain/Imports"
import * as Schema from "effect/Schema"
import {
  type App,
  body,
  eventually,
  finished,
  importFile,
  includes,
  invalidPaths,
  postImport,
  postJson,
  problem,
  search,
  settled,
  startApp
} from "./support.ts"

const maxBytes = 2_000_000

let app: App
beforeAll(async () => {
  app = await startApp({ env: { INFLUSCOPE_MAX_IMPORT_BYTES: String(maxBytes) } })
})
afterAll(() => app?.stop())

const creators = "handle,name,followers\nada,Ada L.,1200\ngrace,Grace H.,3400\nnot a handle,Nobody,1\n"
const rowsOf = (prefix: string, count: number): string =>
  `handle,followers\n${Array.from({ length: count }, (_, at) => `${prefix}${at},${at + 1}\n`).join("")}`
const list = async () => body(await fetch(`${app.url}/v1/imports`), Schema.Array(ImportJob))

describe("an import", () => {
  it("is accepted with its address and ends with a report that adds up", async () => {
    const response = await postImport(app, "file=creators.csv&platform=instagram&source=agency", creators)
    const location = response.headers.get("location")
    const job = await body(response, ImportJob, 202)
    assert.strictEqual(location, `/v1/imports/${job.id}`)
    includes(job, { file: "creators.csv", source: "agency", dryRun: false, failure: null })
    assert.strictEqual(job.bytesTotal, creators.length)

    const done = await finished(app, job.id)
    assert.strictEqual(done.state, "done")
    assert.strictEqual(done.bytesRead, creators.length)
    // The exact keys were checked when it was decoded.
    const { columns, notes, rejections, ...counts } = done.report
    assert.deepStrictEqual(counts, {
      rows: 3,
      imported: 2,
      updated: 0,
      unchanged: 0,
      rejected: 1,
      repaired: 0
    })
    assert.deepStrictEqual(
      columns.map(({ mappedTo, name }) => [name, mappedTo]),
      [
        ["handle", "handle"],
        ["name", "name"],
        ["followers", "followers"]
      ]
    )
    for (const { confidence, why } of columns) {
      assert.isTrue(confidence > 0 && confidence <= 1)
      assert.isNotEmpty(why)
    }
    assert.strictEqual(rejections.length, 1)
    assert.strictEqual(rejections[0]?.line, 4)
    assert.isNotEmpty(rejections[0]?.reason)
    assert.isNotEmpty(notes)
    assert.strictEqual((await search(app, "q=grace&platform=instagram")).hits[0]?.followers, 3400)
  })

  it("changes nothing when the same file comes again", async () => {
    const first = await importFile(app, "file=same.csv&platform=tiktok", rowsOf("same", 40))
    assert.strictEqual(first.report.imported, 40)
    const again = await importFile(app, "file=same.csv&platform=tiktok", rowsOf("same", 40))
    includes(again.report, { rows: 40, imported: 0, updated: 0, unchanged: 40, rejected: 0 })
    assert.deepStrictEqual(again.observedAt, first.observedAt)
  })

  it("tells what it would do when it is a dry run, and does not do it", async () => {
    await importFile(app, "file=known.csv&platform=twitch", rowsOf("dry", 5))
    const job = await importFile(app, "file=more.csv&platform=twitch&dryRun=true", rowsOf("dry", 8))
    assert.isTrue(job.dryRun)
    assert.strictEqual(job.state, "done")
    includes(job.report, { rows: 8, imported: 3, updated: 0, unchanged: 5 })
    await settled(app)
    assert.strictEqual((await search(app, "platform=twitch&limit=1")).total, 5)
  })

  it("reads the file as the parameters say", async () => {
    const file = "who,x1,x2\nparams,77,88\n"
    const query = "file=odd.csv&platform=linkedin&source=me&observedAt=2026-02-03T04:05:06Z"
    const job = await importFile(app, `${query}&map=who%3Dhandle&map=x1%3Dfollowers&map=x2%3D`, file)
    assert.strictEqual(job.state, "done", job.failure ?? "")
    assert.deepStrictEqual(job.observedAt, new Date("2026-02-03T04:05:06Z"))
    const profile = await (await fetch(`${app.url}/v1/profiles/linkedin:params`)).json()
    includes(profile, { followers: 77, following: null })
    assert.deepStrictEqual(profile.provenance.followers, {
      source: "me",
      observedAt: "2026-02-03T04:05:06.000Z"
    })
  })

  it("takes JSON, JSON Lines, TSV and any of them gzipped, whatever the body is called", async () => {
    const record = (handle: string) => ({ username: handle, followers: 10 })
    const files: ReadonlyArray<readonly [string, string, string]> = [
      ["a.json", "application/json", JSON.stringify([record("format-json")])],
      ["a.jsonl", "application/x-ndjson", `${JSON.stringify(record("format-jsonl"))}\n`],
      ["a.tsv", "text/tab-separated-values", "username\tfollowers\nformat-tsv\t10\n"],
      ["a.csv", "text/csv", "username,followers\nformat-csv,10\n"],
      ["a.csv", "application/xml", "username,followers\nformat-named-wrong,10\n"]
    ]
    for (const [name, type, text] of files) {
      for (const [zipped, bytes] of [
        [false, text],
        [true, Bun.gzipSync(text)]
      ] as const) {
        const headers = { "content-type": zipped ? "application/gzip" : type }
        const response = await postImport(
          app,
          `file=${name}${zipped ? ".gz" : ""}&platform=x`,
          bytes,
          headers
        )
        const job = await finished(app, (await body(response, ImportJob, 202)).id)
        assert.strictEqual(job.state, "done", `${name} ${job.failure}`)
        assert.strictEqual(job.report.rows, 1, name)
      }
    }
    const { hits } = await search(app, "q=format&platform=x")
    assert.strictEqual(hits.length, files.length)
  })

  it("fails in words on what is no table", async () => {
    const files: ReadonlyArray<Uint8Array<ArrayBuffer>> = [
      crypto.getRandomValues(new Uint8Array(5_000)),
      new Uint8Array(5_000),
      Uint8Array.from([0x1f, 0x8b, 8, 0, 1, 2, 3]),
      Bun.gzipSync("handle,followers\na,1\n").slice(0, -9),
      Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
      new TextEncoder().encode("<html><body>Sign in</body></html>"),
      new TextEncoder().encode('{"unclosed": [')
    ]
    for (const [at, bytes] of files.entries()) {
      const job = await importFile(app, `file=broken-${at}.bin&platform=x`, bytes)
      assert.strictEqual(job.state, "failed", `${at}: ${JSON.stringify(job.report.notes)}`)
      assert.match(job.failure ?? "", /^[A-Z].+\.$/s)
      assert.notMatch(job.failure ?? "", /node_modules|\.ts:\d|\bat \w+ \(/)
    }
  })

  it("needs a body and bounds it, and keeps nothing of what it refuses", async () => {
    const before = (await list()).length
    assert.deepStrictEqual(await invalidPaths(await fetch(`${app.url}/v1/imports`, { method: "POST" })), [
      "body"
    ])
    assert.deepStrictEqual(await invalidPaths(await postImport(app, "platform=x", "")), ["body"])
    const nothing = new ReadableStream({ start: (controller) => controller.close() })
    assert.deepStrictEqual(await invalidPaths(await postImport(app, "platform=x", nothing)), ["body"])
    const large = new Uint8Array(maxBytes + 1).fill(97)
    for (const file of [large, new Blob([large]).stream(), new Uint8Array(30_000_000)]) {
      const { detail } = await problem(await postImport(app, "platform=x", file), 413, "payload-too-large")
      assert.include(detail, String(maxBytes))
    }
    assert.strictEqual((await list()).length, before)
  })

  it("names the parameter that is wrong", async () => {
    const wrong: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [
      ["platform=facebook", ["platform"]],
      ["file=", ["file"]],
      [`file=${"f".repeat(256)}`, ["file"]],
      [`source=${"s".repeat(101)}`, ["source"]],
      ["observedAt=soon", ["observedAt"]],
      ["observedAt=2999-01-01", ["observedAt"]],
      ["dryRun=maybe", ["dryRun"]],
      ["map=nothing", ["map.0"]],
      ["dryRun=1&observedAt=x&platform=y", ["platform", "observedAt", "dryRun"]]
    ]
    for (const [query, paths] of wrong)
      assert.sameMembers([...(await invalidPaths(await postImport(app, query, creators)))], [...paths], query)
  })

  it("is found by its id, and listed newest first", async () => {
    const job = await importFile(app, "file=listed.csv&platform=x", "handle\nlisted\n")
    const all = await list()
    assert.strictEqual(all[0]?.id, job.id)
    const times = all.map(({ createdAt }) => createdAt.getTime())
    assert.deepStrictEqual(
      times,
      times.toSorted((a, b) => b - a)
    )
    for (const path of ["/v1/imports/none", "/v1/imports/none/events"]) {
      const { detail } = await problem(await fetch(`${app.url}${path}`), 404, "not-found")
      assert.include(detail, "none")
    }
    const long = await fetch(`${app.url}/v1/imports/${"i".repeat(101)}`)
    assert.deepStrictEqual(await invalidPaths(long), ["id"])
  })

  it("goes along with others and with statements, and nothing is lost", async () => {
    const files = Array.from({ length: 8 }, (_, at) =>
      importFile(app, `file=many-${at}.csv&platform=youtube`, rowsOf(`many${at}-`, 1_200))
    )
    const stated = postJson(app, "/v1/profiles", { profiles: [{ platform: "youtube", handle: "meanwhile" }] })
    for (const job of await Promise.all(files)) assert.strictEqual(job.report.imported, 1_200)
    assert.strictEqual((await stated).status, 202)
    await settled(app)
    assert.strictEqual((await search(app, "platform=youtube&limit=1")).total, 8 * 1_200 + 1)
  })
})

describe("the events of an import", () => {
  const Event = Schema.parseJson(ImportJob)

  const read = async (id: string) => {
    const response = await fetch(`${app.url}/v1/imports/${id}/events`)
    assert.strictEqual(response.status, 200)
    assert.strictEqual(response.headers.get("content-type"), "text/event-stream")
    assert.strictEqual(response.headers.get("cache-control"), "no-cache")
    const blocks = (await response.text()).split("\n\n").filter((block) => block !== "")
    return blocks
      .filter((block) => !block.startsWith(":"))
      .map((block) => {
        const [name, data, ...rest] = block.split("\n")
        assert.deepStrictEqual([name, rest], ["event: import", []])
        return Schema.decodeUnknownSync(Event)(data?.replace(/^data: /, ""))
      })
  }

  it("tell how far it is until it is over, and end", async () => {
    const file = rowsOf("event-", 20_000)
    const { id } = await body(await postImport(app, "file=events.csv&platform=tiktok", file), ImportJob, 202)
    const jobs = await read(id)
    const last = jobs[jobs.length - 1]
    assert.strictEqual(last?.state, "done")
    assert.strictEqual(last?.report.imported, 20_000)
    const progress = jobs.map(({ bytesRead }) => bytesRead)
    assert.deepStrictEqual(
      progress,
      progress.toSorted((a, b) => a - b)
    )
    assert.strictEqual(
      new Set(jobs.map((job) => JSON.stringify(job))).size,
      jobs.length,
      "each one says something new"
    )
    assert.isTrue(jobs.slice(0, -1).every(({ state }) => state !== "done"))
  })

  it("of an import that is over are its end", async () => {
    const job = await importFile(app, "file=over.csv&platform=x", "handle\nover\n")
    assert.deepStrictEqual(await read(job.id), [job])
    const failed = await importFile(app, "file=over.bin&platform=x", new Uint8Array(100))
    assert.deepStrictEqual(await read(failed.id), [failed])
  })

  it("may be left at any time", async () => {
    const { id } = await body(
      await postImport(app, "file=left.csv&platform=tiktok", rowsOf("left-", 5_000)),
      ImportJob,
      202
    )
    const leaving = new AbortController()
    const response = await fetch(`${app.url}/v1/imports/${id}/events`, { signal: leaving.signal })
    await response.body?.getReader().read()
    leaving.abort()
    assert.strictEqual((await finished(app, id)).report.imported, 5_000)
  })
})

describe("more imports than are let in", () => {
  it("are told to come again, and get in then", async () => {
    const small = await startApp({ env: { INFLUSCOPE_MAX_WAITING_IMPORTS: "1" } })
    try {
      let goOn = () => {}
      const held = new Promise<void>((resolve) => {
        goOn = resolve
      })
      const slow = new ReadableStream({
        start: async (controller) => {
          controller.enqueue(new TextEncoder().encode("handle,followers\n"))
          await held
          controller.enqueue(new TextEncoder().encode("one,1\n"))
          controller.close()
        }
      })
      const first = postImport(small, "file=one.csv&platform=x", slow)
      const two = () => postImport(small, "file=two.csv&platform=x", "handle\ntwo\n")
      await eventually(async () => {
        const refused = await two()
        assert.strictEqual(refused.headers.get("retry-after"), "2")
        await problem(refused, 503, "unavailable")
      })
      goOn()
      const job = await finished(small, (await body(await first, ImportJob, 202)).id)
      assert.strictEqual(job.report.imported, 1)
      await eventually(async () => assert.strictEqual((await two()).status, 202))
    } finally {
      await small.stop()
    }
  })
})
