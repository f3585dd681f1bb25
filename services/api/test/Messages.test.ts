import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Inbox, MessagePage } from "@influscope/domain/api/MessagesApi"
import { Conversation, Message, Thread } from "@influscope/domain/messages/Conversation"
import * as Schema from "effect/Schema"
import { type App, body, invalidPaths, problem } from "./support.ts"
import { type Caller, callerOf, startGuardedApp } from "./Tenants.ts"

let app: App
let ann: Caller
let bob: Caller
let eve: Caller
let foreign: Caller

beforeAll(async () => {
  app = await startGuardedApp()
  ann = callerOf(app, "ann", "acme")
  bob = callerOf(app, "bob", "acme")
  eve = callerOf(app, "eve", "acme")
  foreign = callerOf(app, "ann", "other")
})
afterAll(() => app?.stop())

const begin = async (who: Caller, participants: ReadonlyArray<string>, more: object = {}) =>
  body(await who.post("/v1/conversations", { participants, ...more }), Conversation, 201)

const send = async (who: Caller, id: string, key: string, text = key) =>
  body(await who.post(`/v1/conversations/${id}/messages`, { id: key, text }), Message, 201)

const messagesOf = async (who: Caller, id: string) =>
  (await body(await who.get(`/v1/conversations/${id}/messages?limit=200`), MessagePage)).messages

const inboxOf = async (who: Caller, query = "") => body(await who.get(`/v1/inbox?${query}`), Inbox)

const decodeMessage = Schema.decodeSync(Schema.parseJson(Message))
const decodeThread = Schema.decodeSync(Schema.parseJson(Thread))

/** The data of events of a stream, until there are so many. */
const eventsOf = async (response: Response, count: number): Promise<ReadonlyArray<string>> => {
  assert.strictEqual(response.headers.get("content-type"), "text/event-stream")
  const events: Array<string> = []
  let text = ""
  const decoder = new TextDecoder()
  const reader = response.body?.getReader()
  while (reader !== undefined && events.length < count) {
    const { done, value } = await reader.read()
    if (done) break
    text += decoder.decode(value, { stream: true })
    const blocks = text.split("\n\n")
    text = blocks.pop() ?? ""
    for (const block of blocks) {
      const data = /^data: (.*)$/m.exec(block)?.[1]
      if (data !== undefined) events.push(data)
    }
  }
  await reader?.cancel()
  return events
}

