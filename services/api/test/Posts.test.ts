import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import {
  AuthorRollupView,
  LinesAccepted,
  PostAnalysisView,
  PostsAccepted,
  PostsPage,
  PostView
} from "@influscope/domain/api/PostsApi"
import { ProfileView } from "@influscope/domain/api/ProfilesApi"
import {
  type App,
  body,
  eventually,
  importFile,
  includes,
  invalidPaths,
  postJson,
  problem,
  settled,
  startApp,
  stateProfiles
} from "./support.ts"

let app: App
beforeAll(async () => {
  app = await startApp()
})
afterAll(() => app.stop())

const at = (day: number): string => new Date(Date.UTC(2026, 1, day, 18)).toISOString()

const postOf = (author: string, key: string, day = 1, more: Readonly<Record<string, unknown>> = {}) => ({
  id: `${author.split(":")[0]}:${key}`,
  author,
  publishedAt: at(day),
  ...more
})

const pathOf = (id: string, rest = ""): string => `${app.url}/v1/posts/${encodeURIComponent(id)}${rest}`

const submit = async (value: unknown) => {
  const { accepted, ids } = await body(await postJson(app, "/v1/posts", value), PostsAccepted, 201)
  return { accepted, ids: ids.map(String) }
}

const submitLines = (
  lines: string | ReadableStream<Uint8Array>,
  headers: Readonly<Record<string, string>> = {}
) =>
  fetch(`${app.url}/v1/posts`, {
    method: "POST",
    headers: { "content-type": "application/x-ndjson", ...headers },
    body: lines
  })

const get = async (id: string) => body(await fetch(pathOf(id)), PostView)

const analysisOf = (id: string) =>
  eventually(async () => body(await fetch(pathOf(id, "/analysis")), PostAnalysisView))

const pageOf = async (author: string, query = "") =>
  body(await fetch(`${app.url}/v1/users/${encodeURIComponent(author)}/posts?${query}`), PostsPage)

const idsOf = async (author: string, limit: number): Promise<ReadonlyArray<string>> => {
  const ids: Array<string> = []
  let cursor = ""
  do {
    const page = await pageOf(author, `limit=${limit}${cursor}`)
    ids.push(...page.posts.map(({ id }) => id))
    cursor = page.nextCursor === null ? "" : `&cursor=${encodeURIComponent(page.nextCursor)}`
  } while (cursor !== "")
  return ids
}

