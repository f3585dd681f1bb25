import { afterAll, assert, beforeAll, describe, it, vi } from "@effect/vitest"
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from "playwright-core"
import { browserArguments, browserPath, browserRequired } from "./Browser.ts"
import {
  ensemble,
  ensembleWord,
  fixtures,
  hostile,
  hostileWord,
  payloads,
  quietOne,
  restorer,
  restorerHistory
} from "./Fixtures.ts"
import { type RunningApp, startApp } from "./startApp.ts"

/** Polls until the assertions hold; the last failure is the test's. */
const eventually = (check: () => Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 10_000, interval: 25 })

const total = (page: Page, count: number): Promise<void> =>
  eventually(async () => {
    const noun = count === 1 ? "profile" : "profiles"
    assert.match(await textOf(page.locator(".summary")), new RegExp(`^${count.toLocaleString("en")} ${noun}`))
    assert.strictEqual(await page.locator(".results").getAttribute("aria-busy"), "false")
  })

const textOf = async (locator: Locator): Promise<string> => (await locator.textContent()) ?? ""

const rows = (page: Page): Locator => page.locator("a[data-hit]")
const searchBox = (page: Page): Locator => page.getByRole("searchbox")
const panel = (page: Page): Locator => page.getByRole("dialog", { name: "Profile" })
const params = (page: Page): URLSearchParams => new URL(page.url()).searchParams

const facetCount = async (page: Page, facet: string, value: string): Promise<number> => {
  const label = page.locator(`[data-facet=${facet}] label:has(input[value="${value}"])`)
  return Number((await textOf(label.locator(".count"))).replaceAll(",", ""))
}

const check = (page: Page, facet: string, value: string): Promise<void> =>
  page.locator(`[data-facet=${facet}] input[value="${value}"]`).click()

const focusedHit = (page: Page): Promise<string | undefined> =>
  page.evaluate(() =>
    document.activeElement instanceof HTMLElement ? document.activeElement.dataset["hit"] : undefined
  )

const scrollsSideways = (page: Page): Promise<boolean> =>
  page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)

const matching = (test: (profile: (typeof ensemble)[number]) => boolean): number =>
  ensemble.filter(test).length

const problem = {
  status: 503,
  contentType: "application/problem+json",
  body: JSON.stringify({
    type: "urn:influscope:problem:unavailable",
    title: "The service cannot do this now",
    status: 503,
    detail: "The index is being opened; try again in a moment."
  })
}

const noProfiles = {
  contentType: "application/json",
  body: JSON.stringify({
    total: 0,
    hits: [],
    facets: { platform: [], category: [], country: [], language: [], tier: [], verified: [] },
    nextCursor: null,
    tookMs: 0.1
  })
}

const importFixtures = async (app: RunningApp): Promise<void> => {
  const response = await fetch(`${app.url}/v1/profiles`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ source: "page-test.csv", observedAt: "2025-03-12T00:00:00Z", profiles: fixtures })
  })
  assert.strictEqual(response.status, 202, await response.text())
  const counts: ReadonlyArray<readonly [string, number]> = [
    [ensembleWord, ensemble.length],
    [hostileWord, hostile.length]
  ]
  for (const [word, count] of counts)
    await eventually(async () => {
      const answer = await fetch(`${app.url}/v1/search?q=${word}`)
      assert.propertyVal(await answer.json(), "total", count)
    })
}

const importHistory = async (app: RunningApp): Promise<void> => {
  const response = await fetch(`${app.url}/v1/points`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ points: restorerHistory })
  })
  assert.strictEqual(response.status, 202, await response.text())
  await eventually(async () => {
    const answer = await fetch(`${app.url}/v1/influencers/instagram:zephyrine.quill/tracking`)
    assert.include(await answer.json(), { latest: restorerHistory.at(-1)?.time, interval: null })
  })
}

const announceAbsence = (): void => {
  process.stderr.write(
    "No Chromium here (CHROMIUM_PATH or /usr/bin/chromium): the page is not tried in a browser.\n"
  )
}

