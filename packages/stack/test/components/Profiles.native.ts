import { readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as TestServer from "@influscope/testing/TestServer"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { parseEnvironment } from "../../src/components/EnvironmentFile.ts"
import { formatProfile, type Profile } from "../../src/components/Profile.ts"
import { render } from "../../src/components/Render.ts"
import { declare, pipelines, verify } from "../../src/RabbitmqTopology.ts"
import type { ServerRecipe } from "../../src/Server.ts"
import { RequestFailed } from "../../src/SignedFetch.ts"
import { freePort, scoped } from "../../src/Supervisor.ts"
import { cassandra } from "../../src/servers/Cassandra.ts"
import { daprd } from "../../src/servers/Daprd.ts"
import { dynamodb } from "../../src/servers/DynamoDbLocal.ts"
import { kafka } from "../../src/servers/Kafka.ts"
import { mariadb } from "../../src/servers/MariaDb.ts"
import { minio } from "../../src/servers/Minio.ts"
import { moto } from "../../src/servers/Moto.ts"
import { postgres } from "../../src/servers/Postgres.ts"
import { rabbitmq } from "../../src/servers/Rabbitmq.ts"
import { redis } from "../../src/servers/Redis.ts"
import { secantusdb } from "../../src/servers/SecantusDb.ts"

const source = fileURLToPath(new URL("../../../../dapr", import.meta.url))
const topic = "profiles.discovered"

const attempt = <A>(work: (signal: AbortSignal) => Promise<A>): Effect.Effect<A, RequestFailed> =>
  Effect.tryPromise({ try: work, catch: (cause) => new RequestFailed({ why: String(cause) }) }).pipe(
    Effect.timeoutFail({ duration: "20 seconds", onTimeout: () => new RequestFailed({ why: "no answer" }) })
  )

const until = <A>(what: string, work: Effect.Effect<A, RequestFailed>, good: (value: A) => boolean) =>
  work.pipe(
    Effect.filterOrFail(good, (value) => new RequestFailed({ why: `${what}: ${JSON.stringify(value)}` })),
    Effect.retry(Schedule.spaced("200 millis").pipe(Schedule.upTo("60 seconds")))
  )

/** An app that fails each message twice before it takes it. */
const app = (port: number, token: string) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const attempts = new Map<string, number>()
      const taken: Array<string> = []
      const strangers: Array<string> = []
      const server = Bun.serve({
        hostname: "127.0.0.1",
        port,
        fetch: async (request) => {
          const { pathname } = new URL(request.url)
          if (pathname === "/dapr/healthz") return new Response("ok")
          if (request.headers.get("dapr-api-token") !== token) strangers.push(pathname)
          if (pathname === "/dapr/config") return Response.json({})
          if (pathname === "/dapr/subscribe")
            return Response.json([
              {
                pubsubname: "pubsub",
                topic,
                route: "/events",
                deadLetterTopic: `${topic}.dead`,
                metadata: { queueType: "quorum" }
              },
              {
                pubsubname: "pubsub",
                topic: `${topic}.dead`,
                route: "/dead",
                metadata: { queueType: "quorum" }
              }
            ])
          if (pathname !== "/events") return Response.json({ status: "RETRY" }, { status: 500 })
          const event: unknown = await request.json()
          const id =
            typeof event === "object" && event !== null && "id" in event ? String(event.id) : "no event"
          const before = attempts.get(id) ?? 0
          attempts.set(id, before + 1)
          if (before < 2) return Response.json({ status: "RETRY" })
          taken.push(id)
          return Response.json({ status: "SUCCESS" })
        }
      })
      return { server, taken, attempts, strangers }
    }),
    ({ server }) => Effect.promise(() => server.stop(true))
  )

interface Plan {
  readonly profile: Profile
  readonly servers: ReadonlyArray<ServerRecipe>
  readonly types: Readonly<Record<"pubsub" | "state" | "objects", string>>
}