describe("POST /v1/posts", () => {
  it("stores a post before it answers, and analyses it soon after", async () => {
    const given = {
      ...postOf("youtube:ana", "dQw4w9WgXcQ", 1),
      observedAt: at(3),
      title: "Ten mistakes",
      text: "Everything you should know about brewing coffee at home. #Coffee @bo https://a.bc/x ☕",
      url: "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
      media: "video",
      metrics: { likes: 90, comments: 10, views: 1_000 }
    }
    assert.deepStrictEqual(await submit(given), { accepted: 1, ids: [given.id] })
    const stored = await get(given.id)
    assert.deepStrictEqual(
      { ...stored, analysis: null },
      {
        ...given,
        platform: "youtube",
        publishedAt: new Date(given.publishedAt),
        observedAt: new Date(given.observedAt),
        metrics: { ...given.metrics, shares: null, saves: null, impressions: null, reach: null },
        analysis: null
      }
    )
    const analysis = await analysisOf(given.id)
    includes(analysis, {
      post: given.id,
      words: 11,
      sentences: 2,
      hashtags: ["coffee"],
      mentions: ["bo"],
      links: ["https://a.bc/x"],
      emoji: 1,
      language: "en"
    })
    assert.strictEqual(analysis.engagement.rate, 10)
    assert.deepStrictEqual((await get(given.id)).analysis, analysis)
  })

  it("makes an id of the address, or of what is said, and the same one each time", async () => {
    const known = { author: "instagram:ana", publishedAt: at(1), url: "https://www.instagram.com/p/CxYz_-1/" }
    assert.deepStrictEqual((await submit(known)).ids, ["instagram:CxYz_-1"])
    const plain = { author: "instagram:ana", publishedAt: at(2), text: "Hi" }
    const first = await submit({ posts: [plain, { ...plain, text: "Ho" }] })
    const second = await submit({ posts: [{ ...plain, metrics: { likes: 3 } }] })
    assert.strictEqual(new Set(first.ids).size, 2)
    assert.strictEqual(second.ids[0], first.ids[0])
    assert.strictEqual((await get(first.ids[0] ?? "")).metrics.likes, 3)
  })

  it("lets the statement observed last stand, whatever the order they come in", async () => {
    const early = postOf("x:eve", "1", 1, { observedAt: at(5), metrics: { likes: 5 } })
    const late = postOf("x:eve", "1", 1, { observedAt: at(6), metrics: { likes: 9 } })
    await submit({ posts: [late, early] })
    await submit(early)
    const stored = await get("x:1")
    assert.strictEqual(stored.metrics.likes, 9)
    assert.deepStrictEqual(await idsOf("x:eve", 10), ["x:1"])
  })

  it.each([
    ["an author that is none", { author: "myspace:tom" }, ["author"]],
    ["an id of another platform", { id: "tiktok:1" }, ["id"]],
    ["a time in the future", { publishedAt: "2999-01-01" }, ["publishedAt"]],
    ["a time before 1970", { publishedAt: "1969-12-31" }, ["publishedAt"]],
    ["counts that are none", { metrics: { likes: -1, views: 1.5 } }, ["metrics.likes", "metrics.views"]],
    ["fields nobody knows", { likes: 5, metrics: { hearts: 5 } }, ["likes", "metrics.hearts"]],
    ["a text that is too long", { text: "x".repeat(25_001) }, ["text"]],
    ["an address that is none", { url: "javascript:alert(1)" }, ["url"]]
  ])("refuses %s, and all of its batch", async (_, wrong, paths) => {
    const good = postOf("instagram:refused", "good")
    const answer = await postJson(app, "/v1/posts", {
      posts: [good, { ...postOf("instagram:refused", "bad"), ...wrong }]
    })
    const found = await invalidPaths(answer)
    assert.deepStrictEqual([...found].sort(), paths.map((path) => `posts.1.${path}`).sort())
    await problem(await fetch(pathOf(good.id)), 404, "not-found")
  })

  it("takes 500 posts and not one more", async () => {
    const posts = Array.from({ length: 501 }, (_, place) =>
      postOf("tiktok:many", String(place), 1 + (place % 27))
    )
    assert.deepStrictEqual(await invalidPaths(await postJson(app, "/v1/posts", { posts })), ["posts"])
    assert.strictEqual((await submit({ posts: posts.slice(1) })).accepted, 500)
    await settled(app)
    assert.strictEqual((await idsOf("tiktok:many", 100)).length, 500)
  })

  it("cleans what no reader sees, and keeps what would break a page", async () => {
    const text = "a\u0000b\u001b[31m\ud800c\r\nd <script>alert(1)</script> ' OR 1=1 --"
    await submit(postOf("instagram:evil", "evil", 1, { text }))
    assert.strictEqual(
      (await get("instagram:evil")).text,
      "ab[31m\ufffdc\nd <script>alert(1)</script> ' OR 1=1 --"
    )
  })
})

describe("Idempotency-Key", () => {
  const send = (key: string, value: unknown) =>
    fetch(`${app.url}/v1/posts`, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": key },
      body: JSON.stringify(value)
    })

  it("makes a request the same request, of the same moment", async () => {
    const given = postOf("instagram:key", "k1")
    const first = await body(await send("one", given), PostsAccepted, 201)
    const { observedAt } = await get(given.id)
    assert.deepStrictEqual(await body(await send("one", given), PostsAccepted, 201), first)
    assert.deepStrictEqual((await get(given.id)).observedAt, observedAt)
    await submit(given)
    assert.isAbove((await get(given.id)).observedAt.getTime(), observedAt.getTime())
  })

  it("does not bring back what was removed since", async () => {
    const given = postOf("instagram:key", "k2")
    await send("two", given)
    assert.strictEqual((await fetch(pathOf(given.id), { method: "DELETE" })).status, 204)
    assert.strictEqual((await send("two", given)).status, 201)
    await problem(await fetch(pathOf(given.id)), 404, "not-found")
  })

  it("is refused with another body, and when it is none", async () => {
    await send("three", postOf("instagram:key", "k3"))
    await problem(await send("three", postOf("instagram:key", "k4")), 409, "conflict")
    assert.deepStrictEqual(await invalidPaths(await send("x".repeat(201), postOf("instagram:key", "k5"))), [
      "idempotency-key"
    ])
  })
})

