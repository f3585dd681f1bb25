import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { componentKeys, keyFacts, keysOf } from "../../src/components/ComponentKeys.ts"
import { parseDuration } from "../../src/components/Duration.ts"
import type { Finding, Rule } from "../../src/components/Finding.ts"
import { lint, lintPaths } from "../../src/components/Linter.ts"
import { lossRules, misleadingKeys } from "../../src/components/LossRules.ts"

const dapr = fileURLToPath(new URL("../../../../dapr", import.meta.url))

const one = (text: string, complete = false): ReadonlyArray<Finding> =>
  lint([{ path: "file.yaml", text }], { complete })

interface ComponentText {
  readonly type: string
  readonly version?: string
  readonly values?: Readonly<Record<string, string | undefined>>
  readonly more?: string
}

/** Values without which a component is not refused; a case changes some of them. */
const sound: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "pubsub.rabbitmq": {
    hostname: "broker",
    durable: "true",
    deletedWhenUnused: "false",
    deliveryMode: "2",
    requeueInFailure: "true",
    publisherConfirm: "true",
    prefetchCount: "20"
  },
  "pubsub.kafka": {
    brokers: "a:9092",
    authType: "none",
    initialOffset: "oldest",
    consumeRetryEnabled: "true"
  },
  "pubsub.redis": { redisHost: "a:6379", processingTimeout: "60s", redeliverInterval: "15s" },
  "pubsub.aws.snssqs": {
    region: "us-east-1",
    messageVisibilityTimeout: "60",
    disableDeleteOnRetryLimit: "true"
  },
  "state.postgresql": { host: "a" },
  "state.redis": { redisHost: "a:6379" },
  "state.mongodb": { host: "a", writeconcern: "majority" },
  "state.cassandra": { hosts: "a", consistency: "Quorum", replicationFactor: "3" },
  "state.aws.dynamodb": { table: "t", region: "us-east-1", ttlAttributeName: "expiresAt" },
  "state.sqlite": { connectionString: "state.db" },
  "bindings.aws.s3": { bucket: "b", region: "us-east-1", decodeBase64: "true", encodeBase64: "true" }
}

const component = ({ more = "", type, values = {}, version }: ComponentText): string => {
  const all = Object.entries({ ...sound[type], ...values })
  return [
    "apiVersion: dapr.io/v1alpha1",
    "kind: Component",
    "metadata: { name: pubsub }",
    "spec:",
    `  type: ${type}`,
    `  version: ${version ?? (type === "state.postgresql" ? "v2" : "v1")}`,
    "  metadata:",
    ...all.flatMap(([name, value]) =>
      value === undefined ? [] : [`    - name: ${name}`, `      value: ${JSON.stringify(value)}`]
    ),
    more
  ].join("\n")
}

const resiliency = (options: {
  readonly inbound?: string
  readonly outbound?: string
  readonly retry?: string
  readonly initialization?: string
  readonly timeout?: string
}): string => `apiVersion: dapr.io/v1alpha1
kind: Resiliency
metadata: { name: resiliency }
spec:
  policies:
    timeouts: { short: ${options.timeout ?? "2s"} }
    retries:
      again: ${options.retry ?? "{ policy: constant, duration: 1s, maxRetries: -1 }"}
      DaprBuiltInInitializationRetries: ${options.initialization ?? "{ policy: constant, duration: 500ms, maxRetries: 10000000 }"}
    circuitBreakers: { breaker: { trip: consecutiveFailures > 5 } }
  targets:
    components:
      pubsub:
        inbound: ${options.inbound ?? "{ retry: again }"}
        outbound: ${options.outbound ?? "{}"}
`

const subscription = (more: string, topic = "orders"): string => `apiVersion: dapr.io/v2alpha1
kind: Subscription
metadata: { name: orders }
spec:
  pubsubname: pubsub
  topic: ${topic}
  routes: { default: /orders }
${more}`

const run = (app: string, common = ""): string =>
  `version: 1\n${common}apps:\n  - appID: a\n    appDirPath: .\n${app}`

type Case = readonly [name: string, text: string, rule: Rule, key: string, why: RegExp]