const plans: ReadonlyArray<Plan> = [
  {
    profile: { pubsub: "rabbitmq", state: "postgresql", objects: "minio" },
    servers: [rabbitmq, postgres],
    types: { pubsub: "pubsub.rabbitmq", state: "state.postgresql", objects: "bindings.aws.s3" }
  },
  {
    profile: { pubsub: "redis", state: "redis", objects: "minio" },
    servers: [],
    types: { pubsub: "pubsub.redis", state: "state.redis", objects: "bindings.aws.s3" }
  },
  {
    profile: { pubsub: "kafka", state: "sqlite", objects: "minio" },
    servers: [kafka],
    types: { pubsub: "pubsub.kafka", state: "state.sqlite", objects: "bindings.aws.s3" }
  },
  {
    profile: { pubsub: "snssqs", state: "dynamodb", objects: "minio" },
    servers: [moto, dynamodb],
    types: { pubsub: "pubsub.aws.snssqs", state: "state.aws.dynamodb", objects: "bindings.aws.s3" }
  },
  {
    profile: { pubsub: "redis", state: "mysql", objects: "minio" },
    servers: [mariadb],
    types: { pubsub: "pubsub.redis", state: "state.mysql", objects: "bindings.aws.s3" }
  },
  {
    profile: { pubsub: "redis", state: "mongodb", objects: "minio" },
    servers: [secantusdb],
    types: { pubsub: "pubsub.redis", state: "state.mongodb", objects: "bindings.aws.s3" }
  },
  {
    profile: { pubsub: "redis", state: "cassandra", objects: "minio" },
    servers: [cassandra],
    types: { pubsub: "pubsub.redis", state: "state.cassandra", objects: "bindings.aws.s3" }
  }
]

