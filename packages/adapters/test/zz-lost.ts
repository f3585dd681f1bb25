import { readFileSync, writeFileSync } from "node:fs"
import * as Effect from "effect/Effect"
import { Client } from "cassandra-driver"
import * as Supervisor from "@influscope/stack/Supervisor"
import { cassandra } from "@influscope/stack/servers/Cassandra"
process.env["JDK_JAVA_OPTIONS"] ??= "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
const recipe = process.argv[2] === "batch" ? cassandra : { ...cassandra, prepare: (where: Parameters<typeof cassandra.prepare>[0]) => Effect.tap(cassandra.prepare(where), () => Effect.sync(() => {
  const path = `${where.directory}/conf/cassandra.yaml`
  writeFileSync(path, readFileSync(path, "utf8").replace("commitlog_sync: batch", "commitlog_sync: periodic\ncommitlog_sync_period: 10000ms"))
})) }
await Effect.runPromise(Effect.gen(function* () {
  const { where } = yield* Supervisor.scoped(recipe, { directory: `/tmp/cass/dbg/${process.argv[2]}` })
  const open = () => new Client({ contactPoints: ["127.0.0.1"], localDataCenter: "datacenter1", protocolOptions: { port: where.ports["cql"] ?? 0 } })
  let client = open()
  yield* Effect.promise(async () => {
    await client.execute("CREATE KEYSPACE k WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}")
    await client.execute("CREATE TABLE k.t (id int PRIMARY KEY)")
  })
  for (let round = 0; round < 3; round++) {
    let said = 0
    const pid = Supervisor.pidOf(where.directory) ?? 0
    yield* Effect.promise(async () => {
      for (let at = 0; at < 300; at++) { await client.execute("INSERT INTO k.t (id) VALUES (?)", [round * 1000 + at], { prepare: true }); said = at + 1 }
      process.kill(pid, "SIGKILL")
    })
    yield* Supervisor.kill(where)
    yield* Effect.promise(() => client.shutdown())
    yield* Supervisor.start(recipe, where)
    client = open()
    yield* Effect.promise(async () => {
      const { rows } = await client.execute("SELECT id FROM k.t", [], { fetchSize: 5000 })
      const there = rows.filter((row) => row["id"] >= round * 1000 && row["id"] < round * 1000 + 1000).length
      process.stdout.write(`${process.argv[2]} round ${round}: ${there} of ${said} there\n`)
    })
  }
  yield* Effect.promise(() => client.shutdown())
}).pipe(Effect.scoped))
