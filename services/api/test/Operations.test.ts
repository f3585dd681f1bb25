import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as MainDatabase from "@influscope/adapters/sqlite/MainDatabase"
import * as SqliteOutbox from "@influscope/adapters/sqlite/Outbox"
import * as SqliteQueue from "@influscope/adapters/sqlite/Queue"
import { Audit, DeadLetterPage, DeadLetterView, DiscoveryJob } from "@influscope/domain/api/OperationsApi"
import { ProfileView } from "@influscope/domain/api/ProfilesApi"
import { ProfilesDiscovered, profilesDiscovered } from "@influscope/domain/Events"
import { makeProfileId } from "@influscope/domain/ProfileId"
import { DeadLetters } from "@influscope/ports/DeadLetters"
import { Outbox } from "@influscope/ports/Outbox"
import { type Message, PubSub, Reject } from "@influscope/ports/PubSub"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import {
  type App,
  body,
  eventually,
  includes,
  invalidPaths,
  postJson,
  problem,
  search,
  settled,
  startApp,
  temporaryDirectory
} from "./support.ts"

const topic = profilesDiscovered.name

const batch = (id: string, handles: ReadonlyArray<string>): Message => {
  const [first, ...rest] = handles.map((handle, ordinal) => ({
    id: makeProfileId("instagram", handle),
    platform: "instagram" as const,
    handle,
    source: "test",
    observedAt: 1_700_000_000_000,
    ingestedAt: 1_700_000_000_000,
    ordinal,
    fields: { name: handle }
  }))
  assert.isDefined(first)
  const observations = first === undefined ? [] : [first, ...rest]
  const payload = Schema.encodeUnknownSync(Schema.parseJson(ProfilesDiscovered))({
    version: 1,
    id,
    job: null,
    observations
  })
  return { id, payload, items: handles.length, traceparent: undefined }
}

/** Nested deeper than an answer is written. */
const bottomless = `${"[".repeat(150)}${"]".repeat(150)}`

const poison: ReadonlyArray<Message> = [
  { id: "poison/1?#%", payload: "not JSON at all \0 <b>", items: 3, traceparent: undefined },
  {
    id: "poison-2",
    payload: '{"version":1,"id":"poison-2","observations":[{"id":"nonsense"}]}',
    items: 1,
    traceparent: undefined
  },
  { id: "poison-3", payload: bottomless, items: 0, traceparent: undefined }
]

/** Good batches that some earlier release could not handle: sent as producers do, and dead in the queue. */
const unlucky = [batch("unlucky-1", ["revived", "raised"]), batch("unlucky-2", ["abandoned"])]

const bury = Effect.gen(function* () {
  const pubsub = yield* PubSub
  const outbox = yield* Outbox
  const deadLetters = yield* DeadLetters
  for (const message of unlucky) {
    yield* outbox.append(topic, message, undefined)
    yield* pubsub.publish(topic, message)
  }
  const reason = "an older release did not understand this"
  yield* pubsub.subscribe(topic, { concurrency: 1, maxAttempts: 1, timeout: "10 seconds" }, ({ id }) =>
    Effect.zipRight(Effect.orDie(outbox.markDead(topic, id, "dead")), new Reject({ reason }))
  )
  yield* deadLetters.count.pipe(
    Effect.repeat({ until: (count) => count === unlucky.length, schedule: Schedule.spaced("10 millis") })
  )
}).pipe(Effect.scoped)

const poisonQueue = Effect.flatMap(PubSub, (pubsub) =>
  Effect.forEach(poison, (message) => pubsub.publish(topic, message))
)

let app: App
beforeAll(async () => {
  const directory = await temporaryDirectory()
  const stores = Layer.merge(SqliteQueue.layer, SqliteOutbox.layer).pipe(
    Layer.provide(MainDatabase.layer(directory))
  )
  await Effect.runPromise(Effect.provide(Effect.zipRight(bury, poisonQueue), stores))
  app = await startApp({ directory })
  await eventually(async () => assert.strictEqual((await list("")).deadLetters.length, 5))
})
afterAll(() => app?.stop())

