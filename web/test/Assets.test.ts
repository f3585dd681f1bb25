import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { type Asset, assetHeaders, buildPage, contentSecurityPolicy } from "../src/Assets.ts"

const text = (asset: Asset): string => new TextDecoder().decode(asset.body)

const find = (assets: ReadonlyArray<Asset>, test: (path: string) => boolean): Asset => {
  const asset = assets.find(({ path }) => test(path))
  assert.isDefined(asset)
  return asset
}

/** WCAG 2 relative luminance of a `#rrggbb` colour. */
const luminance = (colour: string): number => {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

const contrast = (a: string, b: string): number => {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (light + 0.05) / (dark + 0.05)
}

describe("Assets", () => {
  it.live("refers to nothing but its own files, and to each by a path that changes with it", () =>
    Effect.gen(function* () {
      const assets = yield* buildPage
      const page = text(find(assets, (path) => path === "/"))
      const files = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1])
      for (const file of files.filter((path) => !path?.startsWith("/v1/") && path !== "/docs"))
        assert.isTrue(
          assets.some((asset) => asset.path === file),
          file
        )
      assert.notMatch(page, /\{\{/)
      for (const asset of assets.filter(({ path }) => path.startsWith("/assets/"))) {
        assert.match(asset.path, /-[a-z0-9]{8}\.(js|css)$/)
        assert.isTrue(asset.immutable)
        assert.notMatch(text(asset).replaceAll("http://www.w3.org/", ""), /https?:\/\/(?!preactjs)[a-z]/)
      }
      assert.deepStrictEqual(yield* buildPage, assets)
    })
  )

  it.live("has no inline script or style, which the policy forbids", () =>
    Effect.gen(function* () {
      const page = text(find(yield* buildPage, (path) => path === "/"))
      assert.notMatch(page, /<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=/)
      assert.notInclude(contentSecurityPolicy, "unsafe")
    })
  )

  it.live("is small", () =>
    Effect.gen(function* () {
      const assets = yield* buildPage
      const weight = (extension: string) =>
        assets
          .filter(({ path }) => path.endsWith(extension))
          .reduce((sum, { body }) => sum + Bun.gzipSync(Uint8Array.from(body)).length, 0)
      assert.isBelow(weight(".js"), 60_000)
      assert.isBelow(weight(".css"), 10_000)
    })
  )

  it.live("lets browsers keep what never changes, and ask again for the rest", () =>
    Effect.gen(function* () {
      const assets = yield* buildPage
      for (const asset of assets) {
        const headers = assetHeaders(asset)
        assert.strictEqual(headers["cache-control"]?.includes("immutable"), asset.path.startsWith("/assets/"))
        assert.strictEqual(headers["x-content-type-options"], "nosniff")
        assert.match(asset.etag, /^"[^"]+"$/)
      }
    })
  )

  it.live("has text that can be read, light and dark", () =>
    Effect.gen(function* () {
      const style = yield* Effect.promise(() =>
        Bun.file(new URL("../src/app/Page.css", import.meta.url)).text()
      )
      const tokens = new Map(
        [...style.matchAll(/--([a-z-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(
          ([, name = "", light = "", dark = ""]) => [name, [light, dark] as const]
        )
      )
      const grounds = ["ground", "surface", "raised", "sunken", "hover"]
      const pairs = [
        ...["text", "quiet"].flatMap((name) => grounds.map((ground) => [name, ground, 4.5] as const)),
        ...["accent", "danger"].flatMap((name) =>
          ["ground", "surface", "raised"].map((ground) => [name, ground, 4.5] as const)
        ),
        ["on-accent", "accent", 4.5] as const,
        ["text", "accent-soft", 4.5] as const,
        ["accent", "accent-soft", 3] as const,
        ["line-strong", "surface", 3] as const,
        ["line-strong", "ground", 3] as const
      ]
      for (const [front, back, least] of pairs)
        for (const scheme of [0, 1] as const) {
          const ratio = contrast(tokens.get(front)?.[scheme] ?? "", tokens.get(back)?.[scheme] ?? "")
          assert.isAtLeast(ratio, least, `${front} on ${back}, ${scheme === 0 ? "light" : "dark"}`)
        }
    })
  )
})
