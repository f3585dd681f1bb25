import { rm } from "node:fs/promises"
import { assert, describe, it } from "@effect/vitest"
import * as MainDatabase from "@influscope/adapters/sqlite/MainDatabase"
import * as SqliteOutbox from "@influscope/adapters/sqlite/Outbox"
import * as SqliteQueue from "@influscope/adapters/sqlite/Queue"
import { DeadLetterPage } from "@influscope/domain/api/OperationsApi"
import { LinesAccepted, PostsAccepted, PostsPage } from "@influscope/domain/api/PostsApi"
import { postsSubmitted } from "@influscope/domain/Events"
import { Outbox } from "@influscope/ports/Outbox"
import { PubSub } from "@influscope/ports/PubSub"
import { accountOf, describeAccount } from "@influscope/testing/Account"
import { poisonPosts } from "@influscope/testing/PoisonPosts"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type App, body, eventually, settled, startApp, temporaryDirectory } from "./support.ts"

const author = "instagram:killed"
const batchSize = 40

const idOf = (key: number): string => `instagram:k${String(key).padStart(6, "0")}`

const postOf = (key: number) => ({
  id: idOf(key),
  author,
  publishedAt: new Date(Date.UTC(2026, 0, 1) + key * 60_000).toISOString(),
  text: `Post ${key} #killed`
})

const send = (app: App, keys: ReadonlyArray<number>) =>
  fetch(`${app.url}/v1/posts`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ posts: keys.map(postOf) })
  })

/** Ids of all posts that are stored, and of those that are analysed. */
const everything = async (app: App) => {
  const stored: Array<string> = []
  const analysed: Array<string> = []
  let cursor = ""
  do {
    const page = await body(
      await fetch(`${app.url}/v1/users/${encodeURIComponent(author)}/posts?limit=100${cursor}`),
      PostsPage
    )
    for (const { analysis, id } of page.posts) {
      stored.push(id)
      if (analysis?.hashtags[0] === "killed") analysed.push(id)
    }
    cursor = page.nextCursor === null ? "" : `&cursor=${encodeURIComponent(page.nextCursor)}`
  } while (cursor !== "")
  return { stored, analysed }
}

/** Puts both kinds of poison into the queue of a process that is down, as sent, and answers their ids. */
const poisonQueue = (directory: string, round: number): Promise<ReadonlyArray<string>> =>
  Effect.gen(function* () {
    const outbox = yield* Outbox
    const pubsub = yield* PubSub
    return yield* Effect.forEach(poisonPosts, (payload, kind) => {
      const message = { id: `poison-${round}-${kind}`, payload, items: 1, traceparent: undefined }
      return outbox
        .append(postsSubmitted.name, message, undefined)
        .pipe(Effect.zipRight(pubsub.publish(postsSubmitted.name, message)), Effect.as(message.id))
    })
  }).pipe(
    Effect.provide(
      Layer.merge(SqliteQueue.layer, SqliteOutbox.layer).pipe(Layer.provide(MainDatabase.layer(directory)))
    ),
    Effect.runPromise
  )

interface Sent {
  readonly acknowledged: Set<string>
  /** Keys that were given to posts, whatever became of the requests. */
  next: number
}

/** Sends batches until the process does not answer any more, one in five of them twice. */
const sendUntilDeath = async (app: App, sent: Sent): Promise<void> => {
  for (;;) {
    const keys = Array.from({ length: batchSize }, () => sent.next++)
    const times = (sent.next / batchSize) % 5 === 0 ? 2 : 1
    for (let time = 0; time < times; time++) {
      // The process dies in the middle of a request, of any of them.
      const answer = await send(app, keys).catch(() => undefined)
      if (answer === undefined) return
      const { ids } = await body(answer, PostsAccepted, 201)
      for (const id of ids) sent.acknowledged.add(id)
    }
  }
}

