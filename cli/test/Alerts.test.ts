import { afterAll, beforeAll, describe, expect, it, vi } from "vitest"
import { Workplace } from "./Commands.ts"

// Every command is a process of its own.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

describe("influscope alerts", () => {
  let place: Workplace
  beforeAll(async () => {
    place = new Workplace()
    await place.start()
  })
  afterAll(() => place.remove())

  const webhook = ["--webhook", "https://example.com/hook"]
  const rules = async () => JSON.parse((await place.run(["alerts", "rules", "list", "--json"])).out).rules

  it("adds rules, and tells the secret once", async () => {
    expect((await place.run(["alerts", "rules", "list"])).out).toBe("There are no alert rules.\n")
    const fall = await place.run([
      "alerts",
      "rules",
      "add",
      "Losing many",
      ...webhook,
      "--fall",
      "10",
      "--days",
      "30"
    ])
    expect(fall).toMatchObject({ code: 0, err: "" })
    expect(fall.out).toContain("everybody: followers fall by 10 % in 30 days.")
    const secret = /whsec_\S+(?=,)/.exec(fall.out)?.[0] ?? ""
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/)

    const who = ["--of", "YouTube:@MKBHD", "--of", "1000001"]
    const kinds = ["--anomaly", "spike", "--anomaly", "purge", "--metric", "totalViews"]
    const bought = await place.run([
      "alerts",
      "rules",
      "add",
      "Bought",
      ...webhook,
      ...who,
      ...kinds,
      "--json"
    ])
    expect(JSON.parse(bought.out)).toMatchObject({
      name: "Bought",
      condition: { kind: "anomaly", metric: "totalViews", kinds: ["spike", "purge"] },
      scope: { kind: "influencers", ids: ["youtube:mkbhd", "mockstagram:1000001"] }
    })
    const shrinking = ["--platform", "tiktok", "--growth-below", "-2.5"]
    expect((await place.run(["alerts", "rules", "add", "Shrinking", ...webhook, ...shrinking])).code).toBe(0)

    const { out } = await place.run(["alerts", "rules", "list"])
    expect(out).toMatch(
      /Losing many +followers fall by 10 % in 30 days +everybody +https:\/\/example\.com\/hook/
    )
    expect(out).toMatch(/Shrinking +followers grow below -2\.5 % in 7 days +all of tiktok/)
    expect(out).not.toContain(secret)
  })

  it("removes them", async () => {
    const ids = (await rules()).map(({ id }: { id: string }) => id)
    expect((await place.run(["alerts", "rules", "remove", ...ids])).out).toBe(
      "3 rules removed; the alerts stay.\n"
    )
    expect(await rules()).toEqual([])
  })

  it.each([
    [[], "None was given"],
    [["--fall", "10", "--engagement-below", "1"], "Several were given"],
    [["--fall", "10", "--of", "youtube:mkbhd", "--platform", "youtube"], "Both --of and --platform"]
  ])("does not guess what %j means", async (args, hint) => {
    const { code, err } = await place.run(["alerts", "rules", "add", "Unclear", ...webhook, ...args])
    expect(code).toBe(1)
    expect(err).toContain(hint)
  })

  it("says what the API refuses", async () => {
    const wrong = await place.run([
      "alerts",
      "rules",
      "add",
      "Near",
      "--webhook",
      "http://127.0.0.1:1/hook",
      "--fall",
      "10"
    ])
    expect(wrong.code).toBe(1)
    expect(wrong.err).toContain("TRACKER_WEBHOOK_PRIVATE")
  })

  it("lists alerts", async () => {
    expect((await place.run(["alerts", "list"])).out).toBe("There are no alerts.\n")
    const page = await place.run(["alerts", "list", "--influencer", "youtube:mkbhd", "--json"])
    expect(JSON.parse(page.out)).toEqual({ alerts: [], nextCursor: null })
    expect((await place.run(["alerts", "list", "--cursor", "x"])).err).toContain("nextCursor")
  })
})
