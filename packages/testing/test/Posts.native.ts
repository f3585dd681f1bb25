import { contentType, encode as encodeEvent } from "@influscope/adapters/dapr/CloudEvent"
import { maxBatchItems, postsSubmitted } from "@influscope/domain/Events"
import { makeProfileId } from "@influscope/domain/ProfileId"
import { makePostId, Post } from "@influscope/domain/posts/Post"
import { StoredPost } from "@influscope/ports/PostsServiceApi"
import { cassandra } from "@influscope/stack/servers/Cassandra"
import { SQL } from "bun"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import { assert, describe, it } from "vitest"
import { accountOf, describeAccount } from "../src/Account.ts"
import { get, patiently, request } from "../src/Asking.ts"
import { untilStill } from "../src/Drill.ts"
import { crash, restart, withEnv } from "../src/Faults.ts"
import { poisonPosts } from "../src/PoisonPosts.ts"
import { type PostsSystem, start } from "../src/PostsSystem.ts"
import { running } from "./TrackingRuns.ts"

const authors = Array.from({ length: 10 }, (_, place) => makeProfileId("instagram", `author_${place}`))
const postsEach = 300
const batchSize = 50

/** The n-th post of an author in a drill. */
const postOf = (drill: string, author: Post["author"], nth: number): Post => ({
  id: makePostId("instagram", `${drill}-${authors.indexOf(author)}-${nth}`),
  author,
  publishedAt: Date.UTC(2026, 0, 1) + nth * 3_600_000,
  observedAt: Date.UTC(2026, 2, 1),
  text: `Post ${nth} of ${author} #${drill}`,
  metrics: { likes: nth, comments: 1 }
})

const postsOf = (drill: string, each: number): ReadonlyArray<Post> =>
  authors.flatMap((author) => Array.from({ length: each }, (_, nth) => postOf(drill, author, nth)))

const encode = Schema.encodeSync(Schema.Array(Post))

const submit = ({ appToken, url }: PostsSystem, batch: ReadonlyArray<Post>) =>
  request(`${url}/posts/v1/posts`, {
    method: "POST",
    headers: { "content-type": "application/json", "dapr-api-token": appToken },
    body: JSON.stringify({ posts: encode(batch) })
  }).pipe(patiently)

const Page = Schema.Option(
  Schema.Struct({ posts: Schema.Array(StoredPost), nextCursor: Schema.NullOr(Schema.String) })
)

/** Everything that is stored of an author. */
const storedOf = ({ appToken, url }: PostsSystem, author: string) =>
  Effect.map(
    patiently(
      get(Page, `${url}/posts/v1/authors/${encodeURIComponent(author)}/posts?limit=${maxBatchItems}`, {
        headers: { "dapr-api-token": appToken }
      })
    ),
    (page) => Option.getOrThrow(page).posts
  )

const everything = (system: PostsSystem) =>
  Effect.map(
    Effect.forEach(authors, (author) => storedOf(system, author), { concurrency: 2 }),
    (all) => all.flat()
  )

/** What has been analysed in a drill, post by post, as often as it is stored. */
const analysedIn = (system: PostsSystem, drill: string) =>
  Effect.map(everything(system), (all) =>
    all
      .filter(({ analysis }) => Option.exists(analysis, ({ hashtags }) => hashtags.join() === drill))
      .map(({ post }) => post.id)
  )

const accountFor = (what: string, sent: ReadonlyArray<Post>, found: ReadonlyArray<string>) => {
  const acknowledged = new Set<string>(sent.map(({ id }) => id))
  const account = accountOf({ acknowledged, failed: new Set(), unknown: new Set() }, found)
  process.stdout.write(`${describeAccount(what, account)}\n`)
  return account
}

const batchesOf = (posts: ReadonlyArray<Post>): ReadonlyArray<ReadonlyArray<Post>> =>
  Array.from({ length: posts.length / batchSize }, (_, place) =>
    posts.slice(place * batchSize, (place + 1) * batchSize)
  )

const poison = poisonPosts.map((payload, kind) => ({
  id: `poison-${kind}`,
  payload,
  items: 1,
  traceparent: undefined
}))

/** Past the outbox, as another producer would: sent until the sidecar has it, and so perhaps more than once. */
const publishPoison = ({ apiToken, posts: { sidecar } }: PostsSystem) =>
  Effect.forEach(poison, (message) =>
    request(`http://127.0.0.1:${sidecar.where.ports["http"]}/v1.0/publish/pubsub/${postsSubmitted.name}`, {
      method: "POST",
      headers: { "content-type": contentType, "dapr-api-token": apiToken },
      body: encodeEvent("test", postsSubmitted.name, message)
    }).pipe(patiently)
  )

