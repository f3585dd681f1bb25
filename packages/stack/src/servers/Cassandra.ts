import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import * as Effect from "effect/Effect"
import { stringify } from "yaml"
import { exchange } from "../Exchange.ts"
import { findJava, jars, java } from "../Java.ts"
import type { ServerRecipe, Where } from "../Server.ts"

const version = "5.0.9"
/** 5.0 runs on these alone: it calls what later ones have taken away. */
const suits = (feature: number): boolean => feature === 11 || feature === 17

const portOf = ({ ports }: Where, role: string): number => ports[role] ?? 0
const dataOf = ({ directory }: Where): string => join(directory, "data")

const configuration = (where: Where): string => {
  const data = dataOf(where)
  return stringify({
    cluster_name: "influscope",
    num_tokens: 4,
    partitioner: "org.apache.cassandra.dht.Murmur3Partitioner",
    data_file_directories: [join(data, "data")],
    commitlog_directory: join(data, "commitlog"),
    hints_directory: join(data, "hints"),
    saved_caches_directory: join(data, "saved_caches"),
    cdc_raw_directory: join(data, "cdc_raw"),
    // On the disk before it is acknowledged. With the default, a node that is killed loses the last writes.
    commitlog_sync: "batch",
    commitlog_segment_size: "16MiB",
    memtable_heap_space: "128MiB",
    memtable_offheap_space: "128MiB",
    file_cache_size: "64MiB",
    networking_cache_size: "32MiB",
    seed_provider: [
      {
        class_name: "org.apache.cassandra.locator.SimpleSeedProvider",
        parameters: [{ seeds: `127.0.0.1:${portOf(where, "storage")}` }]
      }
    ],
    storage_port: portOf(where, "storage"),
    listen_address: "127.0.0.1",
    rpc_address: "127.0.0.1",
    native_transport_port: portOf(where, "cql"),
    endpoint_snitch: "SimpleSnitch",
    authenticator: "AllowAllAuthenticator",
    authorizer: "AllowAllAuthorizer",
    disk_failure_policy: "stop",
    auto_snapshot: false,
    auto_bootstrap: false
  })
}

const logging = `<configuration>
  <appender name="OUT" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%date{yyyy-MM-dd HH:mm:ss.SSS} %-5level %logger{0} %msg%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="OUT"/></root>
</configuration>
`

const exported = [
  "java.base/jdk.internal.misc",
  "java.base/jdk.internal.ref",
  "java.base/sun.nio.ch",
  "java.base/java.lang.ref",
  "java.management.rmi/com.sun.jmx.remote.internal.rmi",
  "java.rmi/sun.rmi.registry",
  "java.rmi/sun.rmi.server",
  "java.sql/java.sql",
  "jdk.unsupported/sun.misc"
]

const opened = [
  "java.lang.module",
  "jdk.internal.loader",
  "jdk.internal.ref",
  "jdk.internal.reflect",
  "jdk.internal.math",
  "jdk.internal.module",
  "jdk.internal.util.jar",
  "sun.nio.ch",
  "java.io",
  "java.nio",
  "java.lang",
  "java.lang.reflect",
  "java.util",
  "java.util.concurrent",
  "java.util.concurrent.atomic"
]

/** OPTIONS of the native protocol, version 4, which needs no session; SUPPORTED (6) is its answer. */
const options = Buffer.from([4, 0, 0, 1, 5, 0, 0, 0, 0])

/** Apache Cassandra from Maven Central: one node with a small heap, reached without a password. */
export const cassandra: ServerRecipe = {
  name: "cassandra",
  version,
  purpose: "posts where they are kept there; Dapr's state where a profile says so",
  ports: { cql: 19_042, storage: 17_000, jmx: 17_199 },
  install: Effect.zipRight(
    java("cassandra", suits),
    jars("cassandra", version, [`org.apache.cassandra:cassandra-all:${version}`])
  ),
  prepare: (where) =>
    Effect.sync(() => {
      const conf = join(where.directory, "conf")
      mkdirSync(conf, { recursive: true })
      mkdirSync(dataOf(where), { recursive: true })
      writeFileSync(join(conf, "cassandra.yaml"), configuration(where))
      writeFileSync(join(conf, "logback.xml"), logging)
    }),
  command: (where) => {
    const conf = join(where.directory, "conf")
    const library = join(where.program, "lib")
    return {
      argv: [
        join(findJava(suits) ?? "", "bin", "java"),
        "-Xms256m",
        "-Xmx384m",
        "-XX:+UseSerialGC",
        "-XX:-UsePerfData",
        "-Djdk.attach.allowAttachSelf=true",
        "-Dio.netty.tryReflectionSetAccessible=true",
        `-Dcassandra.jmx.local.port=${portOf(where, "jmx")}`,
        "-Dcassandra.ring_delay_ms=100",
        "-Dcassandra.skip_wait_for_gossip_to_settle=0",
        ...exported.map((one) => `--add-exports=${one}=ALL-UNNAMED`),
        ...opened.map((one) => `--add-opens=java.base/${one}=ALL-UNNAMED`),
        "--add-opens=jdk.management/com.sun.management.internal=ALL-UNNAMED",
        `-javaagent:${join(library, "jamm-0.4.0.jar")}`,
        `-Dcassandra.config=${pathToFileURL(join(conf, "cassandra.yaml")).href}`,
        `-Dlogback.configurationFile=${join(conf, "logback.xml")}`,
        `-Dcassandra.storagedir=${dataOf(where)}`,
        "-cp",
        `${conf}:${join(library, "*")}`,
        "org.apache.cassandra.service.CassandraDaemon"
      ]
    }
  },
  ready: (where) =>
    exchange(portOf(where, "cql"), options, (answer) => answer.length >= 9).pipe(
      Effect.map((answer) => answer?.[4] === 6)
    ),
  startTimeout: "180 seconds",
  stopTimeout: "60 seconds",
  environment: (where) => ({
    CASSANDRA_HOSTS: "127.0.0.1",
    CASSANDRA_PORT: String(portOf(where, "cql")),
    // Dapr's component wants them; this node asks nobody.
    CASSANDRA_USERNAME: "cassandra",
    CASSANDRA_PASSWORD: "cassandra"
  })
}
