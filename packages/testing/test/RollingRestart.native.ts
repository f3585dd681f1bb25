import { Database } from "bun:sqlite"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { reindexWith } from "@influscope/adapters/elasticsearch/Reindex"
import { settingsConfig } from "@influscope/adapters/elasticsearch/Settings"
import * as PostgresDatabase from "@influscope/adapters/postgres/Database"
import * as PostgresTimeSeries from "@influscope/adapters/postgres/timeseries/TimeSeries"
import { PostsPage } from "@influscope/domain/api/PostsApi"
import { makePostId } from "@influscope/domain/posts/Post"
import { UserPage } from "@influscope/domain/users/User"
import type { App } from "@influscope/stack/components/Render"
import { elasticsearch } from "@influscope/stack/servers/Elasticsearch"
import { minio } from "@influscope/stack/servers/Minio"
import { postgres } from "@influscope/stack/servers/Postgres"
import { rabbitmq } from "@influscope/stack/servers/Rabbitmq"
import { redis } from "@influscope/stack/servers/Redis"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { accountOf, describeAccount } from "../src/Account.ts"
import { get, request } from "../src/Asking.ts"
import { assemble, listens, type Pair, readyOn, server, urlOf } from "../src/Assembly.ts"
import * as Balancer from "../src/Balancer.ts"
import { deadBatches, found, groupsAfter, state, unsettled } from "../src/Discovery.ts"
import { stop } from "../src/Faults.ts"
import { settings } from "../src/Settings.ts"
import { accountsOf, pointsOf, slot, slotsDue, throughApi } from "../src/Tracking.ts"

/** Every service with a sidecar; the API last, as it asks the others. */
const apps = [
  "analytics",
  "indexer",
  "scraper",
  "collector",
  "tracker",
  "users",
  "posts",
  "messages",
  "api"
] as const
type Rolled = (typeof apps)[number]

/** Of these there is never more than one: they are StatefulSets in k8s/base. */
const single: ReadonlySet<Rolled> = new Set(["scraper", "tracker"])

const readiness: Readonly<Partial<Record<App, ReturnType<typeof readyOn> | typeof listens>>> = {
  analytics: listens,
  api: readyOn("app")
}

/** What a pod has between the moment that it is to go and SIGTERM to its service: k8s/base/patches/service.yaml. */
const preStop = "5 seconds"
/** How long a pod has to be ready until an old one has to go: k8s/base/patches/rollout.yaml. */
const minReady = "10 seconds"

