import { type ChannelModel, connect } from "amqplib"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/** The broker did not do what it was asked for. */
export class TopologyFailed extends Data.TaggedError("TopologyFailed")<{
  /** `conflict`: something of that name is there and is different; it has to be moved by hand. */
  readonly reason: "unreachable" | "refused" | "conflict"
  readonly what: string
  readonly why: string
}> {
  override get message(): string {
    return `RabbitMQ, ${this.what}: ${this.why}`
  }
}

export interface Topic {
  readonly name: string
  /** App ids; each gets a queue `<app>-<topic>` and one for `<topic>.dead`. */
  readonly subscribers: ReadonlyArray<string>
}

export interface Topology {
  readonly topics: ReadonlyArray<Topic>
  /** How often a message is handed out before the broker moves it to `<topic>.dead`. Restarts of sidecars count. */
  readonly deliveryLimit: number
}

/** How the broker is reached. */
export interface Broker {
  /** amqp://user:password@host:port/vhost */
  readonly url: string
  /** The management API, with or without user and password: those of `url` then count. */
  readonly managementUrl: string
}

/** The topics of discovery and tracking. */
export const pipelines: Topology = {
  topics: [
    { name: "profiles.discovered", subscribers: ["indexer"] },
    { name: "influencers.due", subscribers: ["collector"] },
    { name: "datapoints.collected", subscribers: ["collector"] },
    { name: "alerts.raised", subscribers: ["tracker"] },
    { name: "posts.submitted", subscribers: ["posts"] },
    { name: "users.create-requested", subscribers: ["users"] },
    { name: "messages.send-requested", subscribers: ["messages"] }
  ],
  deliveryLimit: 50
}

/** Where messages go that no queue is bound for, instead of nowhere. */
export const unrouted = "influscope.unrouted"

const dead = (topic: string): string => `${topic}.dead`
const queueOf = (app: string, topic: string): string => `${app}-${topic}`

const timeoutMs = 10_000

/**
 * Exactly what daprd 1.16 declares for a subscription with queueType quorum and the component of dapr/components:
 * another argument, and its own declaration fails with 406. So limits and dead letters come by policy.
 */
const queueArguments = { "x-queue-type": "quorum" }

interface Policy {
  readonly name: string
  readonly pattern: string
  readonly "apply-to": "queues" | "exchanges"
  readonly definition: Readonly<Record<string, string | number>>
  readonly priority: number
}

interface Plan {
  /** Names of fanout exchanges. */
  readonly exchanges: ReadonlyArray<string>
  readonly queues: ReadonlyArray<{
    readonly name: string
    readonly exchange: string
    readonly policy?: string
  }>
  readonly policies: ReadonlyArray<Policy>
  /** The policy of an exchange, where it has one. */
  readonly exchangePolicy: ReadonlyMap<string, string>
}

const escaped = (name: string): string => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
const anyOf = (names: ReadonlyArray<string>): string => `^(${names.map(escaped).join("|")})$`

/** Everything that has to be there; what takes in comes after what it would go to. */
const planOf = ({ deliveryLimit, topics }: Topology): Plan => {
  const exchanges = topics.flatMap(({ name }) => [dead(name), name])
  return {
    exchanges: [unrouted, ...exchanges],
    queues: [
      { name: unrouted, exchange: unrouted },
      ...topics.flatMap(({ name, subscribers }) => [
        ...subscribers.map((app) => ({ name: queueOf(app, dead(name)), exchange: dead(name) })),
        ...subscribers.map((app) => ({
          name: queueOf(app, name),
          exchange: name,
          policy: `influscope-${name}`
        }))
      ])
    ],
    policies: [
      ...topics.map(
        ({ name, subscribers }): Policy => ({
          name: `influscope-${name}`,
          pattern: anyOf(subscribers.map((app) => queueOf(app, name))),
          "apply-to": "queues",
          definition: {
            "delivery-limit": deliveryLimit,
            "dead-letter-exchange": dead(name),
            // The broker keeps the message until the dead-letter queue has it; that wants this overflow, which says
            // nothing else as long as the queue has no length limit.
            "dead-letter-strategy": "at-least-once",
            overflow: "reject-publish"
          },
          priority: 10
        })
      ),
      {
        name: unrouted,
        pattern: anyOf(exchanges),
        "apply-to": "exchanges",
        definition: { "alternate-exchange": unrouted },
        priority: 10
      }
    ],
    exchangePolicy: new Map(exchanges.map((name) => [name, unrouted]))
  }
}

const messageOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause))

/** The name in a URL's path, as amqp clients read it: none means /. */
const vhostOf = (url: string): string => {
  const path = new URL(url).pathname.slice(1)
  return path === "" ? "/" : decodeURIComponent(path)
}

interface Answer {
  readonly status: number
  readonly body: unknown
}

/** One request to the management API. 404 is an answer; everything else that is not 2xx a failure. */
const manage = (
  { managementUrl, url }: Broker,
  what: string,
  method: "GET" | "PUT",
  path: ReadonlyArray<string>,
  body?: Policy
): Effect.Effect<Answer, TopologyFailed> =>
  Effect.tryPromise({
    try: async (signal) => {
      const target = new URL(managementUrl)
      const { password, username } = target.username === "" ? new URL(url) : target
      const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
      const response = await fetch(`${target.origin}/api/${path.map(encodeURIComponent).join("/")}`, {
        method,
        signal,
        headers: {
          authorization: `Basic ${Buffer.from(credentials).toString("base64")}`,
          "content-type": "application/json"
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) })
      })
      const text = await response.text()
      return { status: response.status, text }
    },
    catch: (cause) => new TopologyFailed({ reason: "unreachable", what, why: messageOf(cause) })
  }).pipe(
    Effect.timeoutFail({
      duration: timeoutMs,
      onTimeout: () =>
        new TopologyFailed({
          reason: "unreachable",
          what,
          why: `the management API did not answer in ${timeoutMs / 1_000} s`
        })
    }),
    Effect.flatMap(({ status, text }): Effect.Effect<Answer, TopologyFailed> => {
      if (status === 404) return Effect.succeed({ status, body: undefined })
      if (status < 200 || status > 299)
        return Effect.fail(
          new TopologyFailed({
            reason: "refused",
            what,
            why: `the management API answered ${status}: ${text.slice(0, 300)}`
          })
        )
      return Effect.try({
        try: (): Answer => ({ status, body: text === "" ? undefined : JSON.parse(text) }),
        catch: (cause) => new TopologyFailed({ reason: "refused", what, why: messageOf(cause) })
      })
    })
  )

const connected = (broker: Broker) =>
  Effect.acquireRelease(
    Effect.tryPromise({
      try: () => connect(broker.url, { timeout: timeoutMs }),
      catch: (cause) =>
        new TopologyFailed({ reason: "unreachable", what: "connection", why: messageOf(cause) })
    }),
    // A connection that is broken already cannot be closed, and need not be.
    (connection) => Effect.ignore(Effect.tryPromise(() => connection.close()))
  )

/** One declaration on a channel of its own: the broker closes the channel of one that it refuses. */
const declareOne = (
  connection: ChannelModel,
  what: string,
  declare: (channel: Awaited<ReturnType<ChannelModel["createChannel"]>>) => Promise<unknown>
): Effect.Effect<void, TopologyFailed> =>
  Effect.tryPromise({
    try: async () => {
      const channel = await connection.createChannel()
      // The same failure arrives here and as a rejection below; without a listener it would end the process.
      channel.on("error", () => undefined)
      await declare(channel)
      await channel.close()
    },
    catch: (cause) => {
      const why = messageOf(cause)
      return new TopologyFailed({
        reason: /\b406\b|PRECONDITION/.test(why) ? "conflict" : "refused",
        what,
        why
      })
    }
  }).pipe(
    Effect.timeoutFail({
      duration: timeoutMs,
      onTimeout: () =>
        new TopologyFailed({ reason: "unreachable", what, why: `no answer in ${timeoutMs / 1_000} s` })
    })
  )

