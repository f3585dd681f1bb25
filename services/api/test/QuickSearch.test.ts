import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { type App, eventually, startApp, stateProfiles } from "./support.ts"

describe("a search that takes the short way", () => {
  let app: App
  beforeAll(async () => {
    app = await startApp()
    await stateProfiles(app, [
      {
        platform: "instagram",
        handle: "anna",
        name: "Anna Köhler",
        categories: ["Food"],
        country: "DE",
        followers: 5
      },
      {
        platform: "tiktok",
        handle: "anno",
        name: "Anno",
        categories: ["Food", "Travel"],
        country: "AT",
        followers: 9
      },
      { platform: "x", handle: "nobody", followers: 7 }
    ])
    await eventually(async () => {
      const { total } = await (await fetch(`${app.url}/search?q=anna`)).json()
      assert.isAbove(total, 0)
    })
  })
  afterAll(() => app.stop())

  /** A parameter that nobody knows makes a request take the long way, and changes nothing else. */
  const longWay = (query: string): string => `${query}${query === "" ? "" : "&"}nobody-knows=this`

  const answer = async (path: string, query: string, headers: Record<string, string> = {}) => {
    const response = await fetch(`${app.url}${path}?${query}`, { headers })
    const { tookMs: _, ...body } = await response.json()
    const {
      date: __,
      "x-request-id": id,
      "content-length": ___,
      ...rest
    } = Object.fromEntries(response.headers)
    return { status: response.status, body, id, headers: rest }
  }

  it.each([
    "",
    "q=ana",
    "q=K%C3%B6hler&limit=1",
    "platform=tiktok&platform=x&sort=followers&order=asc",
    "country=de&category=food&followersMin=1&followersMax=6&engagementMin=0",
    "language=de&tier=starter&verified=true",
    "q=%F0%9F%8D%95+anna",
    "q=a+b%26c%3D",
    "limit=0",
    "limit=2&limit=3",
    "platform=myspace&followersMin=-1",
    "verified=perhaps",
    "cursor=nonsense",
    "q=%",
    "q=%00",
    `q=${"a".repeat(513)}`,
    "Q=anna",
    "__proto__=x"
  ])("answers %j as the long way does", async (query) => {
    for (const path of ["/search", "/v1/search"]) {
      const headers = { "x-request-id": "mine-1" }
      assert.deepStrictEqual(await answer(path, query, headers), await answer(path, longWay(query), headers))
    }
  })

  it("is counted, and refuses foreigners", async () => {
    const count = async () => {
      const text = await (await fetch(`${app.url}/metrics`)).text()
      const line = text
        .split("\n")
        .find((one) =>
          ["http_requests_total{", 'method="GET"', 'route="/search"', 'status="200"'].every((part) =>
            one.includes(part)
          )
        )
      return Number(line?.split(" ").at(-1))
    }
    const before = await count()
    assert.isAbove(before, 0)
    await fetch(`${app.url}/search?q=anna`)
    assert.strictEqual(await count(), before + 1)
    const foreign = await fetch(`${app.url}/search?q=anna`, {
      headers: { origin: "https://elsewhere.example" }
    })
    assert.strictEqual(foreign.status, 403)
  })
})
