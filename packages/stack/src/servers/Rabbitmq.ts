import { existsSync, mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { fromPackage } from "../Cache.ts"
import { processesWith } from "../Processes.ts"
import { ServerFailed, type ServerRecipe, type Where } from "../Server.ts"
import { answers } from "../SignedFetch.ts"
import { logPath } from "../Supervisor.ts"

const user = "influscope"

/** Not the one on the PATH: that changes to the user rabbitmq and logs where only it may write. */
const program = "/usr/lib/rabbitmq/bin/rabbitmq-server"

const portOf = ({ ports }: Where, role: string): number => ports[role] ?? 0
const managementOf = (where: Where): string => `http://127.0.0.1:${portOf(where, "management")}`

const authorization = ({ secret }: Where) => ({
  authorization: `Basic ${Buffer.from(`${user}:${secret}`).toString("base64")}`
})

const configuration = (where: Where): string =>
  [
    `listeners.tcp.default = 127.0.0.1:${portOf(where, "amqp")}`,
    `management.tcp.ip = 127.0.0.1`,
    `management.tcp.port = ${portOf(where, "management")}`,
    `prometheus.tcp.ip = 127.0.0.1`,
    `prometheus.tcp.port = ${portOf(where, "prometheus")}`,
    // Instead of guest: made when the data directory is new.
    `default_user = ${user}`,
    `default_pass = ${where.secret}`,
    `default_user_tags.administrator = true`,
    `vm_memory_high_watermark.absolute = 1GB`,
    `disk_free_limit.absolute = 256MB`,
    `log.console = true`,
    `log.console.level = info`,
    `log.file = false`,
    ""
  ].join("\n")

/** RabbitMQ of Debian, one node, with its management and metrics; keeps to 127.0.0.1 and to its own port mapper. */
export const rabbitmq: ServerRecipe = {
  name: "rabbitmq",
  version: "3.10",
  purpose: "message broker: discovered profiles, dead letters",
  ports: { amqp: 15_682, management: 25_682, prometheus: 25_692, distribution: 35_682, epmd: 14_369 },
  install: fromPackage("rabbitmq", "rabbitmq-server", () => (existsSync(program) ? program : undefined)),
  prepare: (where) =>
    Effect.try({
      try: () => {
        for (const name of ["home", "mnesia", "log"])
          mkdirSync(join(where.directory, name), { recursive: true })
        writeFileSync(join(where.directory, "rabbitmq.conf"), configuration(where), { mode: 0o600 })
        writeFileSync(
          join(where.directory, "enabled_plugins"),
          "[rabbitmq_management,rabbitmq_prometheus].\n"
        )
      },
      catch: (cause) =>
        new ServerFailed({
          server: "rabbitmq",
          why: `its configuration cannot be written: ${cause instanceof Error ? cause.message : String(cause)}`,
          log: logPath(where.directory)
        })
    }),
  command: (where) => ({
    argv: [where.program],
    env: {
      // The cookie that nodes know each other by is made here.
      HOME: join(where.directory, "home"),
      // Its own port mapper keeps the name from meeting another node's.
      RABBITMQ_NODENAME: "influscope@localhost",
      RABBITMQ_DIST_PORT: String(portOf(where, "distribution")),
      ERL_EPMD_ADDRESS: "127.0.0.1",
      ERL_EPMD_PORT: String(portOf(where, "epmd")),
      RABBITMQ_MNESIA_BASE: join(where.directory, "mnesia"),
      RABBITMQ_LOG_BASE: join(where.directory, "log"),
      RABBITMQ_CONFIG_FILE: join(where.directory, "rabbitmq.conf"),
      RABBITMQ_ENABLED_PLUGINS_FILE: join(where.directory, "enabled_plugins"),
      RABBITMQ_CONF_ENV_FILE: "/dev/null",
      RABBITMQ_PID_FILE: join(where.directory, "rabbitmq.pid"),
      RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS: "-kernel inet_dist_use_interface {127,0,0,1}",
      // The script becomes the node instead of watching it: signals, and a kill, reach the right process.
      RUNNING_UNDER_SYSTEMD: "true"
    }
  }),
  // The listener for clients is the last thing a node starts.
  ready: (where) =>
    answers(
      `${managementOf(where)}/api/health/checks/port-listener/${portOf(where, "amqp")}`,
      authorization(where)
    ),
  runningVersion: (where) =>
    Effect.tryPromise(async (signal): Promise<unknown> => {
      const answer = await fetch(`${managementOf(where)}/api/overview`, {
        headers: authorization(where),
        signal
      })
      return answer.json()
    }).pipe(
      Effect.flatMap(Schema.decodeUnknown(Schema.Struct({ rabbitmq_version: Schema.String }))),
      Effect.map(({ rabbitmq_version }) => rabbitmq_version)
    ),
  startTimeout: "120 seconds",
  stopTimeout: "60 seconds",
  companions: (where) =>
    Effect.sync(() => processesWith("epmd", "ERL_EPMD_PORT", String(portOf(where, "epmd")))),
  environment: (where) => ({
    RABBITMQ_URL: `amqp://${user}:${where.secret}@127.0.0.1:${portOf(where, "amqp")}`,
    RABBITMQ_MANAGEMENT_URL: `http://${user}:${where.secret}@127.0.0.1:${portOf(where, "management")}`,
    RABBITMQ_METRICS_URL: `http://127.0.0.1:${portOf(where, "prometheus")}/metrics`
  })
}
