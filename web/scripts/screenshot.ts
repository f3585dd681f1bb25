/**
 * Takes the README's picture of the running app:
 *   bun web/scripts/screenshot.ts [address] [file]
 */
import { chromium } from "playwright-core"
import { browserArguments, browserPath } from "../test/Browser.ts"

const [address = "http://127.0.0.1:8080/?q=fitness&language=en", file = "docs/search.png"] =
  process.argv.slice(2)

if (browserPath === undefined) throw new Error("There is no Chromium. Install it, or set CHROMIUM_PATH.")
const browser = await chromium.launch({ executablePath: browserPath, args: browserArguments })
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, colorScheme: "light" })
  await page.goto(address)
  await page.waitForLoadState("networkidle")
  await page.screenshot({ path: file })
} finally {
  await browser.close()
}
