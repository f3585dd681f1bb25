import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { gunzipSync, gzipSync } from "node:zlib"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { Workplace } from "./Commands.ts"

const january = [
  "Name,Handle,Platform,Followers,Avg Likes,Country",
  "Ana Ruiz,@ana.cooks,Instagram,12.3k,400,España",
  "Bob Lee,bob_lee,TikTok,1.2M,,USA"
].join("\n")
const june = "Handle,Platform,Followers\n@ana.cooks,Instagram,20k"

describe("influscope export", () => {
  let from: Workplace
  let to: Workplace
  beforeAll(async () => {
    from = new Workplace()
    to = new Workplace()
    const ok = async (...args: ReadonlyArray<string>) =>
      expect(await from.run(args)).toMatchObject({ code: 0 })
    await ok("import", await from.file("january.csv", january), "--observed-at", "2026-01-31")
    await ok("import", await from.file("june.csv", june), "--observed-at", "2026-06-30", "--source", "agency")
    await ok("discover", "--count", "30", "--seed", "5")
  })
  afterAll(() => {
    from.remove()
    to.remove()
  })

  const idsOf = async (place: Workplace): Promise<ReadonlyArray<string>> => {
    const { out } = await place.run(["search", "--limit", "100", "--json"])
    const hits: ReadonlyArray<{ readonly id: string }> = JSON.parse(out).hits
    return hits.map(({ id }) => id).toSorted()
  }
  const profile = async (place: Workplace, id: string) =>
    JSON.parse((await place.run(["show", id, "--json"])).out)

  it("moves everything: figures with their sources and times, and avatars", async () => {
    const path = join(from.path, "all.jsonl.gz")
    const exported = await from.run(["export", path])
    expect(exported).toMatchObject({ code: 0, out: expect.stringContaining("Exported 33 statements") })
    const { code, out } = await to.run(["import", path, "--json"])
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ rows: 33, imported: 32, rejected: 0 })
    const ids = await idsOf(from)
    expect(ids).toHaveLength(32)
    expect(await idsOf(to)).toEqual(ids)
    for (const id of ["instagram:ana.cooks", ...ids.slice(-2)])
      expect(await profile(to, id)).toEqual(await profile(from, id))
    const { provenance } = await profile(to, "instagram:ana.cooks")
    expect(provenance.followers).toMatchObject({ source: "agency", observedAt: "2026-06-30T00:00:00.000Z" })
    expect(provenance.avgLikes).toMatchObject({ source: "january.csv" })

    // Moved once more, nothing changes.
    expect(await to.run(["import", path])).toMatchObject({ code: 0 })
    const back = join(from.path, "back.jsonl")
    await to.run(["export", back])
    const lines = (text: string) => text.trim().split("\n").toSorted()
    expect(lines(await readFile(back, "utf8"))).toEqual(
      lines(gunzipSync(await readFile(path)).toString("utf8"))
    )
  })

  it("notices an export that is cut off, and lines that are none", async () => {
    const path = join(from.path, "plain.jsonl")
    await from.run(["export", path])
    const lines = (await readFile(path, "utf8")).trim().split("\n")
    const cut = await to.file("cut.jsonl.gz", gzipSync(lines.slice(0, 10).join("\n")))
    const broken = await to.run(["import", cut])
    expect(broken).toMatchObject({ code: 1, err: expect.stringContaining("breaks off after 9 statements") })
    const future = lines[2]?.replace(/"ingestedAt":\d+/, '"ingestedAt":99999999999999')
    const bad = await to.file(
      "bad.jsonl",
      [lines[0], "{}", future, '{"influscope":"end","statements":2}'].join("\n")
    )
    const report = JSON.parse((await to.run(["import", bad, "--json"])).out)
    expect(report).toMatchObject({ rows: 2, imported: 0, updated: 0, rejected: 2 })
    expect(report.rejections.map(({ line }: { readonly line: number }) => line)).toEqual([2, 3])
  })
})
