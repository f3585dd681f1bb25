import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Audit, DiscoveryJob } from "@influscope/domain/api/OperationsApi"
import { BatchAccepted, type GivenProfile, ProfileView } from "@influscope/domain/api/ProfilesApi"
import {
  type App,
  body,
  eventually,
  includes,
  invalidPaths,
  postJson,
  problem,
  search,
  settled,
  startApp,
  stateProfiles
} from "./support.ts"

let app: App
beforeAll(async () => {
  app = await startApp()
})
afterAll(() => app?.stop())

const address = (id: string): string => `${app.url}/v1/profiles/${encodeURIComponent(id)}`
const view = async (id: string) => body(await fetch(address(id)), ProfileView)
const remove = (id: string) => fetch(address(id), { method: "DELETE" })
const sent = async (): Promise<number> => {
  const { topics } = await body(await fetch(`${app.url}/v1/audit`), Audit)
  return topics.reduce((sum, topic) => sum + topic.sent, 0)
}

describe("stating profiles", () => {
  it("makes them searchable under normal ids", async () => {
    const accepted = await stateProfiles(app, [
      { platform: "instagram", handle: "@NatGeo", name: "National Geographic", followers: 1_000 },
      { platform: "tiktok", handle: " spaced ", name: "Spaced" },
      { platform: "x", handle: "ÅNGSTRÖM" }
    ])
    assert.strictEqual(accepted.accepted, 3)
    assert.deepStrictEqual(accepted.ids.map(String), ["instagram:natgeo", "tiktok:spaced", "x:ångström"])
    assert.strictEqual((await search(app, "q=national")).hits[0]?.id, "instagram:natgeo")
    const { topics } = await settled(app)
    assert.strictEqual(topics[0]?.applied, 3)
  })

  it("names every wrong field of every entry and takes nothing of the batch", async () => {
    const before = await sent()
    const response = await postJson(app, "/v1/profiles", {
      observedAt: "yesterday",
      profiles: [
        { platform: "x", handle: "fine-but-unlucky" },
        { platform: "myspace", handle: "" },
        { platform: "x", handle: "b", followers: -1, country: "xx", language: "EN", categories: ["", 1] },
        { platform: "x", handle: "c", bio: "b".repeat(5_001), observedAt: "nope", verified: "yes" },
        { handle: "d", avgLikes: "12", name: null, avatarKey: "avatars/mine" },
        "not a profile"
      ]
    })
    const paths = await invalidPaths(response)
    assert.sameMembers(
      [...paths],
      [
        "observedAt",
        "profiles.1.platform",
        "profiles.1.handle",
        "profiles.2.followers",
        "profiles.2.country",
        "profiles.2.language",
        "profiles.2.categories.0",
        "profiles.2.categories.1",
        "profiles.3.bio",
        "profiles.3.observedAt",
        "profiles.3.verified",
        "profiles.4.platform",
        "profiles.4.avgLikes",
        "profiles.4.name",
        "profiles.4.avatarKey",
        "profiles.5"
      ]
    )
    const cases: ReadonlyArray<readonly [string, ReadonlyArray<string>]> = [
      ["a/b", ["profiles.1.handle"]],
      ["two words", ["profiles.1.handle"]],
      ["colon:", ["profiles.1.handle"]],
      ["nul\0", ["profiles.1.handle"]],
      ["\ud800", ["profiles.1.handle"]],
      ["@", ["profiles.1.handle"]],
      ["h".repeat(101), ["profiles.1.handle"]]
    ]
    for (const [handle, expected] of cases) {
      const profiles = [
        { platform: "x", handle: "fine-but-unlucky" },
        { platform: "x", handle }
      ]
      assert.deepStrictEqual(
        await invalidPaths(await postJson(app, "/v1/profiles", { profiles })),
        expected,
        handle
      )
    }
    assert.strictEqual(await sent(), before)
    await problem(await fetch(address("x:fine-but-unlucky")), 404, "not-found")
  })

  it("takes 1 to 500 at a time, long texts included", async () => {
    const many = (count: number): ReadonlyArray<typeof GivenProfile.Encoded> =>
      Array.from({ length: count }, (_, at) => ({
        platform: "linkedin" as const,
        handle: `long-${at}`,
        bio: `${at} ${"wörter ".repeat(300)}`
      }))
    assert.deepStrictEqual(await invalidPaths(await postJson(app, "/v1/profiles", { profiles: many(501) })), [
      "profiles"
    ])
    const none = await invalidPaths(await postJson(app, "/v1/profiles", { profiles: [] }))
    assert.deepStrictEqual(none, ["profiles.0"])
    const accepted = await body(
      await postJson(app, "/v1/profiles", { profiles: many(500) }),
      BatchAccepted,
      202
    )
    assert.strictEqual(accepted.accepted, 500)
    await eventually(async () =>
      assert.strictEqual((await search(app, "platform=linkedin&limit=1")).total, 500)
    )
  })

  it("says for every figure who said it and when, and lets nothing older win", async () => {
    const at = (day: number) => `2026-03-0${day}T00:00:00.000Z`
    const state = (source: string, day: number, fields: object) =>
      stateProfiles(app, [{ platform: "youtube", handle: "provenance", ...fields }], {
        source,
        observedAt: at(day)
      })
    await state("first", 2, { followers: 100, name: "First", bio: "kept" })
    await state("second", 3, { followers: 200, name: "Second" })
    await settled(app)
    await state("late", 1, { followers: 50, name: "Late" })
    await settled(app)
    const profile = await view("youtube:provenance")
    includes(profile, { followers: 200, name: "Second", bio: "kept", tier: "starter" })
    assert.deepStrictEqual(profile.provenance, {
      followers: { source: "second", observedAt: new Date(at(3)) },
      name: { source: "second", observedAt: new Date(at(3)) },
      bio: { source: "first", observedAt: new Date(at(2)) }
    })
    assert.deepStrictEqual(profile.observedAt, new Date(at(3)))
  })

  it("lets the entry's own time win over the batch's, and repeats in one batch follow each other", async () => {
    await stateProfiles(
      app,
      [
        { platform: "x", handle: "own-time", name: "one", observedAt: "2026-05-01" },
        { platform: "x", handle: "own-time", name: "two", observedAt: "2026-05-02" },
        { platform: "x", handle: "Own-Time", bio: "three" }
      ],
      { observedAt: "2020-01-01", source: "batch" }
    )
    const profile = await view("x:own-time")
    assert.strictEqual(profile.name, "two")
    assert.deepStrictEqual(profile.provenance["name"]?.observedAt, new Date("2026-05-02"))
  })

  it("keeps every text as it was given", async () => {
    const texts = [
      "<b>bold</b>",
      "nul \0 byte",
      "half \ud83d pair",
      "zażółć 🏔️ 漢字 \u202e",
      "",
      "x".repeat(5_000)
    ]
    for (const [at, text] of texts.entries()) {
      await stateProfiles(app, [{ platform: "x", handle: `text-${at}`, name: text, bio: text, url: text }])
      const profile = await view(`x:text-${at}`)
      assert.strictEqual(profile.name, text)
      assert.strictEqual(profile.bio, text)
      assert.strictEqual(profile.url, text)
    }
  })

  it("loses none of many batches sent at once", async () => {
    const batches = Array.from({ length: 30 }, (_, batch) =>
      Array.from({ length: 20 }, (_, at) => ({ platform: "twitch" as const, handle: `rush-${batch}-${at}` }))
    )
    await Promise.all(
      batches.map(async (profiles) =>
        body(await postJson(app, "/v1/profiles", { profiles }), BatchAccepted, 202)
      )
    )
    await eventually(async () =>
      assert.strictEqual((await search(app, "platform=twitch&limit=1")).total, 600)
    )
  })
})

