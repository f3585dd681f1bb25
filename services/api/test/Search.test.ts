import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import type { GivenProfile } from "@influscope/domain/api/ProfilesApi"
import type { Facets, SearchHit } from "@influscope/domain/Search"
import {
  type App,
  eventually,
  includes,
  invalidPaths,
  postJson,
  search,
  startApp,
  stateProfiles
} from "./support.ts"

type Given = typeof GivenProfile.Encoded

/** A small world whose every figure is known. */
const world: ReadonlyArray<Given> = [
  {
    platform: "instagram",
    handle: "alpenkoch",
    name: "Alma Bergström",
    bio: "Recipes from the Alps, every Sunday 🏔️ and more recipes",
    categories: ["Food", "Travel"],
    country: "CH",
    language: "de",
    verified: true,
    followers: 250_000,
    avgLikes: 5_000,
    avgComments: 0
  },
  {
    platform: "instagram",
    handle: "bergziege",
    name: "Berta Ziegler",
    bio: "Climbing",
    categories: ["Sports", "Travel"],
    country: "AT",
    language: "de",
    verified: false,
    followers: 20_000,
    avgLikes: 1_000,
    avgComments: 0
  },
  {
    platform: "tiktok",
    handle: "cookwithcarlo",
    name: "Carlo Cucina",
    bio: "Easy recipes",
    categories: ["Food"],
    country: "IT",
    language: "it",
    verified: true,
    followers: 1_500_000
  },
  {
    platform: "youtube",
    handle: "dronedora",
    name: "Dora 東京 Drone",
    bio: "飛行機と写真",
    categories: ["Photography", "Travel"],
    country: "JP",
    language: "ja",
    followers: 5_000
  },
  { platform: "x", handle: "emptyemil" }
]

let app: App
beforeAll(async () => {
  app = await startApp()
  await stateProfiles(app, world)
})
afterAll(() => app?.stop())

const handles = async (query: string): Promise<ReadonlyArray<string>> =>
  (await search(app, query)).hits.map(({ handle }) => handle)

const counts = (facet: Facets[keyof Facets]): Record<string, number> =>
  Object.fromEntries(facet.map(({ count, value }) => [value, count]))

