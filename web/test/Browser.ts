import { existsSync } from "node:fs"

const usual = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/opt/google/chrome/chrome"
]

const named = process.env["CHROMIUM_PATH"]

/** Where Chromium is: at `CHROMIUM_PATH` when that is set, else in one of the usual places; undefined when it is not there. */
export const browserPath: string | undefined = (named === undefined ? usual : [named]).find((path) =>
  existsSync(path)
)

/** Whether the absence of a browser is a failure rather than a circumstance. */
export const browserRequired = process.env["REQUIRE_BROWSER"] === "1"

/** No sandbox, because continuous integration runs as root; nothing that talks to the network by itself. */
export const browserArguments = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync"
]
