import { gzipSync } from "node:zlib"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { influscope, Workplace } from "./Commands.ts"

const header = "Name,Handle,Platform,Followers,Avg Likes,Country,Category"
const january = [
  header,
  "Ana Ruiz,@ana.cooks,Instagram,12.3k,400,España,Food|Travel",
  "Bob Lee,bob_lee,TikTok,1.2M,,USA,Tech",
  "Nobody,,Instagram,5,,,",
  '"Evil \u001b[31mred\u0007",evil_one,Instagram,"1,000",10,Germany,Tech'
].join("\n")
const june = [header, "Ana Ruiz,@ana.cooks,Instagram,20k,900,España,Food"].join("\n")

describe("influscope on a directory that nobody serves", () => {
  let place: Workplace
  beforeAll(() => {
    place = new Workplace()
  })
  afterAll(() => place.remove())

  const report = async (name: string, text: string | Uint8Array, ...args: ReadonlyArray<string>) => {
    const path = await place.file(name, text)
    const { code, err, out } = await place.run(["import", path, "--json", ...args])
    expect({ code, err }).toMatchObject({ code: 0 })
    return JSON.parse(out)
  }

  it("previews, imports, repeats, updates and never goes back in time", async () => {
    const observed = ["--observed-at", "2026-01-31"]
    const preview = await report("january.csv", january, "--dry-run", ...observed)
    expect(preview).toMatchObject({ rows: 4, imported: 3, updated: 0, unchanged: 0, rejected: 1 })
    expect(JSON.parse((await place.run(["search", "--json"])).out).total).toBe(0)

    const imported = await report("january.csv", january, ...observed)
    expect(imported).toEqual(preview)
    expect(Object.keys(imported)).toEqual(
      expect.arrayContaining([
        "rows",
        "imported",
        "updated",
        "unchanged",
        "rejected",
        "repaired",
        "columns",
        "rejections"
      ])
    )
    expect(imported.rejections).toEqual([
      { line: 4, column: "Handle", value: "", reason: expect.stringContaining("no handle") }
    ])
    expect(imported.columns[0]).toMatchObject({ name: "Name", mappedTo: "name" })

    expect(await report("january.csv", january, ...observed)).toMatchObject({ imported: 0, unchanged: 3 })
    expect(await report("june.csv.gz", gzipSync(june), "--observed-at", "2026-06-30")).toMatchObject({
      imported: 0,
      updated: 1
    })
    await report("january.csv", january, ...observed)

    const ana = JSON.parse((await place.run(["show", "INSTAGRAM:Ana.Cooks", "--json"])).out)
    expect(ana).toMatchObject({
      id: "instagram:ana.cooks",
      followers: 20_000,
      country: "ES",
      engagementRate: 4.5,
      engagementFormula: "instagram/likes-by-followers@1",
      tier: "micro"
    })
    expect(ana.provenance.followers).toEqual({
      source: "june.csv.gz",
      observedAt: "2026-06-30T00:00:00.000Z"
    })
  })

  it("previews, imports and repeats history, and says what it rejects", async () => {
    const path = await place.file(
      "instagram-daily.csv",
      "account,day,followers\nana.cooks,2026-01-01,20k\nana.cooks,2026-01-31,25k\nana.cooks,soon,1\n"
    )
    const track = async (...args: ReadonlyArray<string>) => {
      const { code, err, out } = await place.run([
        "track",
        "import",
        path,
        "--map",
        "day=observedAt",
        ...args
      ])
      expect({ code, err }).toMatchObject({ code: 0 })
      return out
    }
    const counts = { rows: 3, imported: 2, updated: 0, unchanged: 0, rejected: 1 }
    expect(JSON.parse(await track("--json", "--dry-run"))).toMatchObject(counts)
    expect(JSON.parse(await track("--json"))).toMatchObject({
      ...counts,
      rejections: [{ line: 4 }, { line: 4 }]
    })
    const again = await track()
    expect(again).toContain("3 rows of instagram-daily.csv: 0 points written, 2 known already, 1 rejected")
    expect(again).toContain("2 points of 1 influencer, 2026-01-01 to 2026-01-31")
  })

  it("takes several files, names, platforms and mappings", async () => {
    const plain = await place.file("plain.tsv", "who\tfans\nmaria_k\t1200\n")
    const more = await place.file(
      "more.jsonl",
      '{"who":"lars_w","fans":77}\n{"who":"eva_w","platform":"x","fans":5}\n'
    )
    const { code, err, out } = await place.run([
      "import",
      plain,
      more,
      "--platform",
      "youtube",
      "--source",
      "agency list",
      "--map",
      "who=handle",
      "--map=fans=followers",
      "--json"
    ])
    expect({ code, err }).toMatchObject({ code: 0 })
    const reports = out
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
    expect(reports.map(({ imported }) => imported)).toEqual([1, 1])
    expect(reports[1].rejections).toMatchObject([{ line: 2, column: "platform", value: "x" }])
    const maria = JSON.parse((await place.run(["show", "youtube:maria_k", "--json"])).out)
    expect(maria.followers).toBe(1_200)
    expect(maria.provenance.followers.source).toBe("agency list")
    expect((await place.run(["show", "youtube:lars_w"])).out).toContain("77")
  })

  it("prints tables for people, without anything a terminal would act on", async () => {
    const path = await place.file("january.csv", january)
    const { out } = await place.run(["import", path, "--dry-run"])
    expect(out).toContain("4 rows of january.csv")
    expect(out).toMatch(/Followers +followers/)
    expect(out).toMatch(/4 +Handle/)
    const found = await place.run(["search", "evli", "--platform", "instagram"])
    expect(found.out).toMatch(/instagram:evil_one +Evil .*red +1K/)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they must not be there
    expect(out + found.out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f]/)
    expect(found.err).toMatch(/1 profile in/)
  })

  it("filters, sorts and pages like the API", async () => {
    const page = async (...args: ReadonlyArray<string>) =>
      JSON.parse((await place.run(["search", "--json", ...args])).out)
    const first = await page("--sort", "followers", "--limit", "2")
    const second = await page("--sort", "followers", "--limit", "2", "--cursor", first.nextCursor)
    const ids = [...first.hits, ...second.hits].map(({ id }: { id: string }) => id)
    expect(ids.slice(0, 2)).toEqual(["tiktok:bob_lee", "instagram:ana.cooks"])
    expect(new Set(ids).size).toBe(4)
    const some = await page("--country", "ES", "--country", "DE", "--followers-min", "2000")
    expect(some.hits.map(({ id }: { id: string }) => id)).toEqual(["instagram:ana.cooks"])
  })

  it("accounts for everything it sent", async () => {
    const { code, out } = await place.run(["audit", "--json"])
    const { topics } = JSON.parse(out)
    expect(topics.map(({ topic }: { topic: string }) => topic)).toEqual([
      "datapoints.collected",
      "profiles.discovered"
    ])
    for (const topic of topics) {
      expect(topic).toMatchObject({ pending: 0, missing: 0, deadLettered: 0 })
      expect(topic.sent).toBe(topic.applied)
    }
    expect(code).toBe(0)
    expect((await place.run(["dlq", "list"])).out).toContain("There are no dead letters.")
  })

  it("discovers from a source and says which sources there are", async () => {
    const { code, out } = await place.run(["discover", "--count", "30", "--seed", "7", "--json"])
    expect({ code, ...JSON.parse(out) }).toMatchObject({ code: 0, state: "done", indexed: 30 })
    const unknown = await place.run(["discover", "--source", "orkut", "--count", "1"])
    expect(unknown.code).toBe(1)
    expect(unknown.err).toContain("synthetic")
  })

  it("lets two commands share the directory one after the other", async () => {
    const files = await Promise.all(
      [1, 2].map((n) => place.file(`pair-${n}.csv`, `handle,platform,followers\npair_${n},x,${n}\n`))
    )
    const both = await Promise.all(files.map((file) => place.run(["import", file, "--json"])))
    expect(both.map(({ code }) => code)).toEqual([0, 0])
    expect(both.map(({ out }) => JSON.parse(out).imported)).toEqual([1, 1])
  })

  it("ends quietly when nobody reads on", async () => {
    const pipe = Bun.spawn(
      [
        "bash",
        "-c",
        `"$0" "$1" search --json --limit 100 | head -c 10; exit \${PIPESTATUS[0]}`,
        process.execPath,
        influscope
      ],
      { env: { ...process.env, INFLUSCOPE_DATA_DIR: place.dataDir }, stdout: "pipe", stderr: "pipe" }
    )
    expect(await pipe.exited).toBe(0)
    expect(await new Response(pipe.stderr).text()).toBe("")
  })
})
