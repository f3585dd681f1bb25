import { quickSearch } from "./services/api/src/QuickSearch.ts"
import * as ElasticsearchIndex from "@influscope/adapters/elasticsearch/ElasticsearchIndex"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
const rt = ManagedRuntime.make(ElasticsearchIndex.layer)
const handle = await rt.runPromise(quickSearch(async () => new Response("no", { status: 500 })))
const running = new Set<Promise<Response>>()
const s = Bun.serve({ hostname: "127.0.0.1", port: Number(process.env.PORT), idleTimeout: 60, fetch: (request, server) => {
  const response = handle(request, server.requestIP(request)?.address ?? "unknown")
  const forget = () => running.delete(response)
  running.add(response); response.then(forget, forget)
  return response
} })
process.on("SIGTERM", () => process.exit(0))