describe("a conversation", () => {
  it("keeps what is said in its order, and counts what is unread", async () => {
    const { id, participants } = await begin(ann, ["bob", "ann", "bob"], { title: "Winter" })
    assert.strictEqual(participants.join(), "ann,bob")
    for (const key of ["a", "b", "c"]) await send(ann, id, key)
    await send(ann, id, "b")
    assert.deepStrictEqual(
      (await messagesOf(bob, id)).map(({ number, sender, text }) => [number, sender, text]),
      [
        [3, "ann", "c"],
        [2, "ann", "b"],
        [1, "ann", "a"]
      ]
    )
    const thread = async (who: Caller) => body(await who.get(`/v1/conversations/${id}`), Thread)
    assert.strictEqual((await thread(bob)).unread, 3)
    assert.strictEqual((await thread(ann)).unread, 0)
    assert.strictEqual(
      (await body(await bob.post(`/v1/conversations/${id}/read`, { upTo: 2 }), Thread)).unread,
      1
    )
    await send(bob, id, "d")
    assert.strictEqual((await inboxOf(bob)).unread, 0)
    assert.strictEqual((await thread(ann)).unread, 1)
  })

  it("shows no message twice, however often and in whatever order it is sent", async () => {
    const { id } = await begin(ann, ["bob"])
    const keys = Array.from({ length: 20 }, (_, place) => `m${place}`)
    await Promise.all([...keys, ...keys.toReversed(), ...keys].map((key) => send(ann, id, key)))
    const messages = await messagesOf(bob, id)
    assert.deepStrictEqual(new Set(messages.map((each) => each.id)).size, 20)
    assert.deepStrictEqual(
      messages.map(({ number }) => number),
      keys.map((_, place) => 20 - place)
    )
  })

  it("refuses another message under a known id, and another conversation", async () => {
    const { id } = await begin(ann, ["bob"], { id: "our-talk" })
    assert.strictEqual((await begin(ann, ["bob"], { id: "our-talk" })).id, id)
    await problem(await ann.post("/v1/conversations", { id, participants: ["eve"] }), 409, "conflict")
    await send(ann, id, "once", "one")
    await problem(
      await ann.post(`/v1/conversations/${id}/messages`, { id: "once", text: "two" }),
      409,
      "conflict"
    )
  })

  it("says what is wrong with what it is given", async () => {
    const { id } = await begin(ann, ["bob"])
    const messages = `/v1/conversations/${id}/messages`
    assert.deepStrictEqual(await invalidPaths(await ann.post(messages, { id: "a b", text: "" })), [
      "id",
      "text"
    ])
    assert.deepStrictEqual(await invalidPaths(await ann.post(messages, { id: "a", text: "\u0000" })), [
      "text"
    ])
    assert.deepStrictEqual(await invalidPaths(await ann.post("/v1/conversations", { participants: [] })), [
      "participants.0"
    ])
    assert.deepStrictEqual(
      await invalidPaths(await ann.post("/v1/conversations", { participants: ["ann"] })),
      ["participants"]
    )
    assert.deepStrictEqual(await invalidPaths(await ann.get("/v1/inbox?cursor=x")), ["cursor"])
    assert.deepStrictEqual(await invalidPaths(await ann.get(`${messages}?cursor=x`)), ["cursor"])
  })

  it("is in the inbox, page by page, the latest first", async () => {
    const cat = callerOf(app, "cat", "acme")
    const ids: Array<string> = []
    for (let number = 0; number < 5; number++) ids.push((await begin(cat, ["bob"])).id)
    const [first = ""] = ids
    await send(cat, first, "latest")
    const seen: Array<string> = []
    let cursor: string | null = ""
    while (cursor !== null) {
      const page: Inbox = await inboxOf(cat, `limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`)
      seen.push(...page.threads.map(({ conversation }) => conversation.id))
      cursor = page.nextCursor
    }
    assert.strictEqual(seen[0], first)
    assert.deepStrictEqual(new Set(seen), new Set(ids))
    assert.strictEqual(seen.length, 5)
  })

  it("is live: what was missed, and then what comes", async () => {
    const { id } = await begin(ann, ["bob"])
    await send(ann, id, "before")
    const stream = await bob.get(`/v1/conversations/${id}/live?after=0`)
    const reading = eventsOf(stream, 3)
    await send(ann, id, "first")
    await send(ann, id, "second")
    assert.deepStrictEqual(
      (await reading).map((data) => decodeMessage(data).text),
      ["before", "first", "second"]
    )
  })

  it("is live in the inbox", async () => {
    const dan = callerOf(app, "dan", "acme")
    const { id } = await begin(ann, ["dan"])
    const reading = eventsOf(await dan.get("/v1/inbox/live"), 2)
    await send(ann, id, "hello")
    const threads = (await reading).map((data) => decodeThread(data))
    assert.deepStrictEqual(
      threads.map(({ unread }) => unread),
      [0, 1]
    )
  })

  it("is not there for others, of its tenant or of another", async () => {
    const { id } = await begin(ann, ["bob"])
    await send(ann, id, "secret")
    for (const stranger of [eve, foreign]) {
      const at = `/v1/conversations/${id}`
      const answers = [
        await stranger.get(at),
        await stranger.get(`${at}/messages`),
        await stranger.get(`${at}/live`),
        await stranger.post(`${at}/messages`, { id: "a", text: "a" }),
        await stranger.post(`${at}/read`, { upTo: 1 })
      ]
      for (const answer of answers) await problem(answer, 404, "not-found")
      assert.deepStrictEqual((await inboxOf(stranger)).threads, [])
    }
    // The same id is another conversation there.
    assert.strictEqual((await begin(foreign, ["bob"], { id })).id, id)
    assert.deepStrictEqual(await messagesOf(foreign, id), [])
    assert.strictEqual((await messagesOf(bob, id)).length, 1)
  })
})
