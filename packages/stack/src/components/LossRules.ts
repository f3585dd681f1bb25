import { parseDuration } from "./Duration.ts"

/** A value of a component that loses data or deceives, by default or when set. */
export interface LossRule {
  readonly type: string
  readonly key: string
  /** Given the value, undefined when the key is absent, whether it is refused. */
  readonly refuse: (value: string | undefined) => boolean
  readonly why: string
  readonly instead?: string
}

const not =
  (...good: ReadonlyArray<string>) =>
  (value: string | undefined) =>
    value === undefined || !good.includes(value)
const is =
  (...bad: ReadonlyArray<string>) =>
  (value: string | undefined) =>
    value !== undefined && bad.includes(value)
const present = (value: string | undefined) => value !== undefined
const belowSeconds = (seconds: number) => (value: string | undefined) =>
  value === undefined || (parseDuration(value) ?? 0) < seconds * 1_000

const rabbitmq = "pubsub.rabbitmq"
const kafka = "pubsub.kafka"
const redis = "pubsub.redis"
const snssqs = "pubsub.aws.snssqs"

/** What was measured or read in components-contrib 1.16.0; one sentence each. */
export const lossRules: ReadonlyArray<LossRule> = [
  {
    type: rabbitmq,
    key: "requeueInFailure",
    refuse: not("true"),
    why: "By default a message whose handler failed, or that was prefetched when daprd stops, is dropped: 98 of 100 were lost by one SIGTERM.",
    instead: "true"
  },
  {
    type: rabbitmq,
    key: "deletedWhenUnused",
    refuse: not("false"),
    why: "By default the queue and all it holds are deleted when its last consumer leaves, and a quorum queue cannot be declared at all.",
    instead: "false"
  },
  {
    type: rabbitmq,
    key: "deliveryMode",
    refuse: not("2"),
    why: "By default messages are transient: a restart of the broker loses them from classic queues.",
    instead: "2"
  },
  {
    type: rabbitmq,
    key: "publisherConfirm",
    refuse: not("true"),
    why: "By default a publish is answered with success before the broker has the message.",
    instead: "true"
  },
  {
    type: rabbitmq,
    key: "durable",
    refuse: not("true"),
    why: "An exchange or queue that is not durable is gone after a restart of the broker; the documentation and the code name different defaults, so it has to be said.",
    instead: "true"
  },
  {
    type: rabbitmq,
    key: "autoAck",
    refuse: is("true"),
    why: "The broker forgets a message when it is sent, before any handler has seen it.",
    instead: "false"
  },
  {
    type: rabbitmq,
    key: "maxLen",
    refuse: present,
    why: "A full queue drops its oldest messages without a word; the argument also makes daprd's declaration differ from the queue there is."
  },
  {
    type: rabbitmq,
    key: "maxLenBytes",
    refuse: present,
    why: "A full queue drops its oldest messages without a word; the argument also makes daprd's declaration differ from the queue there is."
  },
  {
    type: rabbitmq,
    key: "ttlInSeconds",
    refuse: present,
    why: "A message that waits longer than this is dropped: an outage of a consumer becomes a loss."
  },
  {
    type: rabbitmq,
    key: "prefetchCount",
    refuse: not(...Array.from({ length: 255 }, (_, index) => String(index + 1))),
    why: "0, the default, takes the whole backlog into the sidecar's memory, and a number over 255 does not fit its one byte and stops daprd.",
    instead: "a number from 1 to 255"
  },
  {
    type: rabbitmq,
    key: "enableDeadLetter",
    refuse: is("true"),
    why: "Its exchange is only used for messages that are not requeued, and its argument makes daprd's declaration differ from the queue there is; dead letters go by the subscription's topic and the broker's policy."
  },
  {
    type: rabbitmq,
    key: "exchangeKind",
    refuse: (value) => value !== undefined && value !== "fanout",
    why: "Other exchanges drop what has no matching routing key, and the exchange that is declared beforehand is a fanout.",
    instead: "fanout"
  },
  {
    type: kafka,
    key: "initialOffset",
    refuse: not("oldest"),
    why: "By default a new consumer group starts at the newest message: what was published before its first subscription is never delivered.",
    instead: "oldest"
  },
  {
    type: kafka,
    key: "consumeRetryEnabled",
    refuse: not("true"),
    why: "Without it a failed message is skipped when a later one of its partition is committed; the documentation and the code name different defaults, so it has to be said.",
    instead: "true"
  },
  {
    type: redis,
    key: "maxLenApprox",
    refuse: present,
    why: "The stream is trimmed to this length whether its entries were read or not."
  },
  {
    type: redis,
    key: "streamTTL",
    refuse: present,
    why: "Entries older than this are trimmed whether they were read or not."
  },
  {
    type: redis,
    key: "processingTimeout",
    refuse: belowSeconds(30),
    why: "A message that takes longer is delivered again while it is still being handled, and 0 means never again after a crash; the component's description swaps it with redeliverInterval, so it has to be said.",
    instead: "60s"
  },
  {
    type: redis,
    key: "redeliverInterval",
    refuse: (value) => value === undefined || (parseDuration(value) ?? 0) <= 0,
    why: "It is how often messages of a crashed consumer are looked for, and 0 means never; the component's description swaps it with processingTimeout, so it has to be said.",
    instead: "15s"
  },
  {
    type: snssqs,
    key: "messageVisibilityTimeout",
    refuse: (value) => value === undefined || !(Number(value) >= 30),
    why: "By default a message is delivered again after 10 seconds, while a slow handler still works on it.",
    instead: "60"
  },
  {
    type: "state.cassandra",
    key: "consistency",
    refuse: not("Quorum", "LocalQuorum", "EachQuorum"),
    why: "The default, All, fails while one node is down, and levels below a quorum lose writes that were confirmed.",
    instead: "Quorum"
  },
  {
    type: "state.cassandra",
    key: "replicationFactor",
    refuse: (value) => value === undefined || !(Number(value) >= 2),
    why: "The default keeps one copy: the loss of a node is the loss of its state.",
    instead: "3"
  },
  {
    type: "state.mongodb",
    key: "writeconcern",
    refuse: not("majority"),
    why: "A write that a majority has not acknowledged is rolled back when the primary changes.",
    instead: "majority"
  },
  {
    type: "state.mongodb",
    key: "readconcern",
    refuse: is("available", "local"),
    why: "It reads what may be rolled back.",
    instead: "majority"
  },
  {
    type: "state.redis",
    key: "ttlInSeconds",
    refuse: present,
    why: "Every item of the store expires after this, whether it was given a time to live or not."
  },
  {
    type: "state.redis",
    key: "redisMaxRetries",
    refuse: is("-1", "0"),
    why: "The first connection that Redis closes becomes an error of the application.",
    instead: "3"
  },
  {
    type: "state.aws.dynamodb",
    key: "ttlAttributeName",
    refuse: (value) => value === undefined || value === "",
    why: "Without it a time to live is accepted and ignored: such items stay for ever.",
    instead: "expiresAt"
  },
  {
    type: "state.sqlite",
    key: "connectionString",
    refuse: (value) => value !== undefined && /:memory:|mode=memory/.test(value),
    why: "A database in memory ends with daprd.",
    instead: "a path"
  },
  {
    type: "bindings.aws.s3",
    key: "decodeBase64",
    refuse: not("true"),
    why: "By default the stored object is the Base64 text of the bytes, not the bytes.",
    instead: "true"
  },
  {
    type: "bindings.aws.s3",
    key: "encodeBase64",
    refuse: not("true"),
    why: "By default bytes that are no text come back changed.",
    instead: "true"
  },
  {
    type: "bindings.aws.s3",
    key: "insecureSSL",
    refuse: is("true"),
    why: "Certificates are not verified: objects can be read and changed on their way."
  }
]

/** Keys that look right and are not read: the reason is more than "unknown". */
export const misleadingKeys: Readonly<
  Record<string, Readonly<Record<string, { readonly why: string; readonly instead: string }>>>
> = {
  [rabbitmq]: {
    concurrency: {
      why: "The component never reads it, though its own description names it: with concurrency single, 20 messages were handled at once.",
      instead: "concurrencyMode"
    },
    reconnectWait: {
      why: "It is not a key of the component; the wait stays at 3 seconds.",
      instead: "reconnectWaitSeconds"
    },
    host: {
      why: "It is deprecated and only used when connectionString is empty.",
      instead: "connectionString"
    }
  },
  [kafka]: {
    authRequired: {
      why: "It is deprecated and only used when authType is absent.",
      instead: "authType"
    }
  },
  "state.redis": {
    maxRetries: { why: "It is an old name that newer versions drop.", instead: "redisMaxRetries" },
    maxRetryBackoff: {
      why: "It is an old name whose number means nanoseconds.",
      instead: "redisMinRetryInterval"
    }
  }
}
