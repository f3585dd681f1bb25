import { join } from "node:path"
import * as Supervisor from "@influscope/stack/Supervisor"
import { redis } from "@influscope/stack/servers/Redis"
import * as Effect from "effect/Effect"
import { conformance } from "./conformance.ts"
import { redisComponent } from "./support.ts"

conformance("dapr, redis", (directory) =>
  Effect.map(Supervisor.scoped(redis, { directory: join(directory, "redis") }), ({ where }) =>
    redisComponent(`127.0.0.1:${where.ports["redis"]}`, where.secret)
  )
)