const list = async (query: string) => body(await fetch(`${app.url}/v1/dead-letters?${query}`), DeadLetterPage)
const address = (id: string): string => `${app.url}/v1/dead-letters/${encodeURIComponent(id)}`
const audit = async () => {
  const { topics } = await body(await fetch(`${app.url}/v1/audit`), Audit)
  return topics.find((entry) => entry.topic === topic)
}

describe("dead letters", () => {
  it("are listed newest first, a page at a time, each with its reason", async () => {
    const all = (await list("")).deadLetters
    assert.sameMembers(
      all.map(({ id }) => id),
      [...poison, ...unlucky].map(({ id }) => id)
    )
    const times = all.map(({ deadAt }) => deadAt.getTime())
    assert.deepStrictEqual(
      times,
      times.toSorted((a, b) => b - a)
    )
    const known = all.find(({ id }) => id === "unlucky-1")
    includes(known, { topic, items: 2, attempts: 1, reason: "an older release did not understand this" })
    for (const { reason } of all) assert.isNotEmpty(reason)

    const paged: Array<string> = []
    for (let cursor: string | null = ""; cursor !== null; ) {
      const page: typeof DeadLetterPage.Type = await list(
        `limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`
      )
      assert.isAtMost(page.deadLetters.length, 2)
      paged.push(...page.deadLetters.map(({ id }) => id))
      cursor = page.nextCursor
    }
    assert.deepStrictEqual(
      paged,
      all.map(({ id }) => id)
    )
    assert.strictEqual((await list(`topic=${topic}`)).deadLetters.length, 5)
    assert.strictEqual((await list("topic=another")).deadLetters.length, 0)
  })

  it("are refused a page that cannot be", async () => {
    for (const query of [
      "limit=0",
      "limit=101",
      "limit=x",
      "cursor=",
      "cursor=garbage",
      "cursor=e30",
      "cursor=%00"
    ])
      assert.deepStrictEqual(await invalidPaths(await fetch(`${app.url}/v1/dead-letters?${query}`)), [
        query.replace(/=.*/, "")
      ])
    const long = await fetch(`${app.url}/v1/dead-letters?topic=${"t".repeat(201)}&cursor=${"c".repeat(501)}`)
    assert.deepStrictEqual(await invalidPaths(long), ["topic", "cursor"])
  })

  it("are shown with their payload: JSON as JSON, anything else as the text it is", async () => {
    const show = async (id: string) => body(await fetch(address(id)), DeadLetterView)
    assert.strictEqual((await show("poison/1?#%")).payload, poison[0]?.payload)
    assert.deepStrictEqual((await show("poison-2")).payload, JSON.parse(poison[1]?.payload ?? ""))
    assert.strictEqual((await show("poison-3")).payload, bottomless)
    const { reason } = await show("poison-2")
    assert.include(reason, topic)
  })

  it("that are not there are not found, whatever is asked of them", async () => {
    for (const id of ["none", "%zz", "../etc", "a/b", "'; DROP TABLE dead_letters", "\0", "i".repeat(200)]) {
      const answers = [
        await fetch(address(id)),
        await fetch(address(id), { method: "DELETE" }),
        await fetch(`${address(id)}/replay`, { method: "POST" })
      ]
      for (const answer of answers) await problem(answer, 404, "not-found")
    }
    assert.deepStrictEqual(await invalidPaths(await fetch(address("i".repeat(201)))), ["id"])
  })

  it("stay dead when they are replayed and still cannot be understood", async () => {
    const before = await body(await fetch(address("poison-2")), DeadLetterView)
    const replayed = await fetch(`${address("poison-2")}/replay`, { method: "POST" })
    assert.strictEqual(replayed.status, 204)
    assert.strictEqual(await replayed.text(), "")
    await eventually(async () => {
      const again = await body(await fetch(address("poison-2")), DeadLetterView)
      assert.isAbove(again.deadAt.getTime(), before.deadAt.getTime())
      assert.strictEqual(again.attempts, 1)
    })
  })

  it("come to life when they are replayed and can be, and the account says so", async () => {
    includes(await audit(), { sent: 3, sentBatches: 2, applied: 0, deadLettered: 3, dropped: 0, missing: 0 })
    assert.strictEqual((await fetch(`${address("unlucky-1")}/replay`, { method: "POST" })).status, 204)
    await eventually(async () => {
      const profile = await body(await fetch(`${app.url}/v1/profiles/instagram:revived`), ProfileView)
      assert.strictEqual(profile.provenance["name"]?.source, "test")
    })
    assert.strictEqual((await search(app, "q=raised")).total, 1)
    await settled(app)
    includes(await audit(), {
      sent: 3,
      applied: 2,
      deadLettered: 1,
      dropped: 0,
      duplicateBatches: 0,
      missing: 0
    })
    await problem(await fetch(address("unlucky-1")), 404, "not-found")
    await problem(await fetch(`${address("unlucky-1")}/replay`, { method: "POST" }), 404, "not-found")
  })

  it("are gone for good when they are dropped, and the account says so", async () => {
    assert.strictEqual((await fetch(address("unlucky-2"), { method: "DELETE" })).status, 204)
    await problem(await fetch(address("unlucky-2"), { method: "DELETE" }), 404, "not-found")
    await problem(await fetch(`${address("unlucky-2")}/replay`, { method: "POST" }), 404, "not-found")
    includes(await audit(), { sent: 3, applied: 2, deadLettered: 0, dropped: 1, missing: 0 })
    assert.strictEqual((await fetch(address("poison/1?#%"), { method: "DELETE" })).status, 204)
    await problem(await fetch(`${app.url}/v1/profiles/instagram:abandoned`), 404, "not-found")
  })

  it("are counted", async () => {
    const metrics = await (await fetch(`${app.url}/metrics`)).text()
    assert.include(metrics, `dead_letters_total{topic="${topic}"} 4\n`)
    assert.include(metrics, "\ndead_letters 2\n")
  })
})