describe("Page", () => {
  it("has a browser to be tried in, where one is required", () => {
    assert.isTrue(
      browserPath !== undefined || !browserRequired,
      "REQUIRE_BROWSER=1, but there is no Chromium"
    )
  })
})

const inBrowser = (executablePath: string) => {
  let app: RunningApp
  let browser: Browser

  beforeAll(async () => {
    app = await startApp()
    await importFixtures(app)
    await importHistory(app)
    browser = await chromium.launch({ executablePath, args: browserArguments })
  }, 120_000)

  afterAll(async () => {
    await browser?.close()
    await app?.stop()
  })

  /**
   * Opens the page, runs the steps, and then asserts that nothing ran that should not: no dialog, no exception, no
   * console error (policy violations are such errors) but for those the steps provoke.
   */
  const visit = async (
    path: string,
    steps: (page: Page) => Promise<void>,
    options: BrowserContextOptions & {
      readonly before?: (page: Page) => Promise<unknown>
      readonly provoked?: RegExp
    } = {}
  ): Promise<void> => {
    const { before, provoked, ...contextOptions } = options
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...contextOptions })
    const trouble: Array<string> = []
    const foreign: Array<string> = []
    try {
      const page = await context.newPage()
      page.on("dialog", (dialog) => {
        trouble.push(`dialog: ${dialog.message()}`)
        void dialog.dismiss()
      })
      page.on("pageerror", (error) => trouble.push(`exception: ${error.message}`))
      page.on("console", (message) => {
        if (message.type() !== "error" || provoked?.test(message.text())) return
        trouble.push(`console: ${message.text()} ${message.location().url}`)
      })
      page.on("request", (request) => {
        if (!request.url().startsWith(app.url)) foreign.push(request.url())
      })
      await before?.(page)
      await page.goto(app.url + path)
      await steps(page)
      assert.deepStrictEqual(trouble, [])
      assert.deepStrictEqual(foreign, [], "requests to others")
    } finally {
      await context.close()
    }
  }

  it("finds while one types, and says so in the address", () =>
    visit("/", async (page) => {
      await searchBox(page).pressSequentially(ensembleWord, { delay: 15 })
      await total(page, ensemble.length)
      assert.strictEqual(params(page).get("q"), ensembleWord)
      assert.match(await page.title(), new RegExp(ensembleWord))
      assert.match(await textOf(page.locator(".summary")), /\d ms$/)
    }))

  it("finds what is misspelt", () =>
    visit("/", async (page) => {
      await searchBox(page).fill("tipewriters lisbon")
      await total(page, 1)
      assert.strictEqual(await rows(page).first().getAttribute("data-hit"), "instagram:zephyrine.quill")
    }))

  it("marks the match in the text, wherever it stands", () =>
    visit("/?q=typewriters", async (page) => {
      await total(page, 1)
      assert.deepStrictEqual(await page.locator(".hit .bio mark").allInnerTexts(), ["typewriters"])
      const shown = await page.locator(".hit .bio").textContent()
      assert.isTrue(shown?.startsWith("…") && restorer.bio?.endsWith(shown.slice(1)), shown ?? "")
      await searchBox(page).fill("quillfeather")
      await eventually(async () =>
        assert.deepStrictEqual(await page.locator(".hit h3 a mark").allInnerTexts(), ["Quillfeather"])
      )
    }))

  it("narrows by several values of several facets, with counts that tell what each would give", () =>
    visit(`/?q=${ensembleWord}`, async (page) => {
      await total(page, ensemble.length)
      const tiktoks = matching(({ platform }) => platform === "tiktok")
      const youtubes = matching(({ platform }) => platform === "youtube")
      assert.strictEqual(await facetCount(page, "platform", "tiktok"), tiktoks)
      await check(page, "platform", "tiktok")
      await total(page, tiktoks)
      assert.strictEqual(
        await facetCount(page, "platform", "youtube"),
        youtubes,
        "not narrowed by its own facet"
      )
      assert.strictEqual(
        await facetCount(page, "country", "JP"),
        matching(({ platform, country }) => platform === "tiktok" && country === "JP")
      )
      await check(page, "platform", "youtube")
      await total(page, tiktoks + youtubes)
      assert.deepStrictEqual(params(page).getAll("platform"), ["tiktok", "youtube"])
      await page.getByRole("checkbox", { name: /^Japan/ }).click()
      await total(
        page,
        matching(({ platform, country }) => platform !== "instagram" && country === "JP")
      )
      await page.getByRole("button", { name: "Remove filter: TikTok" }).click()
      await total(
        page,
        matching(({ platform, country }) => platform === "youtube" && country === "JP")
      )
      assert.deepStrictEqual(params(page).getAll("platform"), ["youtube"])
      await page.getByRole("radio", { name: /^Verified/ }).click()
      await total(
        page,
        matching(
          ({ platform, country, verified }) => platform === "youtube" && country === "JP" && verified === true
        )
      )
    }))

  it("narrows by ranges, typed as people write numbers", () =>
    visit(`/?q=${ensembleWord}`, async (page) => {
      await total(page, ensemble.length)
      await page.locator("input[name=followersMin]").fill("10k")
      await page.keyboard.press("Enter")
      await total(
        page,
        matching(({ followers }) => followers >= 10_000)
      )
      assert.strictEqual(params(page).get("followersMin"), "10000")
      await page.locator("input[name=followersMax]").fill("many")
      assert.strictEqual(await page.locator("input[name=followersMax]").getAttribute("aria-invalid"), "true")
      assert.isNull(params(page).get("followersMax"))
      await page.locator("input[name=followersMax]").fill("2k")
      await page.keyboard.press("Enter")
      await total(page, 0)
      assert.isTrue(await page.getByText("“From” is above “To”").isVisible())
    }))

  it("goes back and forward through searches and filters", () =>
    visit("/", async (page) => {
      await searchBox(page).fill(ensembleWord)
      await total(page, ensemble.length)
      await check(page, "platform", "tiktok")
      await total(
        page,
        matching(({ platform }) => platform === "tiktok")
      )
      await page.goBack()
      await total(page, ensemble.length)
      assert.isFalse(await page.getByRole("checkbox", { name: /^TikTok/ }).isChecked())
      await page.goBack()
      await eventually(async () => assert.strictEqual(await searchBox(page).inputValue(), ""))
      await page.goForward()
      await page.goForward()
      await total(
        page,
        matching(({ platform }) => platform === "tiktok")
      )
      assert.isTrue(await page.getByRole("checkbox", { name: /^TikTok/ }).isChecked())
      await page.reload()
      await total(
        page,
        matching(({ platform }) => platform === "tiktok")
      )
    }))

  it("sorts, and loads page after page without repeating or leaving out any", () =>
    visit(`/?q=${ensembleWord}`, async (page) => {
      await total(page, ensemble.length)
      await page.getByRole("combobox", { name: "Sort by" }).selectOption({ label: "Fewest followers" })
      await eventually(async () =>
        assert.match((await rows(page).first().getAttribute("data-hit")) ?? "", /ensemble_player_0$/)
      )
      assert.strictEqual(params(page).get("order"), "asc")
      await page.getByRole("button", { name: "Show more" }).click()
      await eventually(async () => assert.strictEqual(await rows(page).count(), ensemble.length))
      const ids = await rows(page).evaluateAll((links) => links.map((link) => link.getAttribute("data-hit")))
      assert.deepStrictEqual(
        ids,
        ensemble.map(({ platform, handle }) => `${platform}:${handle}`)
      )
    }))

  it("shows a profile with every figure's source, and returns to the row", () =>
    visit("/?q=typewriters", async (page) => {
      await total(page, 1)
      await rows(page).first().click()
      const shown = panel(page)
      await shown.getByRole("heading", { name: "Zéphyrine Quillfeather" }).waitFor()
      assert.strictEqual(params(page).get("profile"), "instagram:zephyrine.quill")
      const followers = await textOf(shown.locator("tr[data-field=followers]"))
      assert.include(followers, "48,213")
      assert.include(followers, "page-test.csv")
      assert.include(followers, "Mar 12, 2025")
      assert.match(await textOf(shown.locator("[data-part=formula]")), /instagram\/.+@\d+/)
      const outward = shown.getByRole("link", { name: "Page on Instagram" })
      assert.strictEqual(await outward.getAttribute("href"), "https://example.com/zephyrine")
      assert.include((await outward.getAttribute("rel")) ?? "", "noopener")
      await page.keyboard.press("Escape")
      await shown.waitFor({ state: "detached" })
      await eventually(async () => assert.isNull(params(page).get("profile")))
      assert.strictEqual(await focusedHit(page), "instagram:zephyrine.quill")
      await page.goForward()
      await shown.waitFor()
    }))

  const growth = (page: Page): Locator => panel(page).locator(".growth")
  const restorerPage = "/?profile=instagram:zephyrine.quill"

  it("draws how an account grew, for as many days as one likes, with what stands out", () =>
    visit(restorerPage, async (page) => {
      const shown = growth(page)
      await shown.locator("svg .line").first().waitFor()
      assert.strictEqual(await shown.locator("svg .gap").count(), 1)
      assert.strictEqual(await shown.locator("svg .band").count(), 1)
      const marks = await shown
        .locator("svg .mark title")
        .evaluateAll((all) => all.map((one) => one.textContent))
      assert.deepStrictEqual(
        marks.map((text) => text.replace(/^.*: /, "")).sort(),
        ["50K reached", "unusually fast rise"].sort()
      )
      assert.match(await textOf(shown.locator(".change")), /^90 days: \+[\d,]+ followers \(\+\d+\.\d\d%\)$/)
      const rowsFor = async (days: string) => {
        await shown.getByRole("button", { name: days, exact: true }).click()
        return shown.locator("tbody tr:not(.expected)").count()
      }
      assert.strictEqual(await rowsFor("7 d"), 8)
      assert.strictEqual(await shown.locator("svg .mark").count(), 0)
      assert.strictEqual(await rowsFor("30 d"), 31)
      assert.strictEqual(
        await shown.getByRole("button", { name: "30 d", exact: true }).getAttribute("aria-pressed"),
        "true"
      )
      assert.strictEqual(await rowsFor("365 d"), restorerHistory.length)
      assert.strictEqual(await shown.locator("tbody tr.expected").count(), 3)
      assert.match(await textOf(shown.locator(".change")), /nobody knows the followers so long ago/)
      const csv = await page.evaluate(
        async (address) => {
          const response = await fetch(address)
          return [response.headers.get("content-type"), await response.text()]
        },
        (await shown.getByRole("link", { name: "These days as CSV" }).getAttribute("href")) ?? ""
      )
      assert.match(csv[0] ?? "", /^text\/csv/)
      assert.strictEqual(csv[1]?.trim().split("\r\n").length, restorerHistory.length + 1)
      await shown.getByRole("button", { name: "Engagement" }).click()
      await shown.getByText("Average likes and comments per post").waitFor()
      const { avgComments = 0, avgLikes = 0, followers = 1 } = restorerHistory.at(-1) ?? {}
      const rate = (((avgLikes + avgComments) / followers) * 100).toFixed(2)
      assert.include(await textOf(shown.locator("tbody tr").last()), `${rate}%`)
    }))

  it("reads the chart out day by day, to the keyboard and to screen readers", () =>
    visit(restorerPage, async (page) => {
      const slider = growth(page).getByRole("slider", { name: "Followers by day" })
      await slider.waitFor({ state: "attached" })
      await slider.focus()
      const last = restorerHistory.at(-1)?.followers.toLocaleString("en") ?? ""
      assert.include((await slider.getAttribute("aria-valuetext")) ?? "", last)
      for (let steps = 0; steps < 19; steps++) await page.keyboard.press("ArrowLeft")
      const reading = (await slider.getAttribute("aria-valuetext")) ?? ""
      assert.include(reading, restorerHistory.at(-20)?.followers.toLocaleString("en") ?? "")
      assert.include(reading, "unusually fast rise")
      assert.strictEqual(await textOf(growth(page).locator(".reading")), reading)
    }))

  it("tells who has no figures over time what to do, and why somebody cannot be tracked", () =>
    visit(
      `/?profile=instagram:${quietOne.handle}`,
      async (page) => {
        await growth(page).locator("[data-growth=none]").waitFor()
        await growth(page).getByRole("button", { name: "Track", exact: true }).click()
        await growth(page).getByRole("alert").filter({ hasText: "no provider has figures" }).waitFor()
      },
      { provoked: /400/ }
    ))

  it("says so while somebody is tracked, and stops it", () => {
    let interval: number | null = 60
    return visit(
      restorerPage,
      async (page) => {
        await growth(page).getByText("tracked every minute").waitFor()
        await growth(page).getByRole("button", { name: "Stop tracking" }).click()
        await growth(page).getByRole("button", { name: "Track", exact: true }).waitFor()
        assert.strictEqual(await growth(page).getByText("tracked every").count(), 0)
      },
      {
        // Nobody here has a provider for such accounts.
        before: async (page) => {
          await page.route("**/v1/influencers/*/tracking", (route) =>
            route.fulfill({
              json: { id: "instagram:zephyrine.quill", interval, latest: restorerHistory.at(-1)?.time }
            })
          )
          await page.route("**/v1/tracking/remove", (route) => {
            interval = null
            return route.fulfill({ json: { removed: 1 } })
          })
        }
      }
    )
  })

  it("says when figures over time cannot be read, and tries again", () => {
    let failures = 1
    return visit(
      restorerPage,
      async (page) => {
        const alert = growth(page).getByRole("alert")
        await alert.filter({ hasText: "The index is being opened" }).waitFor()
        await alert.getByRole("button", { name: "Try again" }).click()
        await growth(page).locator("svg .line").first().waitFor()
      },
      {
        provoked: /503/,
        before: (page) =>
          page.route("**/v1/influencers/*/growth*", (route) =>
            failures-- > 0 ? route.fulfill(problem) : route.continue()
          )
      }
    )
  })

  const posts = (page: Page): Locator => panel(page).locator(".posts")
  const given = {
    posts: [1, 2].map((day) => ({
      id: `instagram:p${day}`,
      author: "instagram:zephyrine.quill",
      platform: "instagram",
      publishedAt: `2025-03-0${day}T18:00:00.000Z`,
      observedAt: "2025-03-12T00:00:00.000Z",
      title: null,
      text: day === 1 ? "" : `<img src=x onerror="document.title='broken'"> ${"long ".repeat(200)}`,
      url: null,
      media: null,
      metrics: {
        likes: 1_200 * day,
        comments: 3,
        shares: null,
        saves: null,
        views: null,
        impressions: null,
        reach: null
      },
      analysis: null
    })),
    nextCursor: null
  }
  const rollup = {
    author: "instagram:zephyrine.quill",
    asOf: "2025-03-12T00:00:00.000Z",
    posts: 2,
    firstPublishedAt: "2025-03-01T18:00:00.000Z",
    lastPublishedAt: "2025-03-02T18:00:00.000Z",
    postsPerWeek: 7,
    zone: "Europe/Paris",
    hoursBy: "likes",
    hours: [
      { weekday: 7, hour: 19, posts: 1, relative: 1.3 },
      { weekday: 6, hour: 19, posts: 1, relative: 0.9 }
    ],
    hashtags: [{ tag: "typewriters", posts: 2 }],
    medianEngagement: null,
    repeats: [],
    languages: []
  }

  it("shows what an account publishes, and when that does well", () =>
    visit(
      restorerPage,
      async (page) => {
        const shown = posts(page)
        await shown.getByText("Best hours: Sun 19:00.").waitFor()
        assert.strictEqual(await shown.locator(".heat tbody td").count(), 7 * 24)
        assert.strictEqual(await shown.locator(".heat tbody td:not(.heat-0)").count(), 2)
        assert.strictEqual(
          await shown.locator(".heat-5").getAttribute("title"),
          "Sun 19:00: 1.3 times the usual post, 1 post"
        )
        assert.include(await textOf(shown), "7 posts per week")
        assert.include(await textOf(shown), "#typewriters")
        assert.strictEqual(await shown.locator("[data-post]").count(), 2)
        assert.include(await textOf(shown.locator("[data-post='instagram:p1']")), "(no text)")
        assert.include(await textOf(shown.locator("[data-post='instagram:p2']")), "<img src=x")
        assert.strictEqual(await shown.locator("img").count(), 0)
        assert.isFalse(await scrollsSideways(page))
      },
      {
        before: async (page) => {
          await page.route("**/v1/users/*/posts?*", (route) => route.fulfill({ json: given }))
          await page.route("**/v1/users/*/posts/rollup", (route) => route.fulfill({ json: rollup }))
        }
      }
    ))

  it("says how to get posts where there are none, and tries again when they cannot be read", () => {
    let failures = 1
    return visit(
      restorerPage,
      async (page) => {
        const alert = posts(page).getByRole("alert")
        await alert.filter({ hasText: "The index is being opened" }).waitFor()
        await alert.getByRole("button", { name: "Try again" }).click()
        await posts(page).locator("[data-posts=none]").waitFor()
      },
      {
        provoked: /503/,
        before: (page) =>
          page.route("**/v1/users/*/posts?*", (route) =>
            failures-- > 0 ? route.fulfill(problem) : route.continue()
          )
      }
    )
  })

  it("finds those who grow, and says how much", () =>
    visit(`/?q=typewriters`, async (page) => {
      await rows(page).first().waitFor()
      await eventually(async () => {
        await page.reload()
        await rows(page).first().waitFor()
        assert.match(await textOf(page.locator(".hit .trend").first()), /^\+\d+\.\d\d% \(30 d\)$/)
      })
      await page.locator("input[name=growth30Min]").fill("-2.5")
      await page.keyboard.press("Enter")
      await total(page, 1)
      assert.strictEqual(params(page).get("growth30Min"), "-2.5")
      await page.getByRole("button", { name: "Remove filter: growth from -2.50%" }).waitFor()
      await page.locator("input[name=growth30Max]").fill("-1")
      await page.keyboard.press("Enter")
      await total(page, 0)
    }))

  it("says in words why there is no rate", () =>
    visit(`/?profile=instagram:${quietOne.handle}`, async (page) => {
      await panel(page).getByRole("heading", { name: "Quiet Cartographer" }).waitFor()
      assert.match(await textOf(panel(page).locator("[data-part=formula]")), /No source states/)
      assert.strictEqual(await textOf(panel(page).locator(".headline div:nth-child(2) dd").first()), "–")
      await panel(page).getByRole("button", { name: "Close profile" }).click()
      await panel(page).waitFor({ state: "detached" })
      assert.isNull(params(page).get("profile"))
    }))

  it("says when a profile is not there", () =>
    visit(
      "/?profile=instagram:nobody-here",
      async (page) => {
        await panel(page).locator("[data-state=error]").waitFor()
      },
      { provoked: /404/ }
    ))

  it("can be used by keyboard alone", () =>
    visit("/", async (page) => {
      await rows(page).first().waitFor()
      await page.keyboard.press("/")
      await page.keyboard.type(ensembleWord)
      await total(page, ensemble.length)
      const ids = await rows(page).evaluateAll((links) => links.map((link) => link.getAttribute("data-hit")))
      await page.keyboard.press("ArrowDown")
      assert.strictEqual(await focusedHit(page), ids[0])
      await page.keyboard.press("j")
      await page.keyboard.press("ArrowDown")
      assert.strictEqual(await focusedHit(page), ids[2])
      await page.keyboard.press("k")
      assert.strictEqual(await focusedHit(page), ids[1])
      await page.keyboard.press("Enter")
      await panel(page).getByRole("heading", { level: 2 }).waitFor()
      assert.strictEqual(params(page).get("profile"), ids[1])
      await page.keyboard.press("j")
      await eventually(async () => assert.strictEqual(params(page).get("profile"), ids[2]))
      await page.keyboard.press("Escape")
      await panel(page).waitFor({ state: "detached" })
      await eventually(async () => assert.strictEqual(await focusedHit(page), ids[2]))
      await page.keyboard.press("/")
      await page.keyboard.press("Escape")
      await eventually(async () => assert.strictEqual(await searchBox(page).inputValue(), ""))
    }))

  it("shows hostile names, bios and categories as the text they are", () =>
    visit(`/?q=${hostileWord}&sort=followers&order=asc`, async (page) => {
      await total(page, hostile.length)
      const tidy = (text: string) => text.replace(/\s+/g, " ").trim()
      const names = await page
        .locator(".hit h3 a")
        .evaluateAll((links) => links.map((link) => link.textContent))
      assert.deepStrictEqual(names.map(tidy), payloads.map(tidy))
      const bios = await page
        .locator(".hit .bio")
        .evaluateAll((texts) => texts.map((text) => text.textContent))
      assert.deepStrictEqual(
        bios.map(tidy),
        payloads.map((payload) => tidy(`${hostileWord} ${payload}`))
      )
      for (const { handle } of hostile) {
        await page.locator(`a[data-hit="x:${handle}"]`).click()
        await panel(page).getByText(`@${handle}`).waitFor()
        assert.strictEqual(
          await panel(page)
            .getByRole("link", { name: /^Page on/ })
            .count(),
          0
        )
        await page.keyboard.press("Escape")
        await panel(page).waitFor({ state: "detached" })
      }
      assert.strictEqual(
        await page.evaluate(
          () => document.querySelectorAll("main :is(script, iframe, style, math, img:not(.avatar *))").length
        ),
        0
      )
      assert.isUndefined(await page.evaluate(() => Reflect.get(window, "__ran")))
    }))

  it("takes a hostile address for what it is", () =>
    visit(
      `/?q=${encodeURIComponent(payloads[1] ?? "")}&platform=instagram&country=${encodeURIComponent("<")}&sort=x&followersMin=-1`,
      async (page) => {
        await page.locator("[data-state]").waitFor()
        assert.strictEqual(await searchBox(page).inputValue(), payloads[1])
        assert.isUndefined(await page.evaluate(() => Reflect.get(window, "__ran")))
      },
      { provoked: /400/ }
    ))

  it("never lets an older answer overwrite a newer one", () =>
    visit(
      "/",
      async (page) => {
        await rows(page).first().waitFor()
        const late = page.waitForResponse((response) => response.url().includes("q=typewriters"))
        await searchBox(page).fill("typewriters")
        await page.waitForRequest((request) => request.url().includes("q=typewriters"))
        await searchBox(page).fill(ensembleWord)
        await total(page, ensemble.length)
        await (await late).finished()
        await page.waitForTimeout(100)
        await total(page, ensemble.length)
        assert.strictEqual(params(page).get("q"), ensembleWord)
      },
      {
        before: async (page) => {
          // Even where an abort comes too late to stop the older answer.
          await page.addInitScript("AbortController.prototype.abort = () => {}")
          await page.route(/q=typewriters/, async (route) => {
            await Bun.sleep(700)
            await route.continue()
          })
        }
      }
    ))

  it("says what went wrong, and recovers", () =>
    visit(
      "/",
      async (page) => {
        await rows(page).first().waitFor()
        await page.route("**/v1/search*", (route) => route.fulfill(problem))
        await searchBox(page).fill(ensembleWord)
        const state = page.locator("[data-state=error]")
        await state.getByText("The index is being opened; try again in a moment.").waitFor()
        await page.unroute("**/v1/search*")
        await page.route("**/v1/search*", (route) => route.abort())
        await state.getByRole("button", { name: "Try again" }).click()
        await state.getByText("InfluScope does not answer").waitFor()
        await page.unroute("**/v1/search*")
        await state.getByRole("button", { name: "Try again" }).click()
        await total(page, ensemble.length)
      },
      { provoked: /503|ERR_FAILED/ }
    ))

  it("tells what to do when there are no profiles, and shows the first ones by itself", () =>
    visit(
      "/",
      async (page) => {
        const state = page.locator("[data-state=empty]")
        await state.getByText("npm run influscope -- import FILE").waitFor()
        await page.unroute("**/v1/search*")
        await rows(page).first().waitFor()
      },
      { before: (page) => page.route("**/v1/search*", (route) => route.fulfill(noProfiles)) }
    ))

  it("offers to lift filters when nothing is left", () =>
    visit(`/?q=${ensembleWord}&country=PT&platform=tiktok`, async (page) => {
      const state = page.locator("[data-state=none]")
      await state.getByRole("button", { name: "without “Portugal”" }).click()
      await total(
        page,
        matching(({ platform }) => platform === "tiktok")
      )
      await searchBox(page).fill("qzxqzxqzx")
      await state.getByRole("button", { name: "Clear the search" }).click()
      await eventually(async () => assert.isNull(params(page).get("q")))
    }))

  it("follows the system's colours until told otherwise, and remembers", () =>
    visit(
      "/",
      async (page) => {
        const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
        const dark = await ground()
        await page.emulateMedia({ colorScheme: "light" })
        const light = await ground()
        assert.notStrictEqual(light, dark)
        await page.getByRole("button", { name: "Switch to dark colours" }).click()
        assert.strictEqual(await ground(), dark)
        await page.reload()
        assert.strictEqual(await ground(), dark)
        await page.getByRole("button", { name: "Switch to light colours" }).click()
        await page.emulateMedia({ colorScheme: "dark" })
        assert.strictEqual(await ground(), light)
      },
      { colorScheme: "dark" }
    ))

  it("fits a telephone", () =>
    visit(
      `/?q=${ensembleWord}`,
      async (page) => {
        await total(page, ensemble.length)
        assert.isFalse(await scrollsSideways(page), "results")
        await page.getByRole("button", { name: "Filters" }).click()
        const sheet = page.getByRole("dialog", { name: "Filters" })
        await check(page, "platform", "youtube")
        const youtubes = matching(({ platform }) => platform === "youtube")
        await sheet.getByRole("button", { name: `Show ${youtubes} profiles` }).click()
        await total(page, youtubes)
        assert.isFalse(await scrollsSideways(page), "filtered")
        await searchBox(page).fill(hostileWord)
        await page.getByRole("button", { name: "Remove filter: YouTube" }).click()
        await total(page, hostile.length)
        assert.isFalse(await scrollsSideways(page), "hostile texts")
        await rows(page).first().click()
        await panel(page).locator("table").first().waitFor()
        assert.isFalse(await scrollsSideways(page), "profile")
        const body = await panel(page).evaluate((dialog) => [dialog.scrollWidth, dialog.clientWidth])
        assert.strictEqual(body[0], body[1], "profile's panel")
        await page.goto(new URL(restorerPage, page.url()).href)
        await growth(page).locator("svg .line").first().waitFor()
        const grown = await panel(page).evaluate((dialog) => [dialog.scrollWidth, dialog.clientWidth])
        assert.strictEqual(grown[0], grown[1], "panel with a chart")
      },
      { viewport: { width: 380, height: 800 } }
    ))

  it("does not shift while it loads", () =>
    visit(
      "/",
      async (page) => {
        await rows(page).first().waitFor()
        await page.waitForTimeout(300)
        const shift = await page.evaluate(() => Number(Reflect.get(window, "__shift")))
        assert.isBelow(shift, 0.02)
      },
      {
        before: (page) =>
          page.addInitScript(`
            window.__shift = 0
            new PerformanceObserver((list) => {
              for (const entry of list.getEntries()) window.__shift += entry.value
            }).observe({ type: "layout-shift", buffered: true })`)
      }
    ))
}

if (browserPath === undefined) announceAbsence()
else describe("Page in a browser", () => inBrowser(browserPath ?? ""))