const rabbitmq = (values: Readonly<Record<string, string | undefined>>): string =>
  component({ type: "pubsub.rabbitmq", values })

const cases: ReadonlyArray<Case> = [
  // RabbitMQ
  ["failures dropped", rabbitmq({ requeueInFailure: undefined }), "loss", "requeueInFailure", /dropped/],
  [
    "failures dropped on purpose",
    rabbitmq({ requeueInFailure: "false" }),
    "loss",
    "requeueInFailure",
    /SIGTERM/
  ],
  [
    "queue goes with its consumer",
    rabbitmq({ deletedWhenUnused: undefined }),
    "loss",
    "deletedWhenUnused",
    /deleted/
  ],
  ["transient", rabbitmq({ deliveryMode: "1" }), "loss", "deliveryMode", /transient/],
  ["no such mode", rabbitmq({ deliveryMode: "3" }), "value", "deliveryMode", /at most 2/],
  ["unconfirmed", rabbitmq({ publisherConfirm: undefined }), "loss", "publisherConfirm", /before the broker/],
  ["not durable", rabbitmq({ durable: "false" }), "loss", "durable", /restart/],
  ["durable not said", rabbitmq({ durable: undefined }), "loss", "durable", /different defaults/],
  ["acknowledged before handled", rabbitmq({ autoAck: "true" }), "loss", "autoAck", /before any handler/],
  ["length limit", rabbitmq({ maxLen: "1000" }), "loss", "maxLen", /drops its oldest/],
  ["size limit", rabbitmq({ maxLenBytes: "1000" }), "loss", "maxLenBytes", /drops its oldest/],
  ["expiring", rabbitmq({ ttlInSeconds: "60" }), "loss", "ttlInSeconds", /outage/],
  ["whole backlog at once", rabbitmq({ prefetchCount: "0" }), "loss", "prefetchCount", /backlog/],
  ["prefetch not said", rabbitmq({ prefetchCount: undefined }), "loss", "prefetchCount", /backlog/],
  ["more than a byte", rabbitmq({ prefetchCount: "256" }), "value", "prefetchCount", /at most 255/],
  [
    "its own dead letters",
    rabbitmq({ enableDeadLetter: "true" }),
    "loss",
    "enableDeadLetter",
    /not requeued/
  ],
  ["other exchange", rabbitmq({ exchangeKind: "topic" }), "loss", "exchangeKind", /routing key/],
  ["concurrency", rabbitmq({ concurrency: "single" }), "unknown", "concurrency", /never reads/],
  ["reconnectWait", rabbitmq({ reconnectWait: "0" }), "unknown", "reconnectWait", /3 seconds/],
  ["host", rabbitmq({ host: "amqp://broker" }), "unknown", "host", /deprecated/],
  ["host with a password", rabbitmq({ hostname: "amqp://a:b@broker" }), "secret", "hostname", /repository/],
  [
    "connection string in the file",
    rabbitmq({ connectionString: "amqp://a:b@c" }),
    "secret",
    "connectionString",
    /repository/
  ],
  [
    "no address",
    rabbitmq({ hostname: undefined }),
    "required",
    "connectionString or hostname",
    /does not start/
  ],
  ["mistyped", rabbitmq({ publisherConfirms: "true" }), "unknown", "publisherConfirms", /never reads/],
  ["other letters", rabbitmq({ Durable: "true" }), "unknown", "Durable", /never reads/],
  ["no bool", rabbitmq({ saslExternal: "ture" }), "value", "saslExternal", /counts as false/],
  ["no duration", rabbitmq({ heartBeat: "10 seconds" }), "value", "heartBeat", /duration/],
  ["no such word", rabbitmq({ concurrencyMode: "serial" }), "value", "concurrencyMode", /parallel, single/],
  // Kafka
  [
    "newest",
    component({ type: "pubsub.kafka", values: { initialOffset: "newest" } }),
    "loss",
    "initialOffset",
    /never delivered/
  ],
  [
    "offset not said",
    component({ type: "pubsub.kafka", values: { initialOffset: undefined } }),
    "loss",
    "initialOffset",
    /never delivered/
  ],
  [
    "skipping",
    component({ type: "pubsub.kafka", values: { consumeRetryEnabled: "false" } }),
    "loss",
    "consumeRetryEnabled",
    /skipped/
  ],
  [
    "no authType",
    component({ type: "pubsub.kafka", values: { authType: undefined } }),
    "required",
    "authType",
    /does not start/
  ],
  [
    "too old for zstd",
    component({ type: "pubsub.kafka", values: { compression: "zstd" } }),
    "required",
    "version",
    /does not start below/
  ],
  [
    "password in the file",
    component({ type: "pubsub.kafka", values: { saslPassword: "x" } }),
    "secret",
    "saslPassword",
    /repository/
  ],
  // Redis
  [
    "trimmed by length",
    component({ type: "pubsub.redis", values: { maxLenApprox: "1000" } }),
    "loss",
    "maxLenApprox",
    /trimmed/
  ],
  [
    "trimmed by age",
    component({ type: "pubsub.redis", values: { streamTTL: "1h" } }),
    "loss",
    "streamTTL",
    /trimmed/
  ],
  [
    "short processing",
    component({ type: "pubsub.redis", values: { processingTimeout: "15s" } }),
    "loss",
    "processingTimeout",
    /delivered again/
  ],
  [
    "never redelivered",
    component({ type: "pubsub.redis", values: { redeliverInterval: "0" } }),
    "loss",
    "redeliverInterval",
    /never/
  ],
  // SNS and SQS
  [
    "short visibility",
    component({ type: "pubsub.aws.snssqs", values: { messageVisibilityTimeout: undefined } }),
    "loss",
    "messageVisibilityTimeout",
    /10 seconds/
  ],
  [
    "deleted after 10",
    component({ type: "pubsub.aws.snssqs", values: { disableDeleteOnRetryLimit: undefined } }),
    "loss",
    "disableDeleteOnRetryLimit",
    /deleted when it has failed/
  ],
  [
    "half a dead-letter queue",
    component({
      type: "pubsub.aws.snssqs",
      values: { disableDeleteOnRetryLimit: undefined, sqsDeadLettersQueueName: "dead" }
    }),
    "required",
    "messageReceiveLimit",
    /needs both/
  ],
  [
    "dead-letter queue too late",
    component({
      type: "pubsub.aws.snssqs",
      values: {
        disableDeleteOnRetryLimit: undefined,
        sqsDeadLettersQueueName: "dead",
        messageReceiveLimit: "10"
      }
    }),
    "loss",
    "messageReceiveLimit",
    /below messageRetryLimit/
  ],
  [
    "both ways",
    component({
      type: "pubsub.aws.snssqs",
      values: { sqsDeadLettersQueueName: "dead", messageReceiveLimit: "3" }
    }),
    "value",
    "disableDeleteOnRetryLimit",
    /cannot be combined/
  ],
  // State
  [
    "old PostgreSQL layout",
    component({ type: "state.postgresql", version: "v1" }),
    "loss",
    "spec.version",
    /migration/
  ],
  [
    "no version",
    component({ type: "state.postgresql", version: "''" }),
    "required",
    "spec.version",
    /old table layout/
  ],
  [
    "password in parameters",
    component({ type: "state.postgresql", values: { host: "host=a password=b" } }),
    "secret",
    "host",
    /repository/
  ],
  [
    "all nodes",
    component({ type: "state.cassandra", values: { consistency: undefined } }),
    "loss",
    "consistency",
    /one node is down/
  ],
  [
    "one node",
    component({ type: "state.cassandra", values: { consistency: "One" } }),
    "loss",
    "consistency",
    /quorum/
  ],
  [
    "one copy",
    component({ type: "state.cassandra", values: { replicationFactor: undefined } }),
    "loss",
    "replicationFactor",
    /one copy/
  ],
  [
    "unacknowledged",
    component({ type: "state.mongodb", values: { writeconcern: undefined } }),
    "loss",
    "writeconcern",
    /rolled back/
  ],
  [
    "dirty reads",
    component({ type: "state.mongodb", values: { readconcern: "local" } }),
    "loss",
    "readconcern",
    /rolled back/
  ],
  [
    "everything expires",
    component({ type: "state.redis", values: { ttlInSeconds: "60" } }),
    "loss",
    "ttlInSeconds",
    /expires/
  ],
  [
    "no second try",
    component({ type: "state.redis", values: { redisMaxRetries: "-1" } }),
    "loss",
    "redisMaxRetries",
    /first connection/
  ],
  [
    "nothing expires",
    component({ type: "state.aws.dynamodb", values: { ttlAttributeName: undefined } }),
    "loss",
    "ttlAttributeName",
    /ignored/
  ],
  [
    "SQLite in memory",
    component({ type: "state.sqlite", values: { connectionString: ":memory:" } }),
    "loss",
    "connectionString",
    /ends with daprd/
  ],
  [
    "MySQL password",
    component({ type: "state.mysql", values: { connectionString: "a:b@tcp(c)/" } }),
    "secret",
    "connectionString",
    /repository/
  ],
  // Objects
  [
    "Base64 stored",
    component({ type: "bindings.aws.s3", values: { decodeBase64: undefined } }),
    "loss",
    "decodeBase64",
    /Base64 text/
  ],
  [
    "bytes changed",
    component({ type: "bindings.aws.s3", values: { encodeBase64: "false" } }),
    "loss",
    "encodeBase64",
    /changed/
  ],
  [
    "unverified",
    component({ type: "bindings.aws.s3", values: { insecureSSL: "true" } }),
    "loss",
    "insecureSSL",
    /verified/
  ],
  [
    "keys in the file",
    component({ type: "bindings.aws.s3", values: { secretKey: "x" } }),
    "secret",
    "secretKey",
    /repository/
  ],
  // Any component
  ["broker in memory", component({ type: "pubsub.in-memory" }), "loss", "pubsub.in-memory", /one sidecar/],
  ["store in memory", component({ type: "state.in-memory" }), "loss", "state.in-memory", /one sidecar/],
  ["unknown type", component({ type: "pubsub.rabbit" }), "unknown", "pubsub.rabbit", /not recorded/],
  [
    "failures ignored",
    component({ type: "state.redis", more: "  ignoreErrors: true" }),
    "loss",
    "ignoreErrors",
    /healthy/
  ],
  [
    "twice",
    component({ type: "state.redis", more: "    - { name: redisHost, value: b }" }),
    "value",
    "redisHost",
    /twice/
  ],
  [
    "empty item",
    component({ type: "state.redis", more: "    - name: poolSize" }),
    "required",
    "poolSize",
    /neither/
  ],
  [
    "list as a value",
    component({ type: "state.redis", more: "    - { name: poolSize, value: [1] }" }),
    "value",
    "poolSize",
    /one text/
  ],
  [
    "store not named",
    component({
      type: "state.redis",
      more: "    - { name: redisPassword, secretKeyRef: { name: a, key: b } }"
    }),
    "required",
    "redisPassword",
    /auth.secretStore/
  ],
  [
    "flag out of sight",
    component({
      type: "pubsub.rabbitmq",
      values: { requeueInFailure: undefined },
      more: "    - { name: requeueInFailure, envRef: REQUEUE }"
    }),
    "loss",
    "requeueInFailure",
    /dropped/
  ],
  ["misplaced key", component({ type: "state.redis", more: "scope: [a]" }), "unknown", "scope", /ignores it/],
  [
    "no name",
    "apiVersion: dapr.io/v1alpha1\nkind: Component\nspec: { type: state.in-memory, version: v1, metadata: [] }",
    "required",
    "metadata.name",
    /without a valid name/
  ],
  // Resiliency
  ["no retry", resiliency({ inbound: "{}" }), "loss", "inbound.retry", /tried once/],
  [
    "ends after 5",
    resiliency({ retry: "{ policy: constant, maxRetries: 5 }" }),
    "loss",
    "maxRetries",
    /outage/
  ],
  [
    "ends after 15 minutes",
    resiliency({ retry: "{ policy: exponential, maxInterval: 30s, maxRetries: -1 }" }),
    "loss",
    "policy",
    /15 minutes/
  ],
  [
    "only some answers",
    resiliency({ retry: "{ policy: constant, matching: { httpStatusCodes: '500' } }" }),
    "loss",
    "matching",
    /not tried again/
  ],
  [
    "breaker ends retries",
    resiliency({ inbound: "{ retry: again, circuitBreaker: breaker }" }),
    "loss",
    "inbound.circuitBreaker",
    /ends the retries/
  ],
  [
    "publish cut off",
    resiliency({ outbound: "{ timeout: short }" }),
    "loss",
    "outbound.timeout",
    /answered with success/
  ],
  [
    "asking for subscriptions ends",
    resiliency({ initialization: "{ policy: constant, maxRetries: -1 }" }),
    "loss",
    "DaprBuiltInInitializationRetries",
    /subscribed to nothing/
  ],
  [
    "asking for subscriptions ends after a time",
    resiliency({ initialization: "{ policy: exponential, maxRetries: 10000000 }" }),
    "loss",
    "DaprBuiltInInitializationRetries",
    /subscribed to nothing/
  ],
  ["no such policy", resiliency({ inbound: "{ retry: agian }" }), "unknown", "retry", /applies none/],
  [
    "mistyped policy key",
    resiliency({ retry: "{ policy: constant, maxRetry: 5 }" }),
    "unknown",
    "maxRetry",
    /ignores it/
  ],
  ["no duration in a policy", resiliency({ timeout: "soon" }), "value", "short", /duration/],
  // Subscriptions
  ["no dead letters", subscription(""), "loss", "deadLetterTopic", /acknowledged and gone/],
  ["no topic", subscription("  deadLetterTopic: d", ""), "required", "topic", /does not load/],
  [
    "batch larger than prefetch",
    `${subscription("  deadLetterTopic: d\n  bulkSubscribe: { enabled: true, maxMessagesCount: 100 }")}\n---\n${component({ type: "pubsub.rabbitmq" })}`,
    "value",
    "maxMessagesCount",
    /never fills/
  ],
  // Configuration
  [
    "all secrets",
    "apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: { name: c }\nspec: { secrets: { scopes: [{ storeName: s }] } }",
    "secret",
    "defaultAccess",
    /every secret/
  ],
  [
    "mistyped configuration",
    "apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata: { name: c }\nspec: { accessControls: {} }",
    "unknown",
    "accessControls",
    /ignores it/
  ],
  [
    "other version",
    "apiVersion: dapr.io/v1alpha2\nkind: Component",
    "syntax",
    "dapr.io/v1alpha2 Component",
    /skips/
  ],
  ["no apiVersion", "kind: Component\nmetadata: { name: a }", "syntax", "Component", /skips/],
  ["no YAML", "a: [1", "syntax", "YAML", /./],
  [
    "same key twice",
    "apiVersion: dapr.io/v1alpha1\nkind: Component\nkind: Component",
    "syntax",
    "YAML",
    /unique/
  ],
  // dapr run -f
  ["no health check", run("    appPort: 80\n"), "loss", "enableAppHealthCheck", /down/],
  ["token in the file", run("    env: { APP_API_TOKEN: abc }\n"), "secret", "APP_API_TOKEN", /repository/],
  [
    "address with a password",
    run("    env: { DATABASE_URL: 'postgres://a:b@c/d' }\n"),
    "secret",
    "DATABASE_URL",
    /repository/
  ],
  ["crash of the command line", run("", "common: { env: { A: b } }\n"), "required", "env", /crashes/],
  ["mistyped app key", run("    resourcePaths: [a]\n"), "unknown", "resourcePaths", /ignores it/],
  ["no directory", "version: 1\napps:\n  - appID: a", "required", "appDirPath", /refuses/]
]

