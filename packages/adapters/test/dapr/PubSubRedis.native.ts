import { redis } from "@influscope/stack/servers/Redis"
import * as TestServer from "@influscope/testing/TestServer"
import * as Effect from "effect/Effect"
import { conformance } from "./conformance.ts"
import { redisComponent } from "./support.ts"

conformance("dapr, redis", (purpose) =>
  Effect.map(TestServer.shared(redis), ({ environment }) =>
    redisComponent(
      environment["REDIS_HOST"] ?? "",
      environment["REDIS_PASSWORD"] ?? "",
      // What fails five times and succeeds then is not to be taken for lost meanwhile; what was lost is awaited.
      purpose === "restarts" ? "3s" : "15s"
    )
  )
)