describe("search", () => {
  it("answers the same at both addresses, apart from the time it took", async () => {
    for (const query of ["", "q=recipes", "q=alma&platform=instagram&limit=1", "sort=followers&order=asc"]) {
      const [short, long] = await Promise.all(
        ["/search", "/v1/search"].map(async (path) => {
          const found: Record<string, unknown> = await (await fetch(`${app.url}${path}?${query}`)).json()
          const { tookMs, ...rest } = found
          assert.isAtLeast(Number(tookMs), 0)
          assert.isBelow(Number(tookMs), 60_000)
          return rest
        })
      )
      assert.deepStrictEqual(short, long)
    }
  })

  it("browses everything without a text", async () => {
    for (const query of ["", "q=", "q=%20%20", "q=%21%3F"]) {
      const { hits, total } = await search(app, query)
      assert.strictEqual(total, world.length, query)
      assert.strictEqual(hits.length, world.length)
      assert.isTrue(hits.every(({ highlights }) => highlights.length === 0))
    }
  })

  it("shows what is known of a profile, and null for what is not", async () => {
    const [alma] = (await search(app, "q=alpenkoch")).hits
    includes(alma, {
      id: "instagram:alpenkoch",
      platform: "instagram",
      name: "Alma Bergström",
      categories: ["Food", "Travel"],
      country: "CH",
      language: "de",
      verified: true,
      followers: 250_000,
      engagementRate: 2,
      tier: "mid",
      avatarUrl: null
    })
    const [emil] = (await search(app, "q=emptyemil")).hits
    includes(emil, {
      name: null,
      bio: null,
      categories: [],
      country: null,
      language: null,
      verified: null,
      followers: null,
      engagementRate: null,
      growth30: null,
      tier: null
    })
  })

  it("finds beginnings, misspellings, words without their accents and other scripts", async () => {
    for (const q of ["alpenk", "Alma", "bergstrom", "BERGSTRÖM", "bergstorm", "recipies alps"])
      assert.strictEqual((await handles(`q=${encodeURIComponent(q)}`))[0], "alpenkoch", q)
    assert.deepStrictEqual(await handles(`q=${encodeURIComponent("写真")}`), ["dronedora"])
    assert.deepStrictEqual(await handles("q=nobodyiscalledthis"), [])
  })

  it("takes values of one filter as alternatives and filters as restrictions", async () => {
    const cases: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [
      ["platform=tiktok", ["cookwithcarlo"]],
      ["platform=tiktok&platform=youtube", ["cookwithcarlo", "dronedora"]],
      ["category=food", ["alpenkoch", "cookwithcarlo"]],
      ["category=FOOD&category=photography", ["alpenkoch", "cookwithcarlo", "dronedora"]],
      ["category=travel&platform=instagram", ["alpenkoch", "bergziege"]],
      ["country=ch&country=AT", ["alpenkoch", "bergziege"]],
      ["language=DE&verified=false", ["bergziege"]],
      ["verified=true", ["alpenkoch", "cookwithcarlo"]],
      ["tier=mega&tier=mid", ["alpenkoch", "cookwithcarlo"]],
      ["followersMin=20000&followersMax=250000", ["alpenkoch", "bergziege"]],
      ["followersMin=250001", ["cookwithcarlo"]],
      ["followersMax=0", []],
      ["engagementMin=2&engagementMax=2", ["alpenkoch"]],
      ["engagementMin=2.5", ["bergziege"]],
      ["growth30Min=-100", []],
      ["q=recipes&verified=true&country=IT", ["cookwithcarlo"]],
      ["platform=x&verified=true", []]
    ]
    for (const [query, expected] of cases) {
      const { hits, total } = await search(app, query)
      assert.sameMembers(
        hits.map(({ handle }) => handle),
        [...expected],
        query
      )
      assert.strictEqual(total, expected.length, query)
    }
  })

  it("sorts by what is asked, with the unknown last either way", async () => {
    const byFollowers = ["cookwithcarlo", "alpenkoch", "bergziege", "dronedora", "emptyemil"]
    assert.deepStrictEqual(await handles("sort=followers"), byFollowers)
    assert.deepStrictEqual(await handles("sort=followers&order=asc"), [
      "dronedora",
      "bergziege",
      "alpenkoch",
      "cookwithcarlo",
      "emptyemil"
    ])
    assert.deepStrictEqual((await handles("sort=engagement")).slice(0, 2), ["bergziege", "alpenkoch"])
    for (const sort of ["recency", "growth"])
      assert.strictEqual((await handles(`sort=${sort}`)).length, world.length)
  })

  it("counts a facet as if its own filter were not set", async () => {
    const { facets } = await search(app, "platform=instagram&category=food")
    assert.deepStrictEqual(counts(facets.platform), { instagram: 1, tiktok: 1 })
    assert.deepStrictEqual(counts(facets.category), { food: 1, travel: 2, sports: 1 })
    assert.deepStrictEqual(counts(facets.country), { CH: 1 })
    assert.deepStrictEqual(counts(facets.tier), { mid: 1 })
    assert.deepStrictEqual(counts(facets.verified), { true: 1 })
    const all = (await search(app, "")).facets
    assert.deepStrictEqual(counts(all.platform), { instagram: 2, tiktok: 1, youtube: 1, x: 1 })
    assert.deepStrictEqual(counts(all.language), { de: 2, it: 1, ja: 1 })
  })

  it("points at what matched, in the text as it is shown", async () => {
    const marked = (hit: SearchHit): ReadonlyArray<string> =>
      hit.highlights.map(({ end, field, index, start }) => {
        const text = field === "categories" ? hit.categories[index ?? -1] : hit[field]
        assert.isDefined(text)
        return `${field}: ${text?.slice(start, end)}`
      })
    const cases: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [
      ["bergstrom", ["name: Bergström"]],
      ["recipes", ["bio: Recipes", "bio: recipes"]],
      ["more", ["bio: more"]],
      ["food", ["categories: Food"]],
      ["alpenk", ["handle: alpenk"]]
    ]
    for (const [q, expected] of cases) {
      const hit = (await search(app, `q=${q}&platform=instagram`)).hits.find(
        ({ handle }) => handle === "alpenkoch"
      )
      assert.isDefined(hit)
      if (hit !== undefined) assert.includeMembers([...marked(hit)], [...expected], q)
    }
    const [dora] = (await search(app, `q=${encodeURIComponent("写真")}`)).hits
    assert.isDefined(dora)
    if (dora !== undefined) assert.include(marked(dora), "bio: 写真")
  })

  it("takes any text as a question", async () => {
    const hostile = [
      "'; DROP TABLE profiles; --",
      '" OR 1=1',
      "<script>alert(1)</script>",
      "../../etc/passwd",
      "%%%",
      "\\",
      "((((((",
      "a* OR b~2 AND NOT (c",
      "\0\x01\x1b[31m",
      "👩‍👩‍👧‍👦".repeat(40),
      `e${"\u0301".repeat(500)}`,
      "\u202e\u200b\ufeff",
      "a".repeat(512),
      "a ".repeat(256),
      "漢".repeat(512),
      "__proto__ constructor toString",
      "NaN Infinity null undefined"
    ]
    for (const q of hostile) {
      const { hits, total } = await search(app, `q=${encodeURIComponent(q)}`)
      assert.isAtMost(hits.length, total)
    }
    assert.deepStrictEqual(await invalidPaths(await fetch(`${app.url}/search?q=${"a".repeat(513)}`)), ["q"])
    assert.strictEqual((await search(app, `category=${encodeURIComponent("'\"<\0")}`)).total, 0)
  })

  it("refuses filters that cannot be, by name", async () => {
    const wrong = [
      "limit=0",
      "limit=101",
      "limit=-1",
      "limit=1.5",
      "limit=",
      "limit=ten",
      "sort=nonsense",
      "order=up",
      "verified=1",
      "followersMin=-1",
      "followersMin=many",
      "followersMax=Infinity",
      "followersMax=1e999",
      "engagementMin=NaN",
      "growth30Min=much"
    ]
    for (const query of wrong) {
      const paths = await invalidPaths(await fetch(`${app.url}/search?${query}`))
      assert.deepStrictEqual(paths, [query.replace(/=.*/, "")], query)
    }
    for (const query of ["platform=facebook", "country=CHE", "country=1", "language=g", "tier=huge"]) {
      const paths = await invalidPaths(await fetch(`${app.url}/search?${query}`))
      assert.deepStrictEqual(paths, [`${query.split("=")[0]}.0`], query)
    }
    const many = Array.from({ length: 101 }, () => "category=a").join("&")
    assert.deepStrictEqual(await invalidPaths(await fetch(`${app.url}/search?${many}`)), ["category"])
  })
})