describe("one profile", () => {
  it("is found by its id in any case, with or without @", async () => {
    await stateProfiles(app, [{ platform: "instagram", handle: "Mixed.Case_1" }])
    for (const id of [
      "instagram:mixed.case_1",
      "Instagram:Mixed.Case_1",
      "INSTAGRAM:MIXED.CASE_1",
      "instagram:@mixed.case_1"
    ])
      assert.strictEqual((await view(id)).id, "instagram:mixed.case_1", id)
    const raw = await fetch(`${app.url}/v1/profiles/instagram:mixed.case_1`)
    assert.strictEqual((await body(raw, ProfileView)).handle, "mixed.case_1")
  })

  it("has an address whatever its handle is made of", async () => {
    const handles = [
      "a%2fb",
      "100%",
      "%zz",
      "a&b=c;d",
      "..",
      "a+b",
      "quote\"'`",
      "<script>",
      "日本語アカウント",
      "🏔️",
      "ñandú",
      "a,b@c!$()*",
      "İstanbul",
      "ß".repeat(100),
      "ب".repeat(100),
      "h".repeat(100),
      "__proto__"
    ]
    for (const handle of handles) {
      const { ids } = await stateProfiles(app, [{ platform: "instagram", handle }])
      const id = ids[0] ?? ""
      assert.strictEqual((await view(id)).id, id)
      assert.strictEqual((await remove(id)).status, 204, handle)
      await problem(await fetch(address(id)), 404, "not-found")
    }
  })

  it("is told apart from what is no id", async () => {
    const { detail } = await problem(await fetch(address("x:not-there")), 404, "not-found")
    assert.include(detail, "x:not-there")
    for (const id of ["nonsense", "x:", ":a", "facebook:a", "x:a b", "x:a:b", `x:${"a".repeat(101)}`, "x"]) {
      for (const path of [address(id), `${address(id)}/avatar`])
        assert.deepStrictEqual(await invalidPaths(await fetch(path)), ["id"], path)
      assert.deepStrictEqual(await invalidPaths(await remove(id)), ["id"], id)
    }
  })

  it("is forgotten when it is removed, until somebody states it again", async () => {
    const state = (name: string) =>
      stateProfiles(app, [{ platform: "x", handle: "phoenix", name, bio: name }])
    await state("before")
    const gone = await remove("X:Phoenix")
    assert.strictEqual(gone.status, 204)
    assert.strictEqual(await gone.text(), "")
    await problem(await fetch(address("x:phoenix")), 404, "not-found")
    await problem(await remove("x:phoenix"), 404, "not-found")
    await problem(await fetch(`${address("x:phoenix")}/avatar`), 404, "not-found")
    assert.strictEqual((await search(app, "q=phoenix&platform=x")).total, 0)
    await state("after")
    assert.strictEqual((await view("x:phoenix")).name, "after")
    assert.strictEqual((await search(app, "q=phoenix&platform=x")).total, 1)
  })
})

