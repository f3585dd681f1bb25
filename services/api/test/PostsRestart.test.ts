import { rm } from "node:fs/promises"
import { assert, describe, it } from "@effect/vitest"
import { LinesAccepted, PostsAccepted, PostsPage } from "@influscope/domain/api/PostsApi"
import { type App, body, settled, startApp, temporaryDirectory } from "./support.ts"

const author = "instagram:killed"

const postOf = (key: number) => ({
  id: `instagram:k${String(key).padStart(6, "0")}`,
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

describe("posts in a process that is killed again and again", () => {
  it("are all there and all analysed, once, as far as they were acknowledged", async () => {
    const directory = await temporaryDirectory()
    const acknowledged = new Set<string>()
    let next = 0
    for (const killAfter of [2, 5, 9]) {
      const app = await startApp({ directory, env: { INFLUSCOPE_RELAY_GRACE: "1 second" } })
      const sender = async (): Promise<void> => {
        for (;;) {
          const keys = Array.from({ length: 40 }, () => next++)
          // The process dies in the middle of a request, of any of them.
          const answer = await send(app, keys).catch(() => undefined)
          if (answer === undefined) return
          const { ids } = await body(answer, PostsAccepted, 201)
          for (const id of ids) acknowledged.add(id)
        }
      }
      const already = acknowledged.size
      const senders = [sender(), sender(), sender()]
      while (acknowledged.size < already + killAfter * 40) await Bun.sleep(1)
      app.signal("SIGKILL")
      await app.exited
      await Promise.all(senders)
    }
    const app = await startApp({ directory, env: { INFLUSCOPE_RELAY_GRACE: "1 second" } })
    try {
      const { topics } = await settled(app)
      assert.strictEqual(topics.find(({ topic }) => topic === "posts.submitted")?.deadLettered, 0)
      const { analysed, stored } = await everything(app)
      assert.strictEqual(new Set(stored).size, stored.length)
      const missing = [...acknowledged].filter((id) => !stored.includes(id))
      assert.deepStrictEqual(missing, [])
      const unanalysed = [...acknowledged].filter((id) => !analysed.includes(id))
      assert.deepStrictEqual(unanalysed, [])
      // What was stored and not acknowledged may be there, and is recognised when it is sent again.
      const lines = Array.from({ length: next }, (_, key) => JSON.stringify(postOf(key))).join("\n")
      const answer = await fetch(`${app.url}/v1/posts`, {
        method: "POST",
        headers: { "content-type": "application/x-ndjson" },
        body: lines
      })
      assert.strictEqual((await body(answer, LinesAccepted, 201)).accepted, next)
      await settled(app)
      const after = await everything(app)
      assert.strictEqual(after.stored.length, next)
      assert.deepStrictEqual(after.analysed, after.stored)
    } finally {
      await app.stop()
      await rm(directory, { recursive: true, force: true })
    }
  })
})