describe("paging", () => {
  const crowd = (from: number, count: number): ReadonlyArray<Given> =>
    Array.from({ length: count }, (_, at) => ({
      platform: "twitch" as const,
      handle: `crowd${from + at}`,
      // Many with equal figures, so that pages also break within a tie.
      followers: Math.floor((from + at) / 10) * 100
    }))

  beforeAll(() => stateProfiles(app, crowd(0, 250)))

  const pages = async (query: string, between: () => Promise<unknown> = async () => {}) => {
    const ids: Array<string> = []
    let cursor: string | null = ""
    while (cursor !== null) {
      const page = await search(
        app,
        `${query}${cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`}`
      )
      assert.isTrue(page.hits.length > 0 || page.nextCursor === null)
      ids.push(...page.hits.map(({ id }) => id))
      cursor = page.nextCursor
      if (cursor !== null) await between()
    }
    assert.strictEqual(new Set(ids).size, ids.length, `${query}: nobody twice`)
    return ids
  }

  it("gives pages of 1 to 100", async () => {
    assert.strictEqual((await search(app, "platform=twitch&limit=1")).hits.length, 1)
    assert.strictEqual((await search(app, "platform=twitch&limit=100")).hits.length, 100)
    assert.strictEqual((await search(app, "platform=twitch")).hits.length, 20)
  })

  it("visits every hit once, in every order", async () => {
    const orders = [
      "sort=followers",
      "sort=followers&order=asc",
      "sort=recency",
      "sort=engagement",
      "q=crowd",
      ""
    ]
    for (const order of orders) {
      assert.strictEqual((await pages(`platform=twitch&limit=37&${order}`)).length, 250, order)
    }
    assert.strictEqual((await pages("platform=twitch&limit=1&followersMax=200")).length, 30)
    assert.strictEqual(
      (await pages("platform=twitch&limit=100&followersMax=900")).length,
      100,
      "a full last page"
    )
  })

  it("visits who was there at the beginning once, while others come and go", async () => {
    const before = new Set(await pages("platform=twitch&limit=100"))
    let from = 1_000
    const seen = await pages("platform=twitch&limit=20&sort=followers", async () => {
      await stateProfiles(app, crowd(from, 20))
      const gone = await fetch(`${app.url}/v1/profiles/twitch:crowd${from}`, { method: "DELETE" })
      assert.strictEqual(gone.status, 204)
      from += 20
    })
    assert.includeMembers(seen, [...before])
  })

  it("goes on with a page of another size, and not with another query", async () => {
    const first = await search(app, "platform=twitch&limit=5&sort=followers")
    const cursor = encodeURIComponent(first.nextCursor ?? "")
    const second = await search(app, `platform=twitch&limit=50&sort=followers&cursor=${cursor}`)
    assert.strictEqual(second.hits.length, 50)
    const others = [
      "platform=twitch&sort=followers&order=asc",
      "platform=twitch",
      "sort=followers",
      "platform=twitch&sort=followers&q=crowd"
    ]
    for (const query of others)
      assert.deepStrictEqual(await invalidPaths(await fetch(`${app.url}/search?${query}&cursor=${cursor}`)), [
        "cursor"
      ])
  })

  it("refuses a cursor that is not one of ours", async () => {
    const own = (await search(app, "limit=1")).nextCursor ?? ""
    const forged = Buffer.from(JSON.stringify({ f: "x", k: 1, i: "x:a", m: null })).toString("base64url")
    const wrong = [
      "garbage",
      "",
      "%00",
      "e30",
      "bnVsbA",
      forged,
      own.slice(0, -2),
      `${own}AA`,
      "A".repeat(2_000)
    ]
    for (const cursor of wrong)
      assert.deepStrictEqual(
        await invalidPaths(await fetch(`${app.url}/search?limit=1&cursor=${cursor}`)),
        ["cursor"],
        cursor
      )
    assert.deepStrictEqual(await invalidPaths(await fetch(`${app.url}/search?cursor=${"A".repeat(2_001)}`)), [
      "cursor"
    ])
  })

  it("shows a profile as it is after it was stated again", async () => {
    await postJson(app, "/v1/profiles", {
      profiles: [{ platform: "twitch", handle: "crowd0", name: "Renamed" }]
    })
    await eventually(async () => {
      const [hit] = (await search(app, "q=crowd0&platform=twitch&limit=1")).hits
      assert.strictEqual(hit?.name, "Renamed")
    })
  })
})