/**
 * Declares exchanges, quorum queues, bindings and policies, so that a message that is published before the first
 * subscriber came waits for it. Policies come first: nothing is there for a moment without its limits. Harmless when
 * it is all there; fails with `conflict` when something of the same name is different.
 */
export const declare = (broker: Broker, topology: Topology): Effect.Effect<void, TopologyFailed> =>
  Effect.scoped(
    Effect.gen(function* () {
      const plan = planOf(topology)
      const vhost = vhostOf(broker.url)
      const connection = yield* connected(broker)
      // Failures of the connection reach whoever waits on it; without a listener they would end the process.
      connection.on("error", () => undefined)
      yield* Effect.forEach(
        plan.policies,
        (policy) => manage(broker, `policy ${policy.name}`, "PUT", ["policies", vhost, policy.name], policy),
        { concurrency: 1, discard: true }
      )
      yield* Effect.forEach(
        plan.exchanges,
        (name) =>
          declareOne(connection, `exchange ${name}`, (channel) =>
            channel.assertExchange(name, "fanout", { durable: true, autoDelete: false })
          ),
        { concurrency: 1, discard: true }
      )
      yield* Effect.forEach(
        plan.queues,
        ({ exchange, name }) =>
          declareOne(connection, `queue ${name}`, async (channel) => {
            await channel.assertQueue(name, {
              durable: true,
              autoDelete: false,
              exclusive: false,
              arguments: queueArguments
            })
            await channel.bindQueue(name, exchange, "")
          }),
        { concurrency: 1, discard: true }
      )
    })
  )

/** Something about a broker's topology that loses or delays messages. */
export interface Wrong {
  /** "queue indexer-profiles.discovered" */
  readonly what: string
  /** One sentence. */
  readonly why: string
  /** Whether `declare` mends it; otherwise it has to be removed first, with what it holds. */
  readonly mendable: boolean
}

const Definition = Schema.Record({ key: Schema.String, value: Schema.Unknown })

const QueueView = Schema.Struct({
  type: Schema.optional(Schema.String),
  durable: Schema.Boolean,
  auto_delete: Schema.Boolean,
  arguments: Definition,
  messages: Schema.optional(Schema.Number)
})
const ExchangeView = Schema.Struct({
  type: Schema.String,
  durable: Schema.Boolean,
  auto_delete: Schema.Boolean
})
const PolicyView = Schema.Struct({
  name: Schema.String,
  pattern: Schema.String,
  "apply-to": Schema.String,
  definition: Definition,
  priority: Schema.Number
})
const Bindings = Schema.Array(Schema.Struct({ source: Schema.String, routing_key: Schema.String }))

const seen = <A, I>(
  broker: Broker,
  what: string,
  path: ReadonlyArray<string>,
  schema: Schema.Schema<A, I>
): Effect.Effect<A | undefined, TopologyFailed> =>
  manage(broker, what, "GET", path).pipe(
    // 404 comes without a body.
    Effect.flatMap(({ body }) =>
      Schema.decodeUnknown(Schema.UndefinedOr(schema))(body).pipe(
        Effect.mapError(
          (error) =>
            new TopologyFailed({
              reason: "refused",
              what,
              why: `the management API answered something else: ${error.message.slice(0, 300)}`
            })
        )
      )
    )
  )

const same = (left: Readonly<Record<string, unknown>>, right: Readonly<Record<string, unknown>>): boolean =>
  Object.keys(left).length === Object.keys(right).length &&
  Object.entries(left).every(([key, value]) => Object.is(right[key], value))

const matches = (pattern: string, name: string): boolean => {
  try {
    return new RegExp(pattern).test(name)
  } catch {
    // The broker's patterns are richer than ours; one of somebody else's that we cannot read is not held against it.
    return false
  }
}