describe("avatars", () => {
  it("are pictures and nothing else to a browser", async () => {
    const started = await body(
      await postJson(app, "/v1/discoveries", { count: 3, seed: 5 }),
      DiscoveryJob,
      202
    )
    await eventually(async () => {
      const job = await body(await fetch(`${app.url}/v1/discoveries/${started.id}`), DiscoveryJob)
      assert.strictEqual(job.state, "done")
    })
    const withAvatar = (await search(app, "limit=100&sort=recency")).hits.flatMap(({ avatarUrl }) =>
      avatarUrl === null ? [] : [avatarUrl]
    )
    assert.strictEqual(withAvatar.length, 3)
    for (const path of withAvatar) {
      const response = await fetch(`${app.url}${path}`)
      assert.strictEqual(response.status, 200)
      assert.strictEqual(response.headers.get("content-type"), "image/png")
      assert.strictEqual(response.headers.get("x-content-type-options"), "nosniff")
      assert.include(response.headers.get("content-security-policy") ?? "", "default-src 'self'")
      const bytes = await response.bytes()
      assert.deepStrictEqual([...bytes.subarray(0, 8)], [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
    }
  })

  it("are missing where nobody gave one", async () => {
    await stateProfiles(app, [{ platform: "x", handle: "faceless" }])
    assert.isNull((await view("x:faceless")).avatarUrl)
    const { detail } = await problem(await fetch(`${address("x:faceless")}/avatar`), 404, "not-found")
    assert.include(detail, "x:faceless")
  })
})
