import { dirname, join } from "node:path"
import type { RunningServer } from "@influscope/stack/Supervisor"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** RabbitMQ did not do to itself what it was asked for. */
export class BrokerFailed extends Schema.TaggedError<BrokerFailed>()("BrokerFailed", {
  what: Schema.String
}) {}

const timeout = "30 seconds"
/** The command line starts an Erlang of its own, which takes its time on a busy machine. */
const commandTimeout = "90 seconds"

/** Does harm to a running RabbitMQ as its operators can: through its management API and its command line. */
export const brokerOf = ({ recipe, where }: RunningServer) => {
  const management = new URL(recipe.environment(where)["RABBITMQ_MANAGEMENT_URL"] ?? "")

  /** 404 is as good: what is to go is gone. */
  const manage = (method: "PUT" | "DELETE", path: ReadonlyArray<string>, body?: unknown) =>
    Effect.tryPromise({
      try: async (signal) => {
        const url = `${management.origin}/api/${path.map(encodeURIComponent).join("/")}`
        const response = await fetch(url, {
          method,
          signal,
          headers: {
            authorization: `Basic ${btoa(`${management.username}:${management.password}`)}`,
            "content-type": "application/json"
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) })
        })
        if (!response.ok && response.status !== 404) throw new Error(`${response.status}`)
      },
      catch: (cause) => new BrokerFailed({ what: `${method} ${path.join("/")}: ${String(cause)}` })
    }).pipe(
      Effect.timeoutFail({
        duration: timeout,
        onTimeout: () => new BrokerFailed({ what: `${method} ${path.join("/")}: no answer` })
      })
    )

  const control = (...command: ReadonlyArray<string>) =>
    Effect.tryPromise({
      try: async (signal) => {
        const { env = {} } = recipe.command(where)
        const child = Bun.spawn([join(dirname(where.program), "rabbitmqctl"), ...command], {
          env: { ...process.env, ...env },
          stdout: "pipe",
          stderr: "pipe",
          signal
        })
        const said = await new Response(child.stderr).text()
        if ((await child.exited) !== 0) throw new Error(said.slice(-500))
      },
      catch: (cause) => new BrokerFailed({ what: `${command.join(" ")}: ${String(cause)}` })
    }).pipe(
      Effect.timeoutFail({
        duration: commandTimeout,
        onTimeout: () => new BrokerFailed({ what: `${command.join(" ")}: no end` })
      })
    )

  return {
    /** From now on the queue takes no more than so many messages, and refuses the publishing of others. */
    limit: (queue: string, length: number) =>
      manage("PUT", ["policies", "/", `limit-${queue}`], {
        pattern: `^${queue}$`,
        "apply-to": "queues",
        // Over that of the pipeline's own topology.
        priority: 100,
        definition: { "max-length": length, overflow: "reject-publish" }
      }),
    unlimit: (queue: string) => manage("DELETE", ["policies", "/", `limit-${queue}`]),
    deleteQueue: (queue: string) => manage("DELETE", ["queues", "/", queue]),
    /** Alarms: while one lasts, the broker reads nothing from connections that publish. */
    runOutOfMemory: control("set_vm_memory_high_watermark", "absolute", "1MB"),
    haveMemory: control("set_vm_memory_high_watermark", "absolute", "1GB"),
    runOutOfDisk: control("set_disk_free_limit", "1000000GB"),
    haveDisk: control("set_disk_free_limit", "256MB")
  }
}
