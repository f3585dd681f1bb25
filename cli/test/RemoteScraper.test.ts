import { assert, describe, it } from "@effect/vitest"
import { RemoteScraperLive, ScraperClient } from "@influscope/api/RemoteScraper"
import { Discoveries } from "@influscope/ports/Discoveries"
import { Imports } from "@influscope/ports/Imports"
import { Profiles } from "@influscope/ports/Profiles"
import { ScraperHttp, ScraperHttpLive } from "@influscope/scraper/ScraperHttp"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { clientAt, embedded, listening, nowhere } from "./RemoteService.ts"

const csv = "Handle,Platform,Followers\n@ana,Instagram,12.3k\nbob,TikTok,5\n"
const params = { map: [], dryRun: false, kind: "profiles" as const, file: "a.csv" }

/** A scraper behind HTTP on a port, and the ports of the API that reach it there. */
const remote = (settings: Record<string, string> = {}) =>
  Effect.gen(function* () {
    const context = yield* embedded(ScraperHttpLive, settings)
    const url = yield* listening(Context.get(context, ScraperHttp).handle)
    const portsAt = (address: string) =>
      Layer.build(Layer.provide(RemoteScraperLive, clientAt(ScraperClient, address)))
    return { ports: yield* portsAt(url), nobody: yield* portsAt(nowhere) }
  })

describe("a scraper in another process", () => {
  it.scopedLive("imports, discovers and takes statements as if it were in this one", () =>
    Effect.gen(function* () {
      const { ports } = yield* remote()
      const imports = Context.get(ports, Imports)
      const job = yield* imports.submit(params, Stream.make(Buffer.from(csv)))
      const done = yield* imports
        .get(job.id)
        .pipe(
          Effect.map(Option.getOrThrow),
          Effect.delay("50 millis"),
          Effect.repeat({ until: ({ state }) => state === "done" })
        )
      assert.deepInclude(done.report, { rows: 2, imported: 2, rejected: 0 })
      assert.deepStrictEqual(done.createdAt, job.createdAt)
      assert.deepStrictEqual(
        (yield* imports.list).map(({ id }) => id),
        [job.id]
      )
      assert.isTrue(Option.isNone(yield* imports.get("imp-none")))

      const discoveries = Context.get(ports, Discoveries)
      const found = yield* discoveries.start({ source: "synthetic", count: 10, seed: 1, offset: 0 })
      assert.isTrue(Option.isSome(yield* discoveries.get(found.id)))
      assert.isTrue(Option.isNone(yield* discoveries.get("dis-none")))

      const accepted = yield* Context.get(ports, Profiles).state({
        source: "api",
        profiles: [{ platform: "x", handle: "Ana", categories: [] }]
      })
      assert.deepStrictEqual(accepted.ids.map(String), ["x:ana"])
    })
  )

  it.scopedLive("fails with the same errors", () =>
    Effect.gen(function* () {
      const { nobody, ports } = yield* remote({ INFLUSCOPE_MAX_IMPORT_BYTES: "1000" })
      const imports = Context.get(ports, Imports)
      const tooLarge = yield* Effect.flip(imports.submit(params, Stream.make(Buffer.alloc(5_000, "a"))))
      assert.deepInclude(tooLarge, { _tag: "ImportTooLarge", limitBytes: 1_000 })
      const why = new Error("the sender went away")
      const broken = yield* Effect.flip(
        imports.submit(params, Stream.concat(Stream.make(Buffer.from(csv)), Stream.fail(why)))
      )
      assert.deepInclude(broken, { _tag: "UploadBroken", cause: why })

      const unknown = yield* Effect.flip(
        Context.get(ports, Discoveries).start({ source: "nobody", count: 1, seed: 1, offset: 0 })
      )
      assert.deepInclude(unknown, { _tag: "UnknownSource", source: "nobody" })
      for (const asked of [
        Effect.asVoid(Context.get(nobody, Imports).list),
        Effect.asVoid(Context.get(nobody, Imports).submit(params, Stream.make(Buffer.from(csv)))),
        Effect.asVoid(Context.get(nobody, Discoveries).get("dis"))
      ])
        assert.deepInclude(yield* Effect.flip(asked), {
          _tag: "StorageError",
          reason: "unavailable"
        })
    })
  )
})
