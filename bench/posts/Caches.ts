import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as DaprCache from "@influscope/adapters/dapr/Cache"
import * as Sidecar from "@influscope/adapters/dapr/Sidecar"
import * as MemoryCache from "@influscope/adapters/memory/Cache"
import type { Cache } from "@influscope/ports/Cache"
import * as Supervisor from "@influscope/stack/Supervisor"
import { daprd } from "@influscope/stack/servers/Daprd"
import { redis } from "@influscope/stack/servers/Redis"
import { settings } from "@influscope/testing/Settings"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { stringify } from "yaml"

/** A Redis of its own behind a sidecar of its own, gone with the scope. */
const throughDapr = (directory: string) =>
  Effect.gen(function* () {
    const server = yield* Supervisor.scoped(redis, { directory: join(directory, "redis") })
    const { REDIS_HOST = "", REDIS_PASSWORD = "" } = redis.environment(server.where)
    const resources = join(directory, "resources")
    mkdirSync(resources, { recursive: true })
    const metadata = { redisHost: REDIS_HOST, redisPassword: REDIS_PASSWORD, keyPrefix: "name" }
    writeFileSync(
      join(resources, "cache.yaml"),
      stringify({
        apiVersion: "dapr.io/v1alpha1",
        kind: "Component",
        metadata: { name: "cache" },
        spec: {
          type: "state.redis",
          version: "v1",
          metadata: Object.entries(metadata).map(([name, value]) => ({ name, value }))
        }
      })
    )
    const recipe = daprd({ appId: "bench", resources: [resources] })
    const sidecar = yield* Supervisor.scoped(recipe, { directory: join(directory, "daprd") })
    return DaprCache.layer.pipe(
      Layer.provide(Sidecar.layer),
      Layer.provide(settings(recipe.environment(sidecar.where)))
    )
  })

/** What reads can go through. */
export const makeCaches = (directory: string) =>
  Effect.map(throughDapr(directory), (dapr) => {
    const caches: Readonly<Record<string, Layer.Layer<Cache, unknown>>> = {
      none: MemoryCache.layerOff,
      memory: MemoryCache.layer,
      "Redis by Dapr": dapr
    }
    return caches
  })
