import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { program } from "@influscope/testing/Program"
import { type Browser, chromium, type Page } from "playwright-core"
import { browserArguments, browserPath } from "./Browser.ts"
import { type RunningApp, startApp } from "./startApp.ts"

let directory: string
let token: string
let app: RunningApp

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "influscope-token-"))
  const made = Bun.spawn([process.execPath, await program("cli"), "token"], {
    cwd: fileURLToPath(new URL("../..", import.meta.url)),
    env: { ...process.env, INFLUSCOPE_DATA_DIR: directory },
    stdout: "pipe",
    stderr: "ignore"
  })
  token = (await new Response(made.stdout).text()).trim()
  app = await startApp({
    INFLUSCOPE_JWT_KEY_FILE: join(directory, "keys", "tokens.pem"),
    INFLUSCOPE_SEED_PROFILES: "50"
  })
}, 120_000)

afterAll(async () => {
  await app?.stop()
  await rm(directory, { recursive: true, force: true })
})

describe("the page of an instance that wants a token", () => {
  it("is there for everybody, and what it shows is not", async () => {
    assert.strictEqual((await fetch(app.url)).status, 200)
    assert.strictEqual((await fetch(`${app.url}/v1/search`)).status, 401)
  })
})

const inBrowser = (executablePath: string) => {
  let browser: Browser
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: browserArguments })
  })
  afterAll(() => browser?.close())

  const dialog = (page: Page) => page.getByRole("dialog", { name: "Token" })
  const give = async (page: Page, text: string) => {
    await dialog(page).getByLabel("Token").fill(text)
    await dialog(page).getByRole("button", { name: "Use it" }).click()
  }

  it("asks for it, asks again for a better one, and keeps it for the session alone", async () => {
    const context = await browser.newContext()
    try {
      const page = await context.newPage()
      await page.goto(app.url)
      await dialog(page).waitFor()
      await give(page, "no.such.token")
      await dialog(page).waitFor()
      await give(page, ` ${token} `)
      await page.locator("a[data-hit]").first().waitFor()
      assert.strictEqual(await dialog(page).count(), 0)
      await page.reload()
      await page.locator("a[data-hit]").first().waitFor()
      assert.strictEqual(await dialog(page).count(), 0)
      await page.locator(".hit img[src^='blob:']").first().waitFor()
      const other = await context.newPage()
      await other.goto(app.url)
      await dialog(other).waitFor()
    } finally {
      await context.close()
    }
  })
}

// Where a browser is required, the tests of the page say that there is none.
if (browserPath !== undefined)
  describe("the page of an instance that wants a token, in a browser", () => inBrowser(browserPath ?? ""))
