import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as NativeStack from "../NativeStack.ts"
import { type Check, fail, getJson, ok, warn } from "./Check.ts"

/** Each server that was started once: whether it runs and answers. */
export const stackServers = (root: string): Effect.Effect<ReadonlyArray<Check>> =>
  NativeStack.status(root).pipe(
    Effect.map((all): ReadonlyArray<Check> => {
      if (all.length === 0)
        return [ok("servers", "none was started here; the Dapr runtime needs influscope stack up")]
      return all.map(({ address, name, pid, ready }) => {
        const title = `server ${name}`
        if (ready) return ok(title, `ready at ${address}`)
        return pid === null
          ? warn(title, "does not run", `influscope stack up --only ${name}`)
          : fail(
              title,
              `process ${pid} runs and does not answer at ${address}`,
              `influscope stack logs ${name}`
            )
      })
    }),
    Effect.catchAll(({ likelyCause, todo, what }) =>
      Effect.succeed([fail("servers", `${what} ${likelyCause}`, todo)])
    )
  )

const Queue = Schema.Struct({
  name: Schema.String,
  type: Schema.optionalWith(Schema.String, { default: () => "classic" }),
  effective_policy_definition: Schema.optionalWith(
    Schema.NullOr(Schema.Record({ key: Schema.String, value: Schema.Unknown })),
    { default: () => null }
  )
})

const isDeadLetters = (name: string): boolean => name.endsWith(".dead")
/** Where messages wait that nothing was bound for: it has no consumer, and so nothing to give up on. */
const isUnrouted = (name: string): boolean => name === "influscope.unrouted"

const missingOf = ({ effective_policy_definition: policy, name, type }: typeof Queue.Type): string => {
  if (type !== "quorum") return `${name} is of type ${type}`
  if (isDeadLetters(name) || isUnrouted(name)) return ""
  const missing = ["delivery-limit", "dead-letter-exchange"].filter((key) => policy?.[key] === undefined)
  return missing.length === 0 ? "" : `${name} has no policy with ${missing.join(" and ")}`
}

/**
 * Whether the queues of topics (names with a dot) are quorum queues whose messages go to the dead letters after a number
 * of deliveries. `management` is the URL of RabbitMQ's management API with user and password in it.
 */
export const rabbitmqQueues = (management: string): Effect.Effect<Check> => {
  const name = "RabbitMQ queues"
  if (!URL.canParse(management))
    return Effect.succeed(fail(name, "RABBITMQ_MANAGEMENT_URL is no URL", "correct it, or unset it"))
  const { origin, password, username } = new URL(management)
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`)
  return getJson(`${origin}/api/queues`, { authorization: `Basic ${credentials.toString("base64")}` }).pipe(
    Effect.map((answer) => {
      const decoded = Schema.decodeUnknownOption(Schema.Array(Queue))(answer)
      if (Option.isNone(decoded))
        return fail(
          name,
          `the management API at ${origin} does not tell its queues`,
          "influscope stack status; influscope stack logs rabbitmq"
        )
      const queues = decoded.value.filter((queue) => queue.name.includes("."))
      if (queues.length === 0) return ok(name, "none yet: they are declared before the first publish")
      const wrong = queues.map(missingOf).filter(Boolean)
      return wrong.length === 0
        ? ok(name, `${queues.length} of type quorum, with delivery limit and dead letters`)
        : fail(
            name,
            wrong.join("; "),
            "stop the services and start them again: they declare policies; a queue of another type has to be emptied and deleted first"
          )
    })
  )
}

const Health = Schema.Struct({
  status: Schema.Literal("green", "yellow", "red"),
  number_of_nodes: Schema.Int,
  unassigned_shards: Schema.Int
})

/** The health of the cluster at a URL; a single node is as healthy as it gets when only replicas have no place. */
export const elasticsearchHealth = (url: string): Effect.Effect<Check> => {
  const name = "Elasticsearch cluster"
  return Effect.map(getJson(`${url.replace(/\/$/, "")}/_cluster/health`), (answer) => {
    const decoded = Schema.decodeUnknownOption(Health)(answer)
    if (Option.isNone(decoded))
      return fail(name, `no health at ${url}`, "influscope stack up --only elasticsearch; or its log")
    const { number_of_nodes: nodes, status, unassigned_shards: unassigned } = decoded.value
    if (status === "green") return ok(name, `green, ${nodes} node${nodes === 1 ? "" : "s"}`)
    if (status === "yellow" && nodes === 1)
      return ok(name, `yellow: ${unassigned} replicas have no second node to be on`)
    const look = `curl '${url}/_cluster/allocation/explain?pretty'`
    return status === "yellow"
      ? warn(name, `yellow: ${unassigned} shards are not assigned`, look)
      : fail(name, `red: ${unassigned} shards are not assigned, some data cannot be searched`, look)
  })
}
