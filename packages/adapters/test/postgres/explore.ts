import { InfluencerId } from "@influscope/domain/tracking/InfluencerId"
import { TimeSeries } from "@influscope/ports/TimeSeries"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Database } from "../../src/postgres/Database.ts"
import * as P from "../../src/postgres/timeseries/TimeSeries.ts"
import * as G from "../../src/postgres/timeseries/Growth.ts"
import { server } from "./Server.ts"
const march = Date.UTC(2026, 2, 1) / 1000
const prog = Effect.gen(function* () {
  const db = yield* Database
  const s = yield* TimeSeries
  const ids = Array.from({length: 5}, (_, i) => InfluencerId.make(`mockstagram:${i+1}`))
  yield* s.write(Array.from({length: 2000}, (_, i) => ({ id: ids[i % 5]!, time: march + i * 4320, observedAt: march + i * 4320, followers: i, posts: 3 })))
  console.log(yield* db.query("x","SHOW jit",[]))
  const plan = (sql: string, p: any) => Effect.map(db.query<any>("x", "EXPLAIN (ANALYZE) " + sql, p), (r) => console.log(r.map((x) => x["QUERY PLAN"]).join("\n")))
  let sql = "", ps: any = []
  const spy = { query: (o: string, q: string, p: any) => { if (o === "compare figures") { sql = q; ps = p }; return db.query<any>(o, q, p) } }
  yield* G.readTopGrowth(spy as any)("followers", march + 5 * 86400, march + 50 * 86400, 10)
  yield* plan(sql, ps)
  for (let k = 0; k < 4; k++) {
  const [d] = yield* Effect.timed(s.topGrowth("followers", march + 5 * 86400, march + 50 * 86400, 10)); console.log("top", String(d)) 
  const [d2] = yield* Effect.timed(s.rollups(ids[0]!, "hour", { from: 0, to: 2**32, limit: 100000 })); console.log("roll", String(d2))
  const [d3] = yield* Effect.timed(s.points(ids[0]!, { from: 0, to: 2**32, limit: 100000 })); console.log("points", String(d3))
  const [d4] = yield* Effect.timed(s.last(ids, 2**32 - 1)); console.log("last", String(d4))
  const [d5] = yield* Effect.timed(s.maintain(march + (50+k) * 86400, {raw: null, hour: null, day: null, week: null, month: null})); console.log("maintain", String(d5))
  const [d6] = yield* Effect.timed(s.stats); console.log("stats", String(d6))
  }
  yield* plan(sql, ps)
})
const live = Layer.unwrapScoped(Effect.map(server, ({ database }) => Layer.provideMerge(P.layer, database())))
await Effect.runPromise(Effect.provide(prog, live) as any)
process.exit(0)