describe("influscope components lint", () => {
  it("finds nothing to refuse in any file of dapr/", async () => {
    const { files, findings } = await Effect.runPromise(lintPaths([dapr]))
    expect(findings).toEqual([])
    expect(files).toBeGreaterThanOrEqual(20)
  })

  it("has nothing against the sound values that the cases below change", () => {
    for (const type of Object.keys(sound)) expect([type, one(component({ type }))]).toEqual([type, []])
    expect(one(resiliency({}))).toEqual([])
    expect(one(subscription("  deadLetterTopic: orders.dead"))).toEqual([])
    expect(one(subscription("", "orders.dead"))).toEqual([])
    expect(one(run("    appPort: 80\n    enableAppHealthCheck: true\n"))).toEqual([])
  })

  it.each(cases)("refuses: %s", (_, text, rule, key, why) => {
    const found = one(text).filter((finding) => finding.key === key)
    expect(found.map((finding) => finding.rule)).toContain(rule)
    expect(found.map((finding) => finding.why).join("\n")).toMatch(why)
    for (const { line } of found) {
      expect(line).toBeGreaterThanOrEqual(1)
      expect(line).toBeLessThanOrEqual(text.split("\n").length)
    }
  })

  it("has a case for every rule of loss and every misleading key that a pipeline can meet", () => {
    const tried = new Set(cases.map(([, , , key]) => key))
    expect(lossRules.map(({ key }) => key).filter((key) => !tried.has(key))).toEqual([])
    expect(Object.keys(misleadingKeys["pubsub.rabbitmq"] ?? {}).filter((key) => !tried.has(key))).toEqual([])
  })

  it("names the line and says what to write instead", () => {
    const text = rabbitmq({ publisherConfirms: "true" })
    const line = text.split("\n").findIndex((row) => row.includes("publisherConfirms")) + 1
    expect(one(text)).toMatchObject([{ file: "file.yaml", line, instead: "publisherConfirm" }])
  })

  it("takes unquoted values as daprd does", () => {
    const text = rabbitmq({}).replaceAll('"', "")
    expect(one(text)).toEqual([])
  })

  it("lets a value through on a line that says why, but no secret and no unknown key", () => {
    const line = (item: string) =>
      component({ type: "state.redis", more: `    - ${item} # lint:allow for a test` })
    expect(one(line("{ name: ttlInSeconds, value: '60' }"))).toEqual([])
    expect(one(line("{ name: redisPassword, value: x }"))).toHaveLength(1)
    expect(one(line("{ name: nothing, value: x }"))).toHaveLength(1)
    const bare = component({
      type: "state.redis",
      more: "    - { name: ttlInSeconds, value: '60' } # lint:allow"
    })
    expect(one(bare)).toHaveLength(1)
  })

  it("allows a component in memory in tests", () => {
    const file = { path: "packages/a/test/pubsub.yaml", text: component({ type: "pubsub.in-memory" }) }
    expect(lint([file], { complete: false })).toEqual([])
  })

  it("misses in a whole directory what no file of it says", () => {
    const text = component({ type: "pubsub.kafka" })
    expect(
      one(text, true)
        .map(({ key }) => key)
        .sort()
    ).toEqual(["Resiliency", "scopes"])
  })

  it("measures the outbound timeout by the component's own wait", () => {
    const both = (wait: string, timeout: string) =>
      one(
        `${component({ type: "pubsub.rabbitmq", values: { reconnectWaitSeconds: wait } })}\n---\n${resiliency({ outbound: "{ timeout: short }", timeout })}`
      ).map(({ key }) => key)
    expect(both("5s", "14s")).toEqual(["outbound.timeout"])
    expect(both("5s", "15s")).toEqual([])
    // Only RabbitMQ's component answers a publish that was cut off with success.
    expect(
      one(`${component({ type: "pubsub.kafka" })}\n---\n${resiliency({ outbound: "{ timeout: short }" })}`)
    ).toEqual([])
  })

  it("leaves other people's YAML alone", () => {
    expect(one("services:\n  redis:\n    image: redis:7\n", true)).toEqual([])
    expect(one("apiVersion: apps/v1\nkind: Deployment\nspec: {}\n", true)).toEqual([])
    expect(one("", true)).toEqual([])
    expect(one("--- \n# nothing\n...\n", true)).toEqual([])
  })

  it("fails for a path that is not there", async () => {
    const error = await Effect.runPromise(Effect.flip(lintPaths([`${dapr}/nowhere`])))
    expect(error.message).toContain("nowhere cannot be read")
  })

  it("gives findings or none for any text, and never fails", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 200 }), fc.boolean(), (text, complete) => {
        expect(Array.isArray(one(text, complete))).toBe(true)
      }),
      { numRuns: 500 }
    )
  })

  it("gives findings or none for any shape of a resource, and never fails", () => {
    const word = fc.oneof(
      fc.constantFrom(
        "name",
        "value",
        "spec",
        "metadata",
        "type",
        "version",
        "scopes",
        "auth",
        "targets",
        "policies",
        "components",
        "pubsub",
        "inbound",
        "retry",
        "__proto__",
        "constructor",
        "toString",
        "apps",
        "env"
      ),
      fc.constantFrom(...Object.keys(componentKeys)),
      fc.string({ maxLength: 8 })
    )
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5, depthSize: "medium" },
        word,
        fc.constantFrom(true, false, null, 0, -1, 1e308),
        fc.array(tie("tree"), { maxLength: 4 }),
        fc.array(fc.tuple(word, tie("tree")), { maxLength: 5 }).map((entries) => new Map(entries))
      )
    }))
    const plain = (value: unknown): unknown => {
      if (value instanceof Map)
        return [...value].map(([key, inner]) => `${JSON.stringify(key)}: ${String(plain(inner))}`)
      return value
    }
    const flow = (value: unknown): string => {
      if (value instanceof Map)
        return `{${[...value].map(([key, inner]) => `${JSON.stringify(key)}: ${flow(inner)}`).join(", ")}}`
      if (Array.isArray(value)) return `[${value.map(flow).join(", ")}]`
      return JSON.stringify(plain(value)) ?? "null"
    }
    const kind = fc.constantFrom("Component", "Resiliency", "Configuration", "Subscription")
    fc.assert(
      fc.property(tree, kind, fc.constantFrom("v1alpha1", "v2alpha1"), (value, name, version) => {
        const text = `apiVersion: dapr.io/${version}\nkind: ${name}\nmetadata: ${flow(value)}\nspec: ${flow(value)}\nscopes: ${flow(value)}\n`
        for (const finding of one(text, true)) expect(finding.why).not.toBe("")
        expect(Array.isArray(one(`version: 1\napps: ${flow(value)}\ncommon: ${flow(value)}\n`, true))).toBe(
          true
        )
      }),
      { numRuns: 1_000 }
    )
  })

  it("is not led astray by aliases", () => {
    const bomb = Array.from({ length: 28 }, (_, level) =>
      level === 0 ? "k0: &k0 [x, x]" : `k${level}: &k${level} [*k${level - 1}, *k${level - 1}]`
    )
    expect(one(["apiVersion: dapr.io/v1alpha1", "kind: Component", ...bomb].join("\n"))).not.toEqual([])
    expect(
      Array.isArray(one("apiVersion: dapr.io/v1alpha1\nkind: Component\nspec: &s { metadata: [*s] }\n"))
    ).toBe(true)
  })
})

describe("the keys of components", () => {
  it("are each of one kind", () => {
    for (const type of Object.keys(componentKeys)) {
      const keys = keysOf(type)
      expect([type, keys.filter((key, index) => keys.indexOf(key) !== index)]).toEqual([type, []])
      for (const group of componentKeys[type]?.required ?? [])
        for (const key of group) expect([type, key, keyFacts(type, key)]).not.toContain(undefined)
    }
  })

  it("are known wherever a rule names one", () => {
    for (const { key, type } of lossRules) expect([type, key, keyFacts(type, key)]).not.toContain(undefined)
  })

  it("are not those of every object", () => {
    expect(keyFacts("pubsub.rabbitmq", "toString")).toBeUndefined()
    expect(keyFacts("constructor", "name")).toBeUndefined()
  })
})

describe("durations", () => {
  it("are read as Go reads them", () => {
    expect(["200ms", "1m30s", "1.5h", "10", "-1s", "µs", "1", "", "1 s", "abc"].map(parseDuration)).toEqual([
      200,
      90_000,
      5_400_000,
      10_000,
      -1_000,
      undefined,
      1_000,
      undefined,
      undefined,
      undefined
    ])
  })
})
