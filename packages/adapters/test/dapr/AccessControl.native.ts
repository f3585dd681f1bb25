import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, layer } from "@effect/vitest"
import * as Supervisor from "@influscope/stack/Supervisor"
import { daprd } from "@influscope/stack/servers/Daprd"
import { sentry, trustAnchors } from "@influscope/stack/servers/Sentry"
import { temporaryDirectory } from "@influscope/testing/TemporaryDirectory"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { parseDocument } from "yaml"

const configurations = join(import.meta.dirname, "..", "..", "..", "..", "dapr", "config")

const apps = ["analytics", "api", "collector", "indexer", "posts", "scraper", "tracker"] as const

interface Caller {
  readonly app: (typeof apps)[number]
  readonly namespace?: string
  readonly isCertified?: boolean
}

/** The status that a caller gets for a request of another app. */
type Ask = (caller: Caller, method: string, app: string, path: string) => Effect.Effect<number>

class Cluster extends Context.Tag("test/Cluster")<Cluster, Ask>() {}

const own: Required<Omit<Caller, "app">> = { namespace: "influscope", isCertified: true }

/** Answers whatever gets through to it. */
const anyApp = Effect.acquireRelease(
  Effect.sync(() => Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("ok") })),
  (server) => Effect.promise(() => server.stop(true))
)

/** Sidecars with the Configurations as they are committed, and certificates of a Sentry, as on Kubernetes. */
const ClusterLive = Layer.scoped(
  Cluster,
  Effect.gen(function* () {
    const directory = yield* temporaryDirectory
    const authority = yield* Supervisor.scoped(sentry, { directory: join(directory, "sentry") })
    const { port } = yield* anyApp
    const start = (caller: Caller) =>
      Effect.gen(function* () {
        const { app, isCertified, namespace } = { ...own, ...caller }
        const place = join(directory, `${app}.${namespace}.${isCertified}`)
        mkdirSync(place)
        const document = parseDocument(readFileSync(join(configurations, `${app}.yaml`), "utf8"))
        document.setIn(["spec", "nameResolution"], {
          component: "sqlite",
          version: "v1",
          configuration: { connectionString: join(directory, "names.db") }
        })
        const config = join(place, "configuration.yaml")
        writeFileSync(config, document.toString())
        const { where } = yield* Supervisor.scoped(
          daprd({
            appId: app,
            appPort: port ?? 0,
            resources: [place],
            config,
            gracefulShutdownSeconds: 1,
            ...(isCertified
              ? {
                  certificates: {
                    sentry: `127.0.0.1:${authority.where.ports["grpc"]}`,
                    trustAnchors: trustAnchors(authority.where),
                    namespace
                  }
                }
              : { env: { NAMESPACE: namespace } })
          }),
          { directory: join(place, "daprd") }
        )
        return `http://127.0.0.1:${where.ports["http"]}/v1.0/invoke`
      })
    const addresses = new Map<string, string>()
    for (const app of apps) addresses.set(JSON.stringify({ app, ...own }), yield* start({ app }))
    for (const stranger of [{ namespace: "elsewhere" }, { namespace: "uncertified", isCertified: false }]) {
      // Names do not tell namespaces apart, so of an app that nobody calls.
      const caller: Caller = { app: "indexer", ...own, ...stranger }
      addresses.set(JSON.stringify(caller), yield* start(caller))
    }
    return ({ app, isCertified, namespace }, method, callee, path) =>
      Effect.promise(async () => {
        const key = JSON.stringify({
          app,
          namespace: namespace ?? own.namespace,
          isCertified: isCertified ?? own.isCertified
        })
        const { status } = await fetch(`${addresses.get(key)}/${callee}.${own.namespace}/method${path}`, {
          method
        })
        return status
      })
  })
)

layer(ClusterLive, { timeout: "15 minutes", excludeTestServices: true })(
  "access control by certificates",
  (it) => {
    const answers = (
      name: string,
      expected: (status: number) => boolean,
      requests: ReadonlyArray<readonly [Caller, string, string, string]>
    ) =>
      it.effect(name, () =>
        Effect.gen(function* () {
          const ask = yield* Cluster
          for (const request of requests) {
            const status = yield* ask(...request)
            assert.isTrue(expected(status), `${JSON.stringify(request)} answered ${status}`)
          }
        })
      )
    const api: Caller = { app: "api" }
    const scraper: Caller = { app: "scraper" }
    const indexer: Caller = { app: "indexer" }
    const posts: Caller = { app: "posts" }
    const collector: Caller = { app: "collector" }

    answers("lets in who is on the list, with the verbs and paths on it", (status) => status === 200, [
      [api, "GET", "scraper", "/scraper/jobs"],
      [api, "POST", "scraper", "/scraper/jobs"],
      [api, "DELETE", "posts", "/posts/one"],
      [indexer, "POST", "analytics", "/anything"],
      [scraper, "GET", "api", "/search"],
      [collector, "POST", "tracker", "/tracker/v1/collection/notes"],
      [api, "DELETE", "tracker", "/tracker/v1/alerts/rules/one"]
    ])

    answers("refuses other verbs, other paths and everybody else", (status) => status === 403, [
      [api, "DELETE", "scraper", "/scraper/jobs"],
      [api, "GET", "scraper", "/elsewhere"],
      [scraper, "POST", "api", "/v1/profiles"],
      [scraper, "GET", "posts", "/posts/one"],
      [indexer, "GET", "scraper", "/scraper/jobs"],
      [collector, "POST", "tracker", "/tracker/v1/influencers"],
      [collector, "GET", "tracker", "/tracker/v1/collection/notes"],
      [indexer, "POST", "tracker", "/tracker/v1/collection/missed"],
      [indexer, "GET", "api", "/search"]
    ])

    answers("gives no way to call to an app that has no need to", (status) => status >= 400 && status < 500, [
      [posts, "GET", "api", "/search"]
    ])

    answers("refuses an app of the same name in another namespace", (status) => status === 403, [
      [{ app: "indexer", namespace: "elsewhere" }, "POST", "analytics", "/anything"]
    ])

    answers("does not speak to a sidecar without a certificate", (status) => status >= 500, [
      [{ app: "indexer", namespace: "uncertified", isCertified: false }, "POST", "analytics", "/anything"]
    ])
  }
)
