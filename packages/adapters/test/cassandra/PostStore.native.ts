import { readFileSync } from "node:fs"
import { connect, type Socket } from "node:net"
import { join } from "node:path"
import { createServer } from "node:tls"
import { assert, describe, it } from "@effect/vitest"
import { makeProfileId } from "@influscope/domain/ProfileId"
import { makePostId, type Post } from "@influscope/domain/posts/Post"
import { eventually, unique } from "@influscope/ports/conformance/Conformance"
import { postStoreConformance } from "@influscope/ports/conformance/PostStoreConformance"
import { PostStore } from "@influscope/ports/PostStore"
import { run } from "@influscope/stack/Shell"
import { cassandra } from "@influscope/stack/servers/Cassandra"
import { settings } from "@influscope/testing/Settings"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as TestServer from "@influscope/testing/TestServer"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { layer as databaseLayer } from "../../src/cassandra/Database.ts"
import * as CassandraPosts from "../../src/cassandra/posts/PostStore.ts"

const newKeyspace = (): string => `test_${crypto.randomUUID().replaceAll("-", "")}`

/** What a process opens that is configured like this. */
const storeAt = (values: Readonly<Record<string, string>>) =>
  CassandraPosts.layer.pipe(Layer.provide(Layer.fresh(databaseLayer)), Layer.provide(settings(values)))

/** A node that has just started answers slowly, on a machine that has other things to do. */
const patient = { CASSANDRA_TIMEOUT: "20 seconds" }

/** A keyspace of its own on the node that all tests share. */
const restartable = TestServer.shared(cassandra).pipe(
  Effect.map(({ environment }) => storeAt({ ...environment, CASSANDRA_KEYSPACE: newKeyspace(), ...patient })),
  Effect.orDie
)

postStoreConformance("cassandra", Layer.unwrapEffect(restartable), { restartable })

const postsOf = (count: number): ReadonlyArray<Post> => {
  const author = makeProfileId("instagram", unique("a"))
  return Array.from({ length: count }, (_, at) => ({
    id: makePostId("instagram", unique("p")),
    author,
    publishedAt: 1_000 + at,
    observedAt: 1_000,
    text: "",
    metrics: {}
  }))
}

/** A port that speaks TLS, with a certificate of its own for 127.0.0.1, and hands on to another. */
const behindTls = (port: number) =>
  Effect.gen(function* () {
    const directory = yield* temporaryDirectory
    const [ca, key] = [join(directory, "cert.pem"), join(directory, "key.pem")]
    yield* run([
      ...["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
      ...["-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
      ...["-keyout", key, "-out", ca]
    ])
    const open = new Set<Socket>()
    const listener = createServer({ cert: readFileSync(ca), key: readFileSync(key) }, (client) => {
      const server = connect({ host: "127.0.0.1", port })
      for (const [from, to] of [
        [client, server],
        [server, client]
      ] as const) {
        open.add(from)
        from.on("error", () => to.destroy())
        from.pipe(to)
      }
    })
    return yield* Effect.acquireRelease(
      Effect.async<{ readonly port: number; readonly ca: string }>((resume) => {
        listener.listen(0, "127.0.0.1", () => {
          const address = listener.address()
          resume(Effect.succeed({ port: typeof address === "object" ? (address?.port ?? 0) : 0, ca }))
        })
      }),
      () =>
        Effect.sync(() => {
          listener.close()
          for (const socket of open) socket.destroy()
        })
    )
  })

describe("posts in Cassandra", () => {
  it.scopedLive("are reached through TLS, by who trusts the certificate only", () =>
    Effect.gen(function* () {
      const { environment, where } = yield* TestServer.shared(cassandra)
      const { ca, port } = yield* behindTls(where.ports["cql"] ?? 0)
      const encrypted = {
        ...environment,
        CASSANDRA_PORT: String(port),
        CASSANDRA_KEYSPACE: newKeyspace(),
        CASSANDRA_TLS: "on"
      }
      const posts = postsOf(3)
      const found = yield* Effect.gen(function* () {
        const store = yield* PostStore
        yield* store.put(posts)
        return yield* store.getMany(posts.map(({ id }) => id))
      }).pipe(Effect.provide(storeAt({ ...encrypted, CASSANDRA_CA: ca })))
      assert.deepStrictEqual(
        found.map((each) => Option.getOrUndefined(each)?.post),
        [...posts]
      )
      for (const stranger of [{}, { CASSANDRA_TLS: "off" }]) {
        const error = yield* PostStore.pipe(
          Effect.provide(
            storeAt({
              ...encrypted,
              ...stranger,
              CASSANDRA_TIMEOUT: "2 seconds",
              CASSANDRA_START_TIMEOUT: "1 second"
            })
          ),
          Effect.flip
        )
        assert.strictEqual(error._tag === "StorageError" ? error.reason : error._tag, "unavailable")
      }
    })
  )

  it.scopedLive("are open to several processes that start at the same time on an empty cluster", () =>
    Effect.gen(function* () {
      const { environment } = yield* TestServer.shared(cassandra)
      const settings = { ...environment, CASSANDRA_KEYSPACE: newKeyspace() }
      const all = yield* Effect.forEach(
        Array.from({ length: 3 }, () => postsOf(10)),
        (posts) =>
          Effect.gen(function* () {
            const store = yield* PostStore
            yield* store.put(posts)
            return yield* store.getMany(posts.map(({ id }) => id))
          }).pipe(Effect.provide(storeAt(settings))),
        { concurrency: 3 }
      )
      assert.isTrue(all.flat().every(Option.isSome))
    })
  )

  it.scopedLive(
    "fail while no node answers, and are all there after a crash",
    () =>
      Effect.gen(function* () {
        const server = yield* TestServer.scoped(cassandra)
        yield* Effect.gen(function* () {
          const store = yield* PostStore
          const posts = postsOf(500)
          const ids = posts.map(({ id }) => id)
          yield* store.put(posts)
          yield* server.kill
          assert.strictEqual((yield* Effect.flip(store.put(postsOf(1)))).reason, "unavailable")
          assert.strictEqual((yield* Effect.flip(store.getMany(ids))).reason, "unavailable")
          yield* server.start
          const allThere = Effect.map(store.getMany(ids), (found) => found.every(Option.isSome))
          yield* eventually(
            "the posts are read again",
            Effect.orElseSucceed(allThere, () => false),
            "60 seconds"
          )
        }).pipe(Effect.provide(storeAt({ ...server.environment, ...patient })))
      }),
    // Its node starts twice.
    400_000
  )
})
