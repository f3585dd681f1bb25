import { assert, describe, it } from "@effect/vitest"
import type { ImportJob } from "@influscope/domain/Imports"
import { makeProfileId } from "@influscope/domain/ProfileId"
import { Imports } from "@influscope/ports/Imports"
import { Outbox } from "@influscope/ports/Outbox"
import { PostStore, type StoredPost } from "@influscope/ports/PostStore"
import { Posts } from "@influscope/ports/Posts"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import {
  addsUp,
  awaitImport,
  embedded,
  type ImportOptions,
  importFile,
  inInstance,
  submit
} from "./Embedded.ts"

const posts = { kind: "posts", platform: "instagram", file: "posts.csv" } as const

const counts = ({ report }: ImportJob) => {
  const { imported, rejected, rows, unchanged, updated } = report
  return { rows, imported, updated, unchanged, rejected }
}

const importPosts = (content: string, options: ImportOptions = {}) =>
  Effect.map(importFile(content, { ...posts, ...options }), (job) => {
    assert.deepStrictEqual([job.state, job.failure, job.kind], ["done", null, "posts"])
    assert.isTrue(addsUp(job))
    return job
  })

const ana = makeProfileId("instagram", "ana")

/** All posts of an author, page by page. */
const allOf = Effect.gen(function* () {
  const store = yield* PostStore
  const all: Array<StoredPost> = []
  let cursor: string | undefined
  do {
    const page = yield* Effect.flatten(store.page(ana, cursor, 500))
    all.push(...page.posts)
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  return all
})

const tableOf = (rows: number, likes = 5) =>
  [
    "post_id,username,date,caption,likes",
    ...Array.from({ length: rows }, (_, row) =>
      row % 100 === 99
        ? `p${row},,2026-01-01,nobody,1`
        : `p${row},ana,2026-01-${10 + (row % 20)},"Row ${row} #row",${likes}`
    )
  ].join("\n")

describe("an import of posts", () => {
  it.scopedLive("stores and analyses every row, and accounts for each", () =>
    inInstance(
      Effect.gen(function* () {
        const job = yield* importPosts(tableOf(300))
        assert.deepStrictEqual(counts(job), {
          rows: 300,
          imported: 297,
          updated: 0,
          unchanged: 0,
          rejected: 3
        })
        const stored = yield* allOf
        assert.strictEqual(stored.length, 297)
        for (const { analysis } of stored)
          assert.deepStrictEqual(Option.getOrThrow(analysis).hashtags, ["row"])
        const rollup = yield* Effect.flatten((yield* Posts).rollup(ana))
        assert.deepInclude(rollup, { posts: 297, hashtags: [{ tag: "row", posts: 297 }] })
      })
    )
  )

  it.scopedLive(
    "changes nothing when it is repeated, updates with newer figures, and never goes back in time",
    () =>
      inInstance(
        Effect.gen(function* () {
          const february = { observedAt: new Date("2026-02-01") }
          const march = { observedAt: new Date("2026-03-01") }
          yield* importPosts(tableOf(50), february)
          assert.deepInclude(counts(yield* importPosts(tableOf(50), february)), {
            imported: 0,
            unchanged: 50
          })
          assert.deepInclude(counts(yield* importPosts(tableOf(50, 9), march)), { imported: 0, updated: 50 })
          assert.deepInclude(counts(yield* importPosts(tableOf(50), february)), { updated: 0, unchanged: 50 })
          for (const { post } of yield* allOf) assert.strictEqual(post.metrics.likes, 9)
        })
      )
  )

  it.scopedLive("writes nothing when it is dry", () =>
    inInstance(
      Effect.gen(function* () {
        const job = yield* importPosts(tableOf(20), { dryRun: true })
        assert.deepInclude(counts(job), { rows: 20, imported: 20 })
        assert.deepStrictEqual(yield* allOf, [])
      })
    )
  )

  it.scopedLive("is all about one account when it is told so, and has no use for a source", () =>
    inInstance(
      Effect.gen(function* () {
        const table = "Date,Caption,Likes\n2026-01-31,Hi,5"
        yield* importPosts(table, { of: ana })
        assert.strictEqual((yield* allOf).length, 1)
        const refused = yield* Effect.flip(submit(table, { ...posts, source: "me" }))
        assert.deepInclude(refused, { _tag: "ImportRefused", parameter: "source" })
      })
    )
  )

  it.scopedLive("comes in smaller messages where the broker takes no larger ones", () =>
    inInstance(
      Effect.gen(function* () {
        yield* importPosts(tableOf(90))
        assert.strictEqual((yield* allOf).length, 90)
        const topics = yield* (yield* Outbox).audit(60_000)
        assert.isAbove(topics.find(({ topic }) => topic === "posts.submitted")?.sentBatches ?? 0, 5)
      }),
      { settings: { INFLUSCOPE_MAX_BATCH_BYTES: "16384" } }
    )
  )

  it.scopedLive(
    "goes on after the process has ended, and loses and doubles nothing",
    () =>
      Effect.gen(function* () {
        const directory = yield* temporaryDirectory
        const settings = { INFLUSCOPE_RELAY_GRACE: "1 millis" }
        const id = yield* Effect.gen(function* () {
          const imports = yield* Imports
          const { id } = yield* submit(tableOf(2_200), posts)
          yield* imports
            .get(id)
            .pipe(
              Effect.map(Option.getOrThrow),
              Effect.delay("5 millis"),
              Effect.repeat({ until: ({ report }) => report.rows >= 500 })
            )
          return id
        }).pipe(Effect.provide(embedded(directory, { settings })))
        yield* Effect.gen(function* () {
          const job = yield* awaitImport(id)
          assert.deepStrictEqual([job.state, addsUp(job)], ["done", true])
          assert.deepInclude(counts(job), { rows: 2_200, rejected: 22 })
          const stored = yield* allOf
          assert.strictEqual(new Set(stored.map(({ post }) => post.id)).size, 2_178)
          assert.strictEqual(stored.length, 2_178)
          assert.isTrue(stored.every(({ analysis }) => Option.isSome(analysis)))
        }).pipe(Effect.provide(embedded(directory, { settings })))
      }),
    120_000
  )
})