const works = ({ profile, servers, types }: Plan) =>
  Effect.gen(function* () {
    const directory = yield* temporaryDirectory
    // Redis holds the configuration in every profile, and in some the topics too, whose names are those of all profiles.
    const reached = [
      yield* TestServer.scoped(redis),
      ...(yield* Effect.forEach([minio, ...servers], TestServer.shared))
    ]
    const environment: Record<string, string> = Object.assign(
      {},
      ...reached.map(({ environment }) => environment)
    )
    const rendered = yield* render({ source, into: join(directory, "dapr"), profile, environment })
    assert.deepStrictEqual(rendered.missing, [])
    const tokens = parseEnvironment(readFileSync(rendered.environmentFile, "utf8"))
    const apiToken = tokens["DAPR_API_TOKEN"] ?? assert.fail("no token")
    const appToken = tokens["APP_API_TOKEN"] ?? assert.fail("no token")

    const broker = {
      url: environment["RABBITMQ_URL"] ?? "",
      managementUrl: environment["RABBITMQ_MANAGEMENT_URL"] ?? ""
    }
    if (profile.pubsub === "rabbitmq") yield* declare(broker, pipelines)
    const appPort = yield* freePort
    const indexer = yield* app(appPort, appToken)
    const recipe = daprd({
      appId: "indexer",
      appPort,
      resources: [rendered.resources],
      config: rendered.config.indexer,
      apiToken,
      appToken,
      appHealth: { path: "/dapr/healthz", intervalSeconds: 1, timeoutMillis: 500, threshold: 3 }
    })
    const sidecar = yield* scoped(recipe, { directory: join(directory, "daprd") }).pipe(
      // Cassandra's component gives the making of keyspace and table 600 ms, and ends daprd when that is too short.
      Effect.retry({ times: profile.state === "cassandra" ? 5 : 0 })
    )
    const call = (path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) =>
      attempt(async (signal) => {
        const response = await fetch(`http://127.0.0.1:${sidecar.where.ports["http"]}/v1.0${path}`, {
          signal,
          method: body === undefined ? "GET" : "POST",
          headers: { "content-type": "application/json", "dapr-api-token": apiToken, ...headers },
          ...(body === undefined ? {} : { body: JSON.stringify(body) })
        })
        return { status: response.status, text: await response.text() }
      })

    // Every component is there, of the type of the profile, and both subscriptions are.
    const metadata = yield* until("metadata", call("/metadata"), ({ text }) => text.includes(`${topic}.dead`))
    const { components }: { components: ReadonlyArray<{ name: string; type: string }> } = JSON.parse(
      metadata.text
    )
    for (const [name, type] of Object.entries(types))
      assert.deepInclude(
        components.map((component) => ({ name: component.name, type: component.type })),
        { name, type }
      )
    assert.includeMembers(
      components.map(({ name }) => name),
      ["secrets", "configuration"]
    )

    // Without the token, and for an API that is not on the list, the sidecar does nothing.
    assert.strictEqual((yield* call("/metadata", undefined, { "dapr-api-token": "" })).status, 401)
    assert.notStrictEqual((yield* call("/shutdown", {})).status, 204)
    assert.strictEqual((yield* call("/secrets/secrets/redis")).status, 403)

    assert.strictEqual((yield* call("/state/state", [{ key: "job", value: { done: 1 } }])).status, 204)
    assert.strictEqual((yield* call("/state/state/job")).text, '{"done":1}')

    // Bytes that are no text come back as they were.
    const bytes = Buffer.from([0, 255, 254, 10, 128])
    const created = yield* call("/bindings/objects", {
      operation: "create",
      data: bytes.toString("base64"),
      metadata: { key: "avatar" }
    })
    assert.strictEqual(created.status, 200, created.text)
    const object = yield* call("/bindings/objects", { operation: "get", metadata: { key: "avatar" } })
    assert.strictEqual(Buffer.from(object.text, "base64").toString("hex"), bytes.toString("hex"))

    const publish = (id: string) =>
      call(
        `/publish/pubsub/${topic}`,
        { specversion: "1.0", id, source: "test", type: "test", data: { id } },
        { "content-type": "application/cloudevents+json" }
      ).pipe(Effect.tap(({ status, text }) => assert.strictEqual(status, 204, text)))
    const taken = Effect.sync(() => [...new Set(indexer.taken)].sort())
    // SNS answers 204 and forgets what it has no queue for yet; everywhere else the first message has to arrive, too.
    if (profile.pubsub === "snssqs")
      yield* until(
        "first",
        publish("batch-0").pipe(Effect.zipRight(Effect.sleep("5 seconds")), Effect.zipRight(taken)),
        (ids) => ids.length > 0
      )
    const ids = Array.from({ length: 5 }, (_, index) => `batch-${index}`)
    yield* Effect.forEach(ids, publish, { concurrency: 1, discard: true })
    // Twice asked for again, and then taken: by the policy for ever, not by the dead-letter topic.
    yield* until("taken", taken, (all) => all.length === ids.length)
    assert.deepStrictEqual([...indexer.attempts.keys()].sort(), ids)
    assert.isFalse([...indexer.attempts.values()].some((attempts) => attempts < 3))
    assert.deepStrictEqual(indexer.strangers, [])
    // An app may not publish what its scope does not name.
    const foreign = yield* call("/publish/pubsub/something.else", {})
    assert.strictEqual(foreign.status, 403, foreign.text)
    if (profile.pubsub === "rabbitmq") {
      // daprd has declared its own, and nothing is different or refused.
      assert.deepStrictEqual(yield* verify(broker, pipelines), [])
      assert.notInclude(readFileSync(sidecar.log, "utf8"), "PRECONDITION_FAILED")
    }
  })

describe("daprd on the component files of a profile", () => {
  for (const plan of plans)
    it.scopedLive(
      `${formatProfile(plan.profile)}: state, objects, and a message that fails twice`,
      () => works(plan),
      300_000
    )
})
