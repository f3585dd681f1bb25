import { assert, describe, it } from "@effect/vitest"
import { Discoveries } from "@influscope/ports/Discoveries"
import { Outbox } from "@influscope/ports/Outbox"
import { settings } from "@influscope/testing/Settings"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Sources } from "../src/Sources.ts"
import { SourcesLive } from "../src/sources/All.ts"
import { awaitDiscovery, embedded, indexed } from "./Embedded.ts"
import { entryAt, page, serve } from "./ProviderServer.ts"
import { crashAt } from "./Troubles.ts"

const names = (values: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const sources = yield* Sources
    const error = yield* Effect.flip(sources.get("?"))
    return error.known
  }).pipe(
    Effect.provide(SourcesLive.pipe(Layer.provideMerge(Sources.Default), Layer.provide(settings(values))))
  )

const quick = { INFLUSCOPE_PROVIDER_REQUESTS_PER_SECOND: "1000", INFLUSCOPE_RELAY_GRACE: "1 millis" }

describe("the http source", () => {
  it.scopedLive("is there only when its address is configured", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* names({}), ["synthetic"])
      assert.deepStrictEqual(yield* names({ INFLUSCOPE_PROVIDER_TOKEN: "secret" }), ["synthetic"])
      assert.deepStrictEqual(yield* names({ INFLUSCOPE_PROVIDER_URL: "https://example.invalid/p?key=1" }), [
        "http",
        "synthetic"
      ])
    })
  )

  const wrong: ReadonlyArray<readonly [string, string]> = [
    ["URL", "file:///etc/passwd"],
    ["URL", "ftp://example.invalid/"],
    ["URL", "not an address"],
    ["URL", "https://user:hunter2@example.invalid/"],
    ["PAGE_SIZE", "501"],
    ["REQUESTS_PER_SECOND", "0"],
    ["TIMEOUT", "soon"],
    ["MAX_ANSWER_BYTES", "0"]
  ]
  it.scopedLive.each(wrong)("stops the start when %s is %s, naming the setting", ([key, value]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(
        names({ INFLUSCOPE_PROVIDER_URL: "http://127.0.0.1/", [`INFLUSCOPE_PROVIDER_${key}`]: value })
      )
      assert.match(String(error), new RegExp(key))
      assert.notInclude(String(error), "hunter2")
    })
  )

  it.scopedLive("fills the index, again and again interrupted, with its token and nothing twice", () =>
    Effect.gen(function* () {
      const directory = yield* temporaryDirectory
      const usable = (place: number) => place % 11 !== 3
      const total = 1_700
      const server = yield* serve(({ url }, number) =>
        number % 9 === 5
          ? new Response("busy", { status: 503, headers: { "retry-after": "0" } })
          : Response.json(
              page(url, total, (entry, place) => (usable(place) ? entry : { ...entryAt(place), handle: "" }))
            )
      )
      const settings = {
        ...quick,
        INFLUSCOPE_PROVIDER_URL: `${server.url.href}?key=k`,
        INFLUSCOPE_PROVIDER_TOKEN: "secret",
        INFLUSCOPE_PROVIDER_PAGE_SIZE: "150"
      }
      const start = Effect.flatMap(Discoveries, (discoveries) =>
        discoveries.start({ source: "http", count: 5_000, offset: 100, seed: 1 })
      )
      const first = yield* crashAt(3)
      const { id } = yield* Effect.zipLeft(first.spare(start), first.crashed).pipe(
        Effect.provide(embedded(directory, { settings, sources: SourcesLive, trouble: first.trouble }))
      )
      for (const moment of [5, 4, 6]) {
        const { crashed, trouble } = yield* crashAt(moment)
        yield* Effect.raceFirst(crashed, awaitDiscovery(id)).pipe(
          Effect.provide(embedded(directory, { settings, sources: SourcesLive, trouble }))
        )
      }
      yield* Effect.gen(function* () {
        const outbox = yield* Outbox
        const job = yield* awaitDiscovery(id)
        const expected = Array.from({ length: total - 100 }, (_, at) => at + 100).filter(usable)
        assert.deepStrictEqual([job.state, job.failure, job.discovered], ["done", null, expected.length])
        assert.strictEqual((yield* outbox.progress(id)).created, expected.length)
        const profiles = yield* indexed
        assert.strictEqual(profiles.size, expected.length)
        for (const place of expected) {
          const profile = profiles.get(`tiktok:creator_${place}`)
          assert.deepStrictEqual(profile?.fields, { name: `Creator ${place}`, followers: 1_000 + place })
          assert.strictEqual(profile?.provenance.name?.source, "http")
        }
      }).pipe(Effect.provide(embedded(directory, { settings, sources: SourcesLive })))
      for (const { authorization, url } of server.seen) {
        assert.strictEqual(authorization, "Bearer secret")
        assert.strictEqual(url.searchParams.get("key"), "k")
      }
    })
  )
})
