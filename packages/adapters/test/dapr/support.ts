import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { type DeadLetter, DeadLetters } from "@influscope/ports/DeadLetters"
import { PubSub } from "@influscope/ports/PubSub"
import type { ServerRecipe } from "@influscope/stack/Server"
import * as Supervisor from "@influscope/stack/Supervisor"
import { type DaprdOptions, daprd } from "@influscope/stack/servers/Daprd"
import { settings } from "@influscope/testing/Settings"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as YAML from "yaml"
import * as Callbacks from "../../src/dapr/Callbacks.ts"
import * as Gate from "../../src/dapr/Gate.ts"
import { Ledger } from "../../src/dapr/Ledger.ts"
import * as DaprPubSub from "../../src/dapr/PubSub.ts"
import * as Sidecar from "../../src/dapr/Sidecar.ts"

interface Sent {
  readonly items: number
  readonly sentAt: number
}

/** What a ledger in a database would keep: outlives the layers made from it. */
export class LedgerMemory {
  /** By topic and id. */
  readonly counts = new Map<string, { attempt: number; lastReason: string | undefined }>()
  readonly sent = new Map<string, Map<string, Sent>>()
  readonly letters = new Map<string, DeadLetter>()
  /** Every burial, also of a message that was buried before. */
  readonly burials: Array<DeadLetter> = []

  forget(topic: string, id: string): void {
    this.counts.delete(keyOf(topic, id))
    this.sent.get(topic)?.delete(id)
  }
}

const keyOf = (topic: string, id: string): string => JSON.stringify([topic, id])

export const ledgerLayer = (memory: LedgerMemory): Layer.Layer<Ledger> =>
  Layer.succeed(
    Ledger,
    Ledger.of({
      begin: (topic, id) =>
        Effect.sync(() => {
          const count = memory.counts.get(keyOf(topic, id)) ?? { attempt: 0, lastReason: undefined }
          memory.counts.set(keyOf(topic, id), { attempt: count.attempt + 1, lastReason: undefined })
          return { attempt: count.attempt + 1, lastReason: Option.fromNullable(count.lastReason) }
        }),
      failed: (topic, id, reason) =>
        Effect.sync(() => {
          const count = memory.counts.get(keyOf(topic, id))
          if (count !== undefined) count.lastReason = reason
        }),
      settled: (topic, id) => Effect.sync(() => memory.forget(topic, id)),
      bury: (letter) =>
        Effect.sync(() => {
          memory.letters.set(keyOf(letter.topic, letter.id), letter)
          memory.burials.push(letter)
          memory.forget(letter.topic, letter.id)
        }),
      backlog: Effect.gen(function* () {
        const now = yield* Clock.currentTimeMillis
        return [...memory.sent].map(([topic, messages]) => {
          const all = [...messages.values()]
          return {
            topic,
            messages: all.length,
            items: all.reduce((sum, { items }) => sum + items, 0),
            oldestSeconds: all.length === 0 ? 0 : (now - Math.min(...all.map(({ sentAt }) => sentAt))) / 1_000
          }
        })
      })
    })
  )

/** Notes what is published, as the outbox of a producer does. */
const noted = (memory: LedgerMemory, pubSub: PubSub["Type"]): PubSub["Type"] => ({
  ...pubSub,
  publish: (topic, message) =>
    Effect.gen(function* () {
      const sentAt = yield* Clock.currentTimeMillis
      const messages = memory.sent.get(topic) ?? new Map<string, Sent>()
      memory.sent.set(topic, messages.set(message.id, { items: message.items, sentAt }))
      yield* pubSub.publish(topic, message)
    })
})

const deadLetters = (memory: LedgerMemory) =>
  Layer.effect(
    DeadLetters,
    Effect.gen(function* () {
      const pubSub = yield* PubSub
      const newestFirst = () =>
        [...memory.letters.values()].sort(
          (left, right) =>
            right.deadAt - left.deadAt || (right.id < left.id ? -1 : right.id > left.id ? 1 : 0)
        )
      const find = (id: string) => newestFirst().find((letter) => letter.id === id)
      const drop = (letter: DeadLetter) => memory.letters.delete(keyOf(letter.topic, letter.id))
      return DeadLetters.of({
        list: ({ before, limit, topic }) =>
          Effect.sync(() =>
            newestFirst()
              .filter((letter) => topic === undefined || letter.topic === topic)
              .filter(
                ({ deadAt, id }) =>
                  before === undefined ||
                  deadAt < before.deadAt ||
                  (deadAt === before.deadAt && id < before.id)
              )
              .slice(0, limit)
          ),
        get: (id) => Effect.sync(() => Option.fromNullable(find(id))),
        replay: (id) =>
          Effect.gen(function* () {
            const letter = find(id)
            if (letter === undefined) return false
            const { items, payload, topic } = letter
            yield* pubSub.publish(topic, { id, items, payload, traceparent: undefined })
            return drop(letter)
          }),
        drop: (id) =>
          Effect.sync(() => {
            const letter = find(id)
            return letter === undefined ? false : drop(letter)
          }),
        count: Effect.sync(() => memory.letters.size)
      })
    })
  )

export interface Resource {
  readonly name: string
  readonly content: unknown
}

export const component = (
  name: string,
  type: string,
  metadata: Readonly<Record<string, string>>
): Resource => ({
  name,
  content: {
    apiVersion: "dapr.io/v1alpha1",
    kind: "Component",
    metadata: { name },
    spec: {
      type,
      version: "v1",
      metadata: Object.entries(metadata).map(([key, value]) => ({ name: key, value }))
    }
  }
})

