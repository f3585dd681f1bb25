import { maxBatchItems } from "@influscope/domain/Events"
import { makeProfileId } from "@influscope/domain/ProfileId"
import { makePostId, Post } from "@influscope/domain/posts/Post"
import { StoredPost } from "@influscope/ports/PostsServiceApi"
import { cassandra } from "@influscope/stack/servers/Cassandra"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { assert, describe, it } from "vitest"
import { get, request, type Unanswered } from "../src/Asking.ts"
import { crash } from "../src/Faults.ts"
import { type PostsSystem, start } from "../src/PostsSystem.ts"
import { running } from "./TrackingRuns.ts"

const authors = Array.from({ length: 10 }, (_, place) => makeProfileId("instagram", `author_${place}`))
const postsEach = 300
const batchSize = 50

const posts = authors.flatMap((author, place) =>
  Array.from(
    { length: postsEach },
    (_, nth): Post => ({
      id: makePostId("instagram", `${place}-${nth}`),
      author,
      publishedAt: Date.UTC(2026, 0, 1) + nth * 3_600_000,
      observedAt: Date.UTC(2026, 2, 1),
      text: `Post ${nth} of ${author} #drill`,
      metrics: { likes: nth, comments: 1 }
    })
  )
)

const encode = Schema.encodeSync(Schema.Array(Post))

/** The service may be away for a while. */
const patiently = <A>(answer: Effect.Effect<A, Unanswered>): Effect.Effect<A, Unanswered> =>
  Effect.retry(answer, Schedule.spaced("500 millis").pipe(Schedule.upTo("2 minutes")))

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

const shuffled = <A>(items: ReadonlyArray<A>) => Effect.map(Random.shuffle(items), (chunk) => [...chunk])

describe.each([
  { name: "PostgreSQL", env: {}, store: undefined },
  { name: "Cassandra", env: { INFLUSCOPE_POST_STORE: "cassandra" }, store: cassandra }
])("posts beside a sidecar, in $name", ({ env, store }) => {
  const system = running((directory) =>
    start({ directory, env: { ...env, INFLUSCOPE_RELAY_GRACE: "3 seconds" } }, store)
  )

  it("are all there and all analysed, once, whatever is killed meanwhile, sent in any order, some of them twice", async () => {
    const { posts: service, servers } = system()
    const batches = Array.from({ length: posts.length / batchSize }, (_, place) =>
      posts.slice(place * batchSize, (place + 1) * batchSize)
    )
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
      yield* Effect.all([send, faults], { concurrency: 2, discard: true })
      return yield* everything(system()).pipe(
        Effect.repeat({
          schedule: Schedule.recurUntil(
            (all: ReadonlyArray<typeof StoredPost.Type>) =>
              all.length >= posts.length && all.every(({ analysis }) => Option.isSome(analysis))
          ).pipe(Schedule.addDelay(() => "1 second"))
        }),
        Effect.timeout("4 minutes")
      )
    })
    const stored = await Effect.runPromise(drill)
    const ids = stored.map(({ post }) => post.id)
    assert.deepStrictEqual([...ids].sort(), posts.map(({ id }) => id).sort())
    for (const { analysis } of stored) assert.deepStrictEqual(Option.getOrThrow(analysis).hashtags, ["drill"])
  }, 600_000)
})