/** Ids of what died, as often as it is kept. */
const deadOf = ({ databaseUrl }: PostsSystem) =>
  Effect.acquireUseRelease(
    Effect.sync(() => new SQL({ url: databaseUrl, max: 1 })),
    (sql) =>
      Effect.promise(
        async (): Promise<ReadonlyArray<{ readonly id: string }>> =>
          sql`SELECT id FROM influscope.dead_letters WHERE topic = ${postsSubmitted.name} ORDER BY id`
      ),
    (sql) => Effect.promise(() => sql.close())
  ).pipe(Effect.map((rows) => rows.map(({ id }) => id)))

const shuffled = <A>(items: ReadonlyArray<A>) => Effect.map(Random.shuffle(items), (chunk) => [...chunk])

describe.each([
  { name: "PostgreSQL", env: {}, store: undefined },
  { name: "Cassandra", env: { INFLUSCOPE_POST_STORE: "cassandra" }, store: cassandra }
])("posts beside a sidecar, in $name", ({ env, name, store }) => {
  const system = running((directory) =>
    start({ directory, env: { ...env, INFLUSCOPE_RELAY_GRACE: "3 seconds" } }, store)
  )

  it("are all there and all analysed, once, whatever is killed meanwhile, sent in any order, some of them twice, and poison dies once", async () => {
    const { posts: service, servers } = system()
    const posts = postsOf("drill", postsEach)
    const batches = batchesOf(posts)
    const pause = Effect.flatMap(Random.nextIntBetween(500, 2_500), Effect.sleep)
    const faults = Effect.forEach(
      [
        service.service,
        service.sidecar,
        service.service,
        servers.rabbitmq,
        store === undefined ? servers.postgres : system().store
      ].flatMap((victim) => victim ?? []),
      (victim) => Effect.zipRight(pause, crash(victim)),
      { discard: true }
    )
    const drill = Effect.gen(function* () {
      const twice = yield* shuffled([...batches, ...batches.filter((_, place) => place % 5 === 0)])
      const send = Effect.forEach(
        twice,
        (batch) => Effect.zipRight(submit(system(), batch), Effect.sleep("100 millis")),
        {
          concurrency: 2,
          discard: true
        }
      )
      yield* Effect.all([send, faults, publishPoison(system())], { concurrency: 3, discard: true })
      return yield* everything(system()).pipe(
        Effect.delay("1 second"),
        Effect.repeat({
          until: (all) => all.length >= posts.length && all.every(({ analysis }) => Option.isSome(analysis))
        }),
        Effect.timeout("4 minutes")
      )
    })
    const stored = await Effect.runPromise(drill)
    const account = accountFor(
      `posts in ${name}, everything killed once`,
      posts,
      stored.map(({ post }) => post.id)
    )
    const { duplicates, lost, received, strange } = account
    assert.deepStrictEqual([received, duplicates, lost, strange], [posts.length, [], [], []])
    for (const { analysis } of stored) assert.deepStrictEqual(Option.getOrThrow(analysis).hashtags, ["drill"])
    const dead = await Effect.runPromise(
      deadOf(system()).pipe(
        Effect.delay("500 millis"),
        Effect.repeat({ until: (ids) => ids.length >= poison.length }),
        Effect.timeout("1 minute")
      )
    )
    assert.deepStrictEqual(
      dead,
      poison.map(({ id }) => id)
    )
  }, 600_000)

  it("control: without the outbox, kill -9 of the service leaves posts that nobody analyses", async () => {
    const { service } = system().posts
    const without = withEnv(service, { INFLUSCOPE_OUTBOX: "off" })
    const posts = postsOf("control", 20)
    const drill = Effect.gen(function* () {
      yield* restart(without)
      yield* Effect.forEach(
        // The last one has time to get through.
        batchesOf(posts).slice(0, -1),
        (batch) => Effect.zipRight(submit(system(), batch), crash(without)),
        { discard: true }
      )
      yield* submit(system(), batchesOf(posts).at(-1) ?? [])
      return yield* untilStill(analysedIn(system(), "control"), "10 seconds")
    })
    const found = await Effect.runPromise(Effect.ensuring(drill, Effect.orDie(restart(service))))
    const { lost, received } = accountFor(
      `control, outbox off, posts in ${name}, kill -9 of the service`,
      posts,
      found
    )
    assert.isAbove(lost.length, 0)
    assert.isAtLeast(received, batchSize)
  }, 300_000)
})