/** The policy that counts for a name: only one does. Worked out here: the API's own answer is seconds behind. */
const effective = (
  policies: ReadonlyArray<typeof PolicyView.Type>,
  kind: "queues" | "exchanges",
  name: string
): string | undefined =>
  policies
    .filter(
      (policy) =>
        policy["apply-to"] === kind ||
        policy["apply-to"] === "all" ||
        (kind === "queues" && policy["apply-to"] === "quorum_queues")
    )
    .filter(({ pattern }) => matches(pattern, name))
    .reduce<typeof PolicyView.Type | undefined>(
      (best, policy) => (best === undefined || policy.priority > best.priority ? policy : best),
      undefined
    )?.name

/** Compares what there is with what `declare` would make; empty when all is well. Changes nothing. */
export const verify = (
  broker: Broker,
  topology: Topology
): Effect.Effect<ReadonlyArray<Wrong>, TopologyFailed> =>
  Effect.gen(function* () {
    const plan = planOf(topology)
    const vhost = vhostOf(broker.url)
    const wrong: Array<Wrong> = []
    const say = (what: string, why: string, mendable: boolean) => wrong.push({ what, why, mendable })
    const policies = (yield* seen(broker, "policies", ["policies", vhost], Schema.Array(PolicyView))) ?? []
    const overruled = (what: string, kind: "queues" | "exchanges", name: string, policy: string) => {
      const counts = effective(policies, kind, name)
      // A missing one is said once, above.
      if (counts !== undefined && counts !== policy)
        say(
          what,
          `The policy ${counts} counts for it instead of ${policy}: only one does, the one of the highest priority.`,
          false
        )
    }
    for (const policy of plan.policies) {
      const what = `policy ${policy.name}`
      const found = policies.find(({ name }) => name === policy.name)
      if (found === undefined)
        say(what, "It is missing: without it messages are not kept when they fail or have no queue.", true)
      else if (
        found.pattern !== policy.pattern ||
        found["apply-to"] !== policy["apply-to"] ||
        found.priority !== policy.priority ||
        !same(found.definition, policy.definition)
      )
        say(what, `It says something else: ${JSON.stringify(found)}.`, true)
    }
    for (const name of plan.exchanges) {
      const what = `exchange ${name}`
      const found = yield* seen(broker, what, ["exchanges", vhost, name], ExchangeView)
      if (found === undefined)
        say(what, "It is missing: what is published before a subscriber comes is lost.", true)
      else if (found.type !== "fanout" || !found.durable || found.auto_delete)
        say(
          what,
          `It is ${found.type}${found.durable ? "" : ", not durable"}${found.auto_delete ? ", deleted when unused" : ""} instead of a durable fanout.`,
          false
        )
      const policy = plan.exchangePolicy.get(name)
      if (policy !== undefined) overruled(what, "exchanges", name, policy)
    }
    for (const { exchange, name, policy } of plan.queues) {
      const what = `queue ${name}`
      const found = yield* seen(broker, what, ["queues", vhost, name], QueueView)
      if (found === undefined) {
        say(what, "It is missing: what is published before its subscriber comes is lost.", true)
        continue
      }
      const type = found.type ?? String(found.arguments["x-queue-type"] ?? "classic")
      if (type !== "quorum")
        say(
          what,
          `It is a ${type} queue: it lives on one node, has no delivery limit, and daprd cannot subscribe to it as quorum.`,
          false
        )
      else if (!found.durable || found.auto_delete)
        say(what, "It is deleted with its last consumer or at a restart.", false)
      else if (!same(found.arguments, queueArguments))
        say(
          what,
          `Its arguments are ${JSON.stringify(found.arguments)}: daprd declares others and fails with 406.`,
          false
        )
      if (policy !== undefined) overruled(what, "queues", name, policy)
      const bindings = yield* seen(broker, what, ["queues", vhost, name, "bindings"], Bindings)
      if (!(bindings ?? []).some(({ source }) => source === exchange))
        say(what, `It is not bound to ${exchange}: nothing arrives.`, true)
      if (name === unrouted && (found.messages ?? 0) > 0)
        say(what, `${found.messages} messages had no queue and wait here.`, false)
    }
    return wrong
  })
