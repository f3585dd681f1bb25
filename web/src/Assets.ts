import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** One file of the page, ready to be served. */
export interface Asset {
  /** Path of the request, from the root: `/`, `/favicon.svg`, `/assets/Main-6ye8wq1c.js`. */
  readonly path: string
  readonly body: Uint8Array
  readonly contentType: string
  /** A strong validator of the body, quotes included. */
  readonly etag: string
  /** Whether the path changes with the body, so that a browser may keep it for good. */
  readonly immutable: boolean
}

/** The page's sources do not compile: a fault of the build, not of the person who starts it. */
export class PageBuildError extends Data.TaggedError("PageBuildError")<{ readonly cause: unknown }> {
  override get message(): string {
    return `The search page could not be built: ${String(this.cause)}`
  }
}

/** What the page needs to load from us and from nowhere else; goes out with every asset. */
export const contentSecurityPolicy =
  "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

/** Headers to serve an asset with. */
export const assetHeaders = (asset: Asset): Record<string, string> => ({
  "content-type": asset.contentType,
  etag: asset.etag,
  "cache-control": asset.immutable ? "public, max-age=31536000, immutable" : "no-cache",
  "content-security-policy": contentSecurityPolicy,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer"
})

const source = (name: string): string => Bun.fileURLToPath(new URL(`./app/${name}`, import.meta.url))

const contentTypes: { readonly [extension: string]: string } = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml"
}

const toAsset = (path: string, body: Uint8Array, extension: string, immutable: boolean): Asset => ({
  path,
  body,
  contentType: contentTypes[extension] ?? "application/octet-stream",
  etag: `"${Bun.hash(body).toString(36)}"`,
  immutable
})

/** The entry points, under the names that index.html refers to them by. */
const entries = { "ThemeBoot.js": "ThemeBoot.ts", "Main.js": "Main.tsx", "Page.css": "Page.css" } as const

const bundle = async (): Promise<ReadonlyArray<Asset>> => {
  const built = await Bun.build({
    entrypoints: Object.values(entries).map(source),
    target: "browser",
    format: "esm",
    minify: true,
    splitting: false,
    naming: "[name]-[hash].[ext]",
    define: { "process.env.NODE_ENV": '"production"' }
  })
  return Promise.all(
    built.outputs.map(async (output) => {
      const file = output.path.replace(/^.*\//, "")
      const extension = file.replace(/^.*\./, "")
      return toAsset(`/assets/${file}`, new Uint8Array(await output.arrayBuffer()), extension, true)
    })
  )
}

/** Beside a bundle, in which there are no sources, the page lies built. */
const builtName = "page.json"

const Built = Schema.parseJson(
  Schema.Array(
    Schema.Struct({
      path: Schema.String,
      body: Schema.Uint8ArrayFromBase64,
      contentType: Schema.String,
      etag: Schema.String,
      immutable: Schema.Boolean
    })
  )
)

const fromSources = async (): Promise<ReadonlyArray<Asset>> => {
  const [assets, page, icon] = await Promise.all([
    bundle(),
    Bun.file(source("index.html")).text(),
    Bun.file(source("favicon.svg")).bytes()
  ])
  const html = Object.keys(entries).reduce((text, entry) => {
    const [name, extension] = entry.split(".")
    const asset = assets.find(
      ({ path }) => path.startsWith(`/assets/${name}-`) && path.endsWith(`.${extension}`)
    )
    if (asset === undefined) throw new PageBuildError({ cause: `nothing was built for ${entry}` })
    return text.replace(`{{${entry}}}`, asset.path)
  }, page)
  return [
    toAsset("/", new TextEncoder().encode(html), "html", false),
    toAsset("/favicon.svg", icon, "svg", false),
    ...assets
  ]
}

const make = async (): Promise<ReadonlyArray<Asset>> => {
  const built = Bun.file(new URL(builtName, import.meta.url))
  return (await built.exists()) ? Schema.decodeSync(Built)(await built.text()) : fromSources()
}

/**
 * Builds the search page: bundled and minified in memory from its sources, some tens of milliseconds; run it once, where
 * the server is put together. Served at the paths given and nowhere else, it works under `contentSecurityPolicy`.
 */
export const buildPage: Effect.Effect<ReadonlyArray<Asset>, PageBuildError> = Effect.tryPromise({
  try: make,
  catch: (cause) => (cause instanceof PageBuildError ? cause : new PageBuildError({ cause }))
}).pipe(Effect.withSpan("Web.buildPage"))

/** Leaves the built page in a directory, for the bundle of a server that lies there. */
export const writePage = (directory: string): Effect.Effect<void, PageBuildError> =>
  buildPage.pipe(
    Effect.flatMap((assets) => Effect.orDie(Schema.encode(Built)(assets))),
    Effect.flatMap((text) => Effect.promise(() => Bun.write(`${directory}/${builtName}`, text)))
  )