describe("discoveries", () => {
  const done = (id: string) =>
    eventually(async () => {
      const job = await body(await fetch(`${app.url}/v1/discoveries/${id}`), DiscoveryJob)
      assert.strictEqual(job.state, "done")
      return job
    })

  it("bring what they are asked for, the same for the same seed", async () => {
    const asked = { source: "synthetic", count: 120, seed: 9, offset: 1_000 }
    const response = await postJson(app, "/v1/discoveries", asked)
    const location = response.headers.get("location")
    const job = await body(response, DiscoveryJob, 202)
    assert.strictEqual(location, `/v1/discoveries/${job.id}`)
    includes(job, { source: "synthetic", count: 120, failure: null })
    includes(await done(job.id), { discovered: 120, indexed: 120, failure: null })
    const { total } = await search(app, "limit=1")
    const again = await body(await postJson(app, "/v1/discoveries", asked), DiscoveryJob, 202)
    includes(await done(again.id), { discovered: 120, indexed: 120 })
    assert.strictEqual((await search(app, "limit=1")).total, total)
  })

  it("need a source that is there, and figures that can be", async () => {
    const unknown = await postJson(app, "/v1/discoveries", { source: "crystal-ball", count: 1 })
    const { errors } = await problem(unknown, 400, "invalid-request")
    assert.strictEqual(errors[0]?.path, "source")
    assert.match(errors[0]?.message ?? "", /crystal-ball.*synthetic/)
    const cases: ReadonlyArray<readonly [object, ReadonlyArray<string>]> = [
      [{}, ["count"]],
      [{ count: 0 }, ["count"]],
      [{ count: 10_000_001 }, ["count"]],
      [{ count: 1.5, seed: -1, offset: "3" }, ["count", "seed", "offset"]],
      [{ count: "1" }, ["count"]],
      [{ count: 1, source: "" }, ["source"]],
      [{ count: 1, seed: null }, ["seed"]],
      [{ count: 1, seed: 2 ** 32 }, ["seed"]]
    ]
    for (const [asked, paths] of cases) {
      const found = await invalidPaths(await postJson(app, "/v1/discoveries", asked))
      assert.sameMembers([...found], [...paths], JSON.stringify(asked))
    }
    const { detail } = await problem(await fetch(`${app.url}/v1/discoveries/none`), 404, "not-found")
    assert.include(detail, "none")
    assert.deepStrictEqual(await invalidPaths(await fetch(`${app.url}/v1/discoveries/${"i".repeat(201)}`)), [
      "id"
    ])
  })
})