describe("JSON Lines", () => {
  it("are stored but for those that are wrong, which are told line by line", async () => {
    const lines = [
      JSON.stringify(postOf("twitch:lines", "1")),
      "",
      "{not json",
      JSON.stringify({ ...postOf("twitch:lines", "2"), publishedAt: "yesterday", likes: 1 }),
      "[]",
      `"${"x".repeat(600_000)}"`,
      JSON.stringify(postOf("twitch:lines", "3"))
    ]
    const report = await body(await submitLines(lines.join("\n")), LinesAccepted, 201)
    assert.deepStrictEqual([report.accepted, report.refused], [2, 4])
    assert.deepStrictEqual(
      report.refusals.map(({ errors, line }) => [line, errors.map(({ path }) => path).sort()]),
      [
        [3, ["line"]],
        [4, ["likes", "publishedAt"]],
        [5, ["body"]],
        [6, ["line"]]
      ]
    )
    assert.deepStrictEqual([...(await idsOf("twitch:lines", 10))].sort(), ["twitch:1", "twitch:3"])
  })

  it("may be many more than a batch, in pieces of any size, and an author's are paged in order", async () => {
    const total = 3_000
    const text = Array.from({ length: total }, (_, place) =>
      JSON.stringify({
        ...postOf("tiktok:stream", String(place).padStart(5, "0"), 1),
        publishedAt: new Date(Date.UTC(2026, 0, 1) + Math.floor(place / 3) * 60_000).toISOString(),
        text: `Post ${place} 日本 #t${place % 7}`
      })
    ).join("\n")
    const bytes = new TextEncoder().encode(text)
    let sent = 0
    const pieces = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        if (sent >= bytes.length) return controller.close()
        controller.enqueue(bytes.subarray(sent, sent + 10_007))
        sent += 10_007
      }
    })
    const report = await body(await submitLines(pieces), LinesAccepted, 201)
    assert.deepStrictEqual(report, { accepted: total, refused: 0, refusals: [] })
    const ids = await idsOf("tiktok:stream", 97)
    const expected = Array.from({ length: total }, (_, place) => place)
      .sort((a, b) => Math.floor(b / 3) - Math.floor(a / 3) || b - a)
      .map((place) => `tiktok:${String(place).padStart(5, "0")}`)
    assert.deepStrictEqual(ids, expected)
    const { topics } = await settled(app)
    assert.strictEqual(topics.find(({ topic }) => topic === "posts.submitted")?.deadLettered, 0)
    const last = await get("tiktok:02999")
    assert.deepStrictEqual(last.analysis?.hashtags, ["t3"])
  })

  it("tell a thousand of many refusals", async () => {
    const report = await body(await submitLines("?\n".repeat(2_500)), LinesAccepted, 201)
    assert.deepStrictEqual([report.accepted, report.refused, report.refusals.length], [0, 2_500, 1_000])
  })
})