/** Kills the process once so many further batches are acknowledged. */
const runAndKill = async (
  directory: string,
  sent: Sent,
  batches: number,
  env: Readonly<Record<string, string>>
): Promise<void> => {
  const app = await startApp({ directory, env })
  const enough = sent.acknowledged.size + batches * batchSize
  const senders = [1, 2, 3].map(() => sendUntilDeath(app, sent))
  while (sent.acknowledged.size < enough) await Bun.sleep(1)
  app.signal("SIGKILL")
  await app.exited
  await Promise.all(senders)
}

const accountFor = (what: string, { acknowledged, next }: Sent, found: ReadonlyArray<string>) => {
  const unknown = new Set(Array.from({ length: next }, (_, key) => idOf(key)))
  const account = accountOf({ acknowledged, failed: new Set(), unknown }, found)
  process.stdout.write(`${describeAccount(what, account)}\n`)
  return account
}

describe("posts in a process that is killed again and again", () => {
  it("are all there and analysed once, some sent twice, with poison among them that dies once", async () => {
    const directory = await temporaryDirectory()
    const env = { INFLUSCOPE_RELAY_GRACE: "1 second" }
    const sent: Sent = { acknowledged: new Set(), next: 0 }
    const poisonIds: Array<string> = []
    for (const batches of [2, 5, 9]) {
      await runAndKill(directory, sent, batches, env)
      poisonIds.push(...(await poisonQueue(directory, batches)))
    }
    const app = await startApp({ directory, env })
    try {
      const { topics } = await settled(app)
      const audit = topics.find(({ topic }) => topic === postsSubmitted.name)
      assert.strictEqual(audit?.deadLettered, poisonIds.length)
      const { deadLetters } = await body(await fetch(`${app.url}/v1/dead-letters?limit=100`), DeadLetterPage)
      assert.sameMembers(
        deadLetters.map(({ id }) => id),
        poisonIds
      )
      const { analysed, stored } = await everything(app)
      const { duplicates, lost, strange } = accountFor("posts on SQLite, kill -9 three times", sent, stored)
      assert.deepStrictEqual([duplicates, lost, strange], [[], [], []])
      const ofAnalysed = accountFor("the same, analysed", sent, analysed)
      assert.deepStrictEqual([ofAnalysed.duplicates, ofAnalysed.lost], [[], []])
      // What was stored and not acknowledged may be there, and is recognised when it is sent again.
      const lines = Array.from({ length: sent.next }, (_, key) => JSON.stringify(postOf(key))).join("\n")
      const answer = await fetch(`${app.url}/v1/posts`, {
        method: "POST",
        headers: { "content-type": "application/x-ndjson" },
        body: lines
      })
      assert.strictEqual((await body(answer, LinesAccepted, 201)).accepted, sent.next)
      await settled(app)
      const after = await everything(app)
      assert.strictEqual(after.stored.length, sent.next)
      assert.deepStrictEqual(after.analysed, after.stored)
    } finally {
      await app.stop()
      await rm(directory, { recursive: true, force: true })
    }
  })

  it("control: without the outbox, some that were acknowledged are never analysed", async () => {
    const directory = await temporaryDirectory()
    const env = { INFLUSCOPE_OUTBOX: "off" }
    const sent: Sent = { acknowledged: new Set(), next: 0 }
    for (const batches of [2, 5, 9]) await runAndKill(directory, sent, batches, env)
    const app = await startApp({ directory, env })
    try {
      // These have time to get through.
      const last = Array.from({ length: batchSize }, () => sent.next++)
      for (const id of (await body(await send(app, last), PostsAccepted, 201)).ids) sent.acknowledged.add(id)
      await eventually(async () => {
        const { analysed } = await everything(app)
        assert.includeMembers(analysed, last.map(idOf))
      })
      await Bun.sleep(2_000)
      const { analysed, stored } = await everything(app)
      const inStore = accountFor("control, outbox off, posts on SQLite", sent, stored)
      const { lost } = accountFor("control, outbox off, analysed", sent, analysed)
      assert.deepStrictEqual(inStore.lost, [])
      assert.isAbove(lost.length, 0)
    } finally {
      await app.stop()
      await rm(directory, { recursive: true, force: true })
    }
  })
})