export const rabbitComponent = (url: string, changes: Readonly<Record<string, string>> = {}): Resource =>
  component("pubsub", "pubsub.rabbitmq", {
    connectionString: url,
    durable: "true",
    deletedWhenUnused: "false",
    deliveryMode: "2",
    requeueInFailure: "true",
    publisherConfirm: "true",
    prefetchCount: "200",
    concurrencyMode: "parallel",
    reconnectWaitSeconds: "1",
    ...changes
  })

/** What a sidecar that died had in hand comes again after `takenFor`; and so does what takes longer to handle. */
export const redisComponent = (host: string, password: string, takenFor: string): Resource =>
  component("pubsub", "pubsub.redis", {
    redisHost: host,
    redisPassword: password,
    processingTimeout: takenFor,
    redeliverInterval: "500ms",
    // A subscription that waits for messages keeps a connection, and so does a publish.
    poolSize: "120",
    // Workers of the whole component: a message that is backing off keeps one.
    concurrency: "60"
  })

export const kafkaComponent = (brokers: string): Resource =>
  component("pubsub", "pubsub.kafka", {
    brokers,
    authType: "none",
    initialOffset: "oldest",
    maxMessageBytes: "4194304",
    consumeRetryEnabled: "true"
  })

const resiliencyWith = (more: Readonly<Record<string, unknown>>): Resource => ({
  name: "resiliency",
  content: {
    apiVersion: "dapr.io/v1alpha1",
    kind: "Resiliency",
    metadata: { name: "resiliency" },
    spec: {
      policies: {
        retries: {
          again: { policy: "exponential", duration: "200ms", maxInterval: "5s", maxRetries: -1 },
          ...more
        }
      },
      targets: { components: { pubsub: { inbound: { retry: "again" } } } }
    }
  }
})

/** Tries again for ever: attempts are counted by the app. */
export const resiliency = resiliencyWith({
  DaprBuiltInInitializationRetries: { policy: "constant", duration: "500ms", maxRetries: 10_000_000 }
})

/** With daprd's default: an app is asked for its subscriptions four times. */
export const resiliencyByDefault = resiliencyWith({})

/** Name resolution by a file instead of multicast, which not every machine has. */
const configuration = (directory: string): Resource => ({
  name: "config",
  content: {
    apiVersion: "dapr.io/v1alpha1",
    kind: "Configuration",
    metadata: { name: "config" },
    spec: {
      nameResolution: {
        component: "sqlite",
        version: "v1",
        configuration: { connectionString: join(directory, "names.db") }
      },
      metrics: { enabled: true }
    }
  }
})

/** Writes component files and a Configuration; answers what a sidecar is started with. */
export const writeResources = (
  directory: string,
  resources: ReadonlyArray<Resource>
): Pick<DaprdOptions, "resources"> & { readonly config: string } => {
  const folder = join(directory, "resources")
  mkdirSync(folder, { recursive: true })
  for (const { content, name } of resources)
    writeFileSync(join(folder, `${name}.yaml`), YAML.stringify(content))
  const config = configuration(directory)
  const path = join(directory, `${config.name}.yaml`)
  writeFileSync(path, YAML.stringify(config.content))
  return { resources: [folder], config: path }
}

export const tokens = { apiToken: "of-the-sidecar", appToken: "of-the-app" } as const

/** A sidecar of a test: the recipe, where it runs and with what its app reaches it. */
export interface TestSidecar {
  readonly recipe: ServerRecipe
  readonly server: Supervisor.RunningServer
  readonly environment: Readonly<Record<string, string>>
  readonly appPort: number
}

/** Starts a sidecar for the scope; its app may come later, and go. */
export const sidecar = (
  directory: string,
  options: Pick<DaprdOptions, "appId" | "resources" | "config"> & Partial<DaprdOptions>
) =>
  Effect.gen(function* () {
    const appPort = yield* Supervisor.freePort
    const recipe = daprd({ ...tokens, appPort, gracefulShutdownSeconds: 3, ...options })
    const server = yield* Supervisor.scoped(recipe, { directory: join(directory, `daprd-${options.appId}`) })
    const running: TestSidecar = {
      recipe,
      server,
      appPort,
      environment: {
        ...recipe.environment(server.where),
        APP_PORT: String(appPort),
        APP_ID: options.appId
      }
    }
    return running
  })

/** The client of a sidecar and the callback server for it. */
export const appLayer = ({ environment }: Pick<TestSidecar, "environment">) =>
  Callbacks.layer.pipe(Layer.provideMerge(Sidecar.layer), Layer.provide(settings(environment)))

export const quick = {
  drainTimeout: "500 millis",
  patience: "20 seconds"
} as const

export const opened = (topics: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const callbacks = yield* Callbacks.Callbacks
    yield* callbacks.open
    yield* Gate.wait({ components: [{ name: "pubsub", type: "pubsub." }], patience: "60 seconds" })
    yield* Effect.logDebug("subscribed", topics)
  })

/** A process with a sidecar of its own that knows these topics, and a ledger that outlives it. */
export const pubSubLayer = (
  running: Pick<TestSidecar, "environment">,
  memory: LedgerMemory,
  topics: ReadonlyArray<string>,
  options: Partial<DaprPubSub.DaprPubSubOptions> = {}
) => {
  const plain = DaprPubSub.layerWith({ ...quick, topics, ...options }).pipe(
    Layer.provide(ledgerLayer(memory)),
    Layer.provideMerge(appLayer(running))
  )
  const pubSub = Layer.effect(
    PubSub,
    Effect.map(PubSub, (inner) => noted(memory, inner))
  )
  const ready = Layer.effectDiscard(opened(topics))
  return Layer.mergeAll(ready, deadLetters(memory)).pipe(
    Layer.provideMerge(pubSub),
    Layer.provideMerge(plain)
  )
}