describe("an author's posts", () => {
  it("are none of an author that nobody knows", async () => {
    assert.deepStrictEqual(await pageOf("instagram:nobody_at_all"), { posts: [], nextCursor: null })
    const answer = await fetch(`${app.url}/v1/users/instagram%3Anobody_at_all/posts/rollup`)
    await problem(answer, 404, "not-found")
  })

  it("are not paged by the cursor of another author, or by none", async () => {
    await submit({ posts: [1, 2].map((day) => postOf("instagram:cursor", `c${day}`, day)) })
    await submit({ posts: [1, 2].map((day) => postOf("instagram:other", `o${day}`, day)) })
    const { nextCursor } = await pageOf("instagram:cursor", "limit=1")
    const asked = (cursor: string) =>
      fetch(`${app.url}/v1/users/instagram%3Aother/posts?limit=1&cursor=${encodeURIComponent(cursor)}`)
    assert.deepStrictEqual(await invalidPaths(await asked(nextCursor ?? "")), ["cursor"])
    assert.deepStrictEqual(await invalidPaths(await asked("nonsense")), ["cursor"])
  })

  it("are rolled up, and their profile shows it", async () => {
    await stateProfiles(app, [{ platform: "instagram", handle: "rolled", followers: 1_000, country: "DE" }])
    const posts = [1, 2, 3, 4, 5, 6].map((day) =>
      postOf("instagram:rolled", `r${day}`, day, {
        observedAt: at(20),
        text: `Day ${day} #berlin`,
        metrics: { likes: 10 * day, comments: 0 }
      })
    )
    await submit({ posts })
    const rollup = await eventually(async () => {
      const answer = await fetch(`${app.url}/v1/users/Instagram%3A%40Rolled/posts/rollup`)
      return body(answer, AuthorRollupView)
    })
    includes(rollup, {
      author: "instagram:rolled",
      posts: 6,
      postsPerWeek: 7,
      zone: "Europe/Berlin"
    })
    assert.strictEqual(rollup.medianEngagement?.rate, 3.5)
    assert.deepStrictEqual(rollup.hashtags, [{ tag: "berlin", posts: 6 }])
    assert.deepStrictEqual(new Set(rollup.hours.map(({ hour }) => hour)), new Set([19]))
    await eventually(async () => {
      const profile = await body(await fetch(`${app.url}/v1/profiles/instagram%3Arolled`), ProfileView)
      assert.deepStrictEqual(
        [profile.postsPerWeek, profile.medianEngagement, profile.topHashtags],
        [7, 3.5, ["berlin"]]
      )
    })
  })
})

describe("DELETE /v1/posts/{id}", () => {
  it("removes a post once, from everywhere", async () => {
    await submit({ posts: [1, 2].map((day) => postOf("instagram:gone", `g${day}`, day)) })
    assert.strictEqual((await fetch(pathOf("instagram:g1"), { method: "DELETE" })).status, 204)
    await problem(await fetch(pathOf("instagram:g1")), 404, "not-found")
    await problem(await fetch(pathOf("instagram:g1", "/analysis")), 404, "not-found")
    await problem(await fetch(pathOf("instagram:g1"), { method: "DELETE" }), 404, "not-found")
    assert.deepStrictEqual(await idsOf("instagram:gone", 10), ["instagram:g2"])
    assert.deepStrictEqual(await invalidPaths(await fetch(pathOf("nothing"), { method: "DELETE" })), ["id"])
  })
})

describe("an import of posts", () => {
  it("reads a table, and again with newer figures", async () => {
    const table = (likes: number) =>
      [
        "post_id,username,posted_at,caption,likes,comments",
        `a1,@Imported,2026-01-31 10:00,"Hello, #world",${likes},1`,
        "a2,@Imported,2026-02-01 10:00,More,2,1",
        "a3,,2026-02-01 10:00,nobody,2,1"
      ].join("\n")
    const query = (day: string) => `kind=posts&platform=instagram&file=posts.csv&observedAt=${day}`
    const first = await importFile(app, query("2026-02-02"), table(5))
    assert.deepStrictEqual([first.state, first.failure, first.kind], ["done", null, "posts"])
    assert.deepInclude(first.report, { rows: 3, imported: 2, updated: 0, unchanged: 0, rejected: 1 })
    assert.deepStrictEqual((await get("instagram:a1")).analysis?.hashtags, ["world"])
    const second = await importFile(app, query("2026-02-03"), table(6))
    assert.deepInclude(second.report, { rows: 3, imported: 0, updated: 1, unchanged: 1, rejected: 1 })
    assert.strictEqual((await get("instagram:a1")).metrics.likes, 6)
    const refused = await fetch(`${app.url}/v1/imports?kind=posts&source=me`, {
      method: "POST",
      body: table(1)
    })
    assert.deepStrictEqual(await invalidPaths(refused), ["source"])
  })
})
