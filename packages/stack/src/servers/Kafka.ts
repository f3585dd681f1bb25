import { randomBytes } from "node:crypto"
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { withClassArchive } from "../ClassArchive.ts"
import { exchange } from "../Exchange.ts"
import { findJava, jars, java } from "../Java.ts"
import { ServerFailed, type ServerRecipe, type Where } from "../Server.ts"
import * as Shell from "../Shell.ts"
import { logPath } from "../Supervisor.ts"

const version = "4.3.1"
const suits = (feature: number): boolean => feature >= 17

const brokerOf = ({ ports }: Where): string => `127.0.0.1:${ports["broker"] ?? 0}`
const controllerOf = ({ ports }: Where): string => `127.0.0.1:${ports["controller"] ?? 0}`
const configOf = ({ directory }: Where): string => join(directory, "server.properties")
const dataOf = ({ directory }: Where): string => join(directory, "data")

const configuration = (where: Where): string =>
  [
    "process.roles=broker,controller",
    "node.id=1",
    `controller.quorum.voters=1@${controllerOf(where)}`,
    `listeners=PLAINTEXT://${brokerOf(where)},CONTROLLER://${controllerOf(where)}`,
    `advertised.listeners=PLAINTEXT://${brokerOf(where)}`,
    "controller.listener.names=CONTROLLER",
    "inter.broker.listener.name=PLAINTEXT",
    `log.dirs=${dataOf(where)}`,
    "num.partitions=4",
    "offsets.topic.replication.factor=1",
    "offsets.topic.num.partitions=4",
    "transaction.state.log.replication.factor=1",
    "transaction.state.log.min.isr=1",
    "transaction.state.log.num.partitions=4",
    "share.coordinator.state.topic.replication.factor=1",
    "share.coordinator.state.topic.min.isr=1",
    "group.initial.rebalance.delay.ms=0",
    "auto.create.topics.enable=true",
    ""
  ].join("\n")

const javaArguments = (where: Where): ReadonlyArray<string> => [
  join(findJava(suits) ?? "", "bin", "java"),
  "-Xms256m",
  "-Xmx512m",
  "-XX:-UsePerfData",
  "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
  "-Dorg.slf4j.simpleLogger.showDateTime=true",
  "-cp",
  join(where.program, "lib", "*")
]

/** Gives a new data directory its identity; an old one is left as it is. */
const format = (where: Where): Effect.Effect<void, ServerFailed> =>
  Effect.suspend(() => {
    mkdirSync(dataOf(where), { recursive: true })
    writeFileSync(configOf(where), configuration(where))
    if (existsSync(join(dataOf(where), "meta.properties"))) return Effect.void
    // As its own tool makes them: 16 bytes, URL-safe, and none that looks like an option.
    const identity = Buffer.concat([Buffer.of(1), randomBytes(15)]).toString("base64url")
    return Shell.run([
      ...javaArguments(where),
      "kafka.tools.StorageTool",
      "format",
      "-t",
      identity,
      "-c",
      configOf(where)
    ]).pipe(
      Effect.tapError(() => Effect.sync(() => rmSync(dataOf(where), { recursive: true, force: true }))),
      Effect.mapError(
        ({ message }) =>
          new ServerFailed({
            server: "kafka",
            why: `its data directory cannot be made: ${message}`,
            log: logPath(where.directory)
          })
      ),
      Effect.asVoid
    )
  })

/** ApiVersions in its first version, which every broker answers: key 18, version 0, correlation 1, no client id. */
const apiVersions = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff])

/** Apache Kafka from Maven Central: one node that is broker and controller, without ZooKeeper. */
export const kafka: ServerRecipe = withClassArchive({
  name: "kafka",
  version,
  purpose: "pub/sub where a profile says so",
  ports: { broker: 19_092, controller: 19_093 },
  install: Effect.zipRight(
    java("kafka", suits),
    jars("kafka", version, [`org.apache.kafka:kafka_2.13:${version}`, "org.slf4j:slf4j-simple:1.7.36"])
  ),
  prepare: format,
  command: (where) => ({ argv: [...javaArguments(where), "kafka.Kafka", configOf(where)] }),
  ready: (where) =>
    exchange(where.ports["broker"] ?? 0, apiVersions, (answer) => answer.length >= 10).pipe(
      Effect.map((answer) => answer?.readInt32BE(4) === 1 && answer.readInt16BE(8) === 0)
    ),
  startTimeout: "120 seconds",
  stopTimeout: "60 seconds",
  environment: (where) => ({ KAFKA_BROKERS: brokerOf(where) })
})