const start = (directory: string) =>
  Effect.gen(function* () {
    const options = {
      directory,
      blockShutdown: "20s",
      env: { INFLUSCOPE_RELAY_GRACE: "3 seconds", MOCKSTAGRAM_REQUESTS_PER_SECOND: "0" }
    }
    const servers = yield* Effect.forEach(
      [rabbitmq, elasticsearch, postgres, redis, minio],
      (recipe) => server(options, recipe),
      { concurrency: 2 }
    )
    const { environment, pair, service } = yield* assemble(options, servers)
    const mockstagram = yield* service("mockstagram", readyOn("operations"))
    const balancer = yield* Balancer.make
    const own = (app: Rolled): Readonly<Record<string, string>> => {
      if (app === "collector") return { INFLUSCOPE_MOCKSTAGRAM_URL: urlOf(mockstagram) }
      if (app === "users") return { INFLUSCOPE_USERS_PORT: "0" }
      return app === "messages" ? { MESSAGES_FILE_DIRECTORY: join(directory, "outgoing") } : {}
    }
    const begin = (app: Rolled, version: number) =>
      Effect.tap(pair(app, readiness[app] ?? readyOn("operations"), own(app), `${app}-${version}`), (made) =>
        Effect.sync(() => {
          if (app === "api") balancer.add(urlOf(made.service))
        })
      )
    // Endpoints are of pods that are ready, and not about to go: others find no sidecar that is neither.
    const names = (statement: string, ...values: ReadonlyArray<string>) =>
      Effect.sync(() => {
        const file = new Database(join(directory, "dapr", "names.db"))
        file.run("PRAGMA busy_timeout = 5000")
        file.run(statement, [...values])
        file.close()
      })
    const hide = `CREATE TRIGGER joining AFTER INSERT ON hosts BEGIN
      UPDATE hosts SET app_id = 'joining' WHERE registration_id = NEW.registration_id; END`
    const nameOf = ({ where }: Pair["sidecar"], app: string) =>
      names("UPDATE hosts SET app_id = ? WHERE address = ?", app, `127.0.0.1:${where.ports["internal"]}`)
    const scope = yield* Effect.scope
    const running = new Map<Rolled, Pair>()
    for (const app of apps) running.set(app, yield* begin(app, 1))
    yield* names(hide)

    const end = ({ service, sidecar }: Pair) =>
      Effect.zipRight(
        Effect.tap(nameOf(sidecar, "leaving"), () => balancer.remove(urlOf(service))),
        Effect.all([stop(sidecar), Effect.zipRight(Effect.sleep(preStop), stop(service))], {
          concurrency: "unbounded",
          discard: true
        })
      )
    /** As Kubernetes does: with maxSurge 1 and maxUnavailable 0 the new one is ready before the old one has to go. */
    const roll = (app: Rolled) =>
      Effect.gen(function* () {
        const old = running.get(app)
        if (old === undefined) return
        if (single.has(app)) yield* end(old)
        const made = yield* Scope.extend(begin(app, 2), scope)
        yield* nameOf(made.sidecar, app)
        running.set(app, made)
        if (!single.has(app)) yield* Effect.zipRight(Effect.sleep(minReady), end(old))
      })
    return { environment, balancer, roll }
  })

