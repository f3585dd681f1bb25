import { afterAll, assert, beforeAll, describe, it, vi } from "@effect/vitest"
import { type Browser, chromium, type Page } from "playwright-core"
import { browserArguments, browserPath, browserRequired } from "./Browser.ts"
import { ensembleWord, fixtures } from "./Fixtures.ts"
import { type RunningApp, startApp } from "./startApp.ts"

const eventually = (check: () => Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 30_000, interval: 50 })

const inBrowser = (executablePath: string) => {
  let app: RunningApp
  let browser: Browser
  let page: Page

  beforeAll(async () => {
    app = await startApp({ MESSAGES_RATE: "1000" })
    const response = await fetch(`${app.url}/v1/profiles`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        source: "outreach-test.csv",
        observedAt: "2025-03-12T00:00:00Z",
        profiles: fixtures
      })
    })
    assert.strictEqual(response.status, 202)
    browser = await chromium.launch({ executablePath, args: browserArguments })
    page = await browser.newPage()
  }, 120_000)
  afterAll(async () => {
    await browser?.close()
    await app?.stop()
  })

  const panel = () => page.getByRole("dialog", { name: "Outreach" })

  it("writes to whom the search finds, and shows what became of it", { timeout: 120_000 }, async () => {
    await eventually(async () => {
      await page.goto(`${app.url}/?q=${ensembleWord}`)
      assert.match((await page.locator(".summary").textContent()) ?? "", /^40 profiles/)
    })
    await page.getByRole("button", { name: "Outreach" }).click()
    assert.include((await panel().textContent()) ?? "", "Write a template first.")

    await panel().getByLabel("Name", { exact: true }).fill("Hello")
    await panel().getByLabel("Subject").fill("Hello {{nothing}}")
    await panel().getByLabel("Text, with fields").fill("Dear {{displayName}}")
    await panel().getByRole("button", { name: "Keep this template" }).click()
    await eventually(async () => {
      assert.include((await panel().getByRole("alert").textContent()) ?? "", "unknown field {{nothing}}")
    })
    await panel().getByLabel("Subject").fill("Hello {{displayName}}")
    await panel().getByRole("button", { name: "Keep this template" }).click()

    // There once a template is.
    const form = panel().locator("form", { has: page.getByLabel("Your name") })
    await form.getByLabel("Name", { exact: true }).fill("Winter")
    await form.getByLabel("To how many of 40").fill("7")
    await form.getByLabel("Your name").fill("Jo")
    await form.getByLabel("Your address").fill("jo@acme.example")
    await form.getByRole("button", { name: "Preview" }).click()
    await eventually(async () => {
      assert.match((await panel().textContent()) ?? "", /It is for 7 profiles/)
      assert.match(
        (await form.locator(".outreach-sample").first().textContent()) ?? "",
        /Hello Ensemble Player/
      )
    })
    await form.getByRole("button", { name: "Send" }).click()
    const row = panel().locator("[data-campaign]")
    await eventually(async () => {
      const text = (await row.first().textContent()) ?? ""
      assert.include(text, "Winter")
      assert.match(text, /finished.*7 delivered/)
    })
  })
}

describe("Outreach", () => {
  it("has a browser to be tried in, where one is required", () => {
    assert.isTrue(browserPath !== undefined || !browserRequired)
  })
  if (browserPath !== undefined) inBrowser(browserPath)
})