describe("an upgrade while everything is in use", () => {
  const directory = mkdtempSync(join(tmpdir(), "influscope-rolling-"))
  const scope = Effect.runSync(Scope.make())
  let started: Effect.Effect.Success<ReturnType<typeof start>> | undefined

  beforeAll(async () => {
    started = await Effect.runPromise(Scope.extend(start(directory), scope))
  }, 1_800_000)
  afterAll(async () => {
    await Effect.runPromise(Scope.close(scope, Exit.void))
    rmSync(directory, { recursive: true, force: true })
  }, 120_000)

  const system = () => {
    if (started === undefined) throw new Error("the system is asked for before it is up")
    return started
  }

  const settled = Effect.suspend(() => unsettled(system().balancer.url)).pipe(
    Effect.repeat({ until: (left) => left === undefined, schedule: Schedule.spaced("500 millis") }),
    Effect.timeout("3 minutes")
  )

  /** Safe to be sent again, as somebody on the way may do. */
  const post = (path: string, key: string, body: unknown) =>
    request(`${system().balancer.url}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", "idempotency-key": key },
      body: JSON.stringify(body)
    })

  /** What clients do, each one thing after the other, for as long as `work` takes; answers the ids they were told are kept. */
  const during = <A, E>(
    work: Effect.Effect<A, E>,
    clients: ReadonlyArray<(place: number) => Effect.Effect<ReadonlyArray<string>, unknown>>
  ) =>
    Effect.gen(function* () {
      const acknowledged = new Set<string>()
      const failed = new Set<string>()
      const use = (client: (typeof clients)[number]) => {
        let place = 0
        const once = Effect.suspend(() => client(place++)).pipe(
          Effect.tap((ids) =>
            Effect.sync(() => {
              for (const id of ids) acknowledged.add(id)
            })
          ),
          Effect.catchAll((error) => Effect.sync(() => failed.add(String(error)))),
          Effect.uninterruptible
        )
        return Effect.forever(Effect.zipRight(once, Effect.sleep("100 millis")))
      }
      yield* Effect.raceFirst(
        Effect.zipRight(Effect.sleep("1 second"), work),
        Effect.forEach(clients, use, { concurrency: "unbounded", discard: true })
      )
      return { acknowledged, failed: [...failed] }
    })

  const say = (what: string, account: ReturnType<typeof accountOf>) =>
    process.stdout.write(`${describeAccount(what, account)}\n`)

  const nothingLost = ({ dead, duplicates, lost }: ReturnType<typeof accountOf>) =>
    assert.deepStrictEqual({ dead, duplicates, lost }, { dead: [], duplicates: [], lost: [] })

  it("each service after the other is replaced: nothing fails but statements for a moment, and nothing acknowledged is lost", async () => {
    const name = "rolledx"
    const { balancer, environment, roll } = system()
    const { url } = balancer
    const tracker = throughApi(url)
    const ids = accountsOf(0, 300)
    const author = "instagram:rolled"

    const drilled = Effect.gen(function* () {
      yield* tracker.add(ids, 2)
      const from = (yield* tracker.status).dispatchedUntil + 1
      const tracked = yield* tracker.tracked
      const groups = groupsAfter(name, 0, 10)
      let searches = 0
      let last = Date.now()
      let longestWait = 0
      const traffic = yield* during(Effect.forEach(apps, roll, { discard: true }), [
        () => {
          const group = groups.next().value ?? []
          return Effect.as(
            Effect.tap(state(url, name)(group), () =>
              Effect.sync(() => {
                longestWait = Math.max(longestWait, Date.now() - last)
                last = Date.now()
              })
            ),
            group
          )
        },
        (place) => {
          const id = makePostId("instagram", `${name}-${place}`)
          const publishedAt = new Date(Date.UTC(2026, 0, 1) + place * 60_000).toISOString()
          return Effect.as(post("/v1/posts", id, { id, author, publishedAt, text: name }), [id])
        },
        (place) => {
          const user = `User ${place}`
          return Effect.as(post("/v1/users", `user-${place}`, { name: user }), [user])
        },
        () =>
          Effect.as(
            Effect.tap(request(`${url}/search?q=${name}`), () => Effect.sync(() => searches++)),
            []
          )
      ])
      const counts = balancer.counts()
      const kinds = Map.groupBy(counts.failed, (what) => what.slice(0, 60))
      process.stdout.write(
        `requests answered ${counts.answered}, ${counts.again} of them at another try, searches ${searches}; ` +
          `a statement waited ${longestWait} ms at most; to be sent again: ` +
          `${[...kinds].map(([kind, all]) => `${all.length} ${kind}`).join(", ") || "none"}\n`
      )
      yield* settled
      const until = Math.floor(Date.now() / 1_000)
      yield* tracker.status.pipe(
        Effect.delay("500 millis"),
        Effect.repeat({ until: ({ dispatchedUntil }) => dispatchedUntil >= until }),
        Effect.timeout("2 minutes")
      )
      yield* tracker.remove(ids)
      yield* settled
      yield* Effect.promise(() =>
        fetch(`${environment["ELASTICSEARCH_URL"]}/profiles/_refresh`, { method: "POST" })
      )
      const series = PostgresTimeSeries.layer.pipe(
        Layer.provide(PostgresDatabase.layerAt(Redacted.make(environment["DATABASE_URL"] ?? "")))
      )
      const points = yield* Effect.provide(pointsOf(ids, from, until), series)
      const pages = <A>(
        page: (cursor: string) => Effect.Effect<readonly [ReadonlyArray<A>, string | null], unknown>
      ) =>
        Effect.gen(function* () {
          const all: Array<A> = []
          let cursor: string | null = ""
          while (cursor !== null) {
            const [items, next]: readonly [ReadonlyArray<A>, string | null] = yield* Effect.retry(
              page(cursor),
              {
                times: 20,
                schedule: Schedule.spaced("1 second")
              }
            )
            all.push(...items)
            cursor = next === null ? null : `&cursor=${encodeURIComponent(next)}`
          }
          return all
        })
      const posts = yield* pages((cursor) =>
        Effect.map(
          get(PostsPage, `${url}/v1/users/${author}/posts?limit=100${cursor}`),
          ({ nextCursor, posts }) => [posts.map(({ id }) => id), nextCursor]
        )
      )
      const users = yield* pages((cursor) =>
        Effect.map(get(UserPage, `${url}/v1/users?limit=100${cursor}`), ({ nextCursor, users }) => [
          users.map(({ name }) => name),
          nextCursor
        ])
      )
      const dead = yield* deadBatches(url, name)
      for (const { id, reason } of dead) process.stdout.write(`dead ${id}: ${reason}\n`)
      return {
        counts,
        failed: traffic.failed,
        searches,
        written: accountOf(
          { acknowledged: traffic.acknowledged, failed: new Set(), unknown: new Set() },
          [...(yield* found(url, name)), ...posts, ...users],
          dead.flatMap(({ accounts }) => accounts)
        ),
        tracked: accountOf(
          { acknowledged: slotsDue(tracked, from, until), failed: new Set(), unknown: new Set() },
          points.map(({ id, time }) => slot(id, time))
        )
      }
    })
    const { counts, failed, searches, tracked, written } = await Effect.runPromise(drilled)
    say("profiles, posts and users while every service is replaced", written)
    say("points while every service is replaced", tracked)
    // Statements are taken by the one scraper: while it is replaced, who states is told to come again.
    const others = counts.failed.filter((what) => !what.startsWith("POST /v1/profiles: 503"))
    assert.strictEqual([...others, ...failed].join("\n"), "")
    nothingLost(written)
    nothingLost(tracked)
    assert.isAbove(searches, 50)
  }, 900_000)

  it("the index is made anew behind its alias: searches go on, and nothing that was acknowledged is lost", async () => {
    const name = "reindexedx"
    const { balancer, environment } = system()
    const { url } = balancer
    const configured = settings({ ELASTICSEARCH_URL: environment["ELASTICSEARCH_URL"] ?? "" })
    const drilled = Effect.gen(function* () {
      const groups = groupsAfter(name, 0, 10)
      const before = balancer.counts().failed.length
      // Those of the first round, which every later search has to find.
      const first = groups.next().value ?? []
      yield* state(url, name)(first)
      yield* settled
      const seesFirst = Effect.map(found(url, `${name}0`), (seen) => seen.includes(first[0] ?? ""))
      // What is applied is not found at once: that is the index's interval, not the reindex.
      yield* Effect.repeat(seesFirst, { until: (sees) => sees, schedule: Schedule.spaced("100 millis") })
      let misses = 0
      const rebuild = Effect.flatMap(Effect.provide(settingsConfig, configured), (found) =>
        reindexWith(found)
      )
      const traffic = yield* during(Effect.zipRight(rebuild, Effect.sleep("2 seconds")), [
        () => {
          const group = groups.next().value ?? []
          return Effect.as(state(url, name)(group), group)
        },
        () =>
          Effect.as(
            Effect.tap(seesFirst, (sees) =>
              Effect.sync(() => {
                if (!sees) misses++
              })
            ),
            []
          )
      ])
      yield* settled
      yield* Effect.promise(() =>
        fetch(`${environment["ELASTICSEARCH_URL"]}/profiles/_refresh`, { method: "POST" })
      )
      const indices = yield* Effect.promise(() =>
        fetch(`${environment["ELASTICSEARCH_URL"]}/_cat/indices/profiles-v*?h=index`).then((answer) =>
          answer.text()
        )
      )
      return {
        misses,
        failed: [...traffic.failed, ...balancer.counts().failed.slice(before)],
        index: indices.trim(),
        account: accountOf(
          {
            acknowledged: new Set([...first, ...traffic.acknowledged]),
            failed: new Set(),
            unknown: new Set()
          },
          yield* found(url, name)
        )
      }
    })
    const { account, failed, index, misses } = await Effect.runPromise(drilled)
    say(`profiles while the index becomes ${index}`, account)
    assert.deepStrictEqual([failed, misses, index], [[], 0, "profiles-v3-2"])
    nothingLost(account)
  }, 300_000)
})
