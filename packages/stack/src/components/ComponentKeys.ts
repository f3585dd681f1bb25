/**
 * What each component of components-contrib 1.16.0 (the version inside daprd 1.16.0) reads: the keys of its
 * `metadata.yaml` and those only its code knows. daprd ignores a key it does not know without a word, and takes
 * everything that is not "true" as false.
 */
export interface ComponentKeys {
  readonly versions: ReadonlyArray<string>
  readonly text?: ReadonlyArray<string>
  /** Text that must never stand in a file. */
  readonly secret?: ReadonlyArray<string>
  readonly bool?: ReadonlyArray<string>
  /** Whole numbers, with the largest there may be. */
  readonly whole?: Readonly<Record<string, number>>
  /** "200ms", "1m30s", or a number (seconds; milliseconds for Redis). */
  readonly duration?: ReadonlyArray<string>
  readonly oneOf?: Readonly<Record<string, ReadonlyArray<string>>>
  /** Of each group one must be there. */
  readonly required?: ReadonlyArray<ReadonlyArray<string>>
}

const int32 = 2_147_483_647
const byte = 255

/** Keys of every component of a building block, read by daprd itself. */
export const ofBlock: Readonly<Record<string, Omit<ComponentKeys, "versions">>> = {
  pubsub: {
    text: ["consumerID", "publishingScopes", "subscriptionScopes", "allowedTopics", "protectedTopics"]
  },
  state: {
    text: ["keyPrefix", "outboxPublishPubsub", "outboxPublishTopic", "outboxPubsub"],
    secret: ["primaryEncryptionKey", "secondaryEncryptionKey"],
    bool: ["actorStateStore", "outboxDiscardWhenMissingState"]
  },
  bindings: { text: ["direction", "route"] }
}

const aws = {
  text: ["region", "awsRegion", "assumeRoleArn", "sessionName", "trustAnchorArn", "trustProfileArn"],
  secret: ["accessKey", "secretKey", "sessionToken", "awsAccessKey", "awsSecretKey", "awsSessionToken"]
}

const azure = ["azureTenantId", "azureClientId", "azureEnvironment"]
const azureSecret = ["azureClientSecret", "azureCertificate", "azureCertificatePassword"]

const redis = {
  text: ["redisHost", "redisUsername", "sentinelUsername", "sentinelMasterName", "clientCert", ...azure],
  secret: ["redisPassword", "sentinelPassword", "clientKey", ...azureSecret],
  bool: ["enableTLS", "failover", "useEntraID", "useAzureAD"],
  whole: { redisDB: int32, redisMaxRetries: int32, poolSize: int32, minIdleConns: int32 },
  duration: [
    "redisMinRetryInterval",
    "redisMaxRetryInterval",
    "dialTimeout",
    "readTimeout",
    "writeTimeout",
    "poolTimeout",
    "maxConnAge",
    "idleTimeout",
    "idleCheckFrequency"
  ],
  oneOf: { redisType: ["node", "cluster"] },
  required: [["redisHost"]]
}

const postgresql = {
  text: ["host", "hostaddr", "port", "database", "user", "sslRootCert", ...aws.text, ...azure],
  secret: ["connectionString", "url", "password", ...aws.secret, ...azureSecret],
  bool: ["useAzureAD", "useAWSIAM"],
  whole: { maxConns: int32 },
  duration: ["timeout", "timeoutInSeconds", "connectionMaxIdleTime"],
  oneOf: {
    queryExecMode: ["cache_statement", "cache_describe", "describe_exec", "exec", "simple_protocol"]
  },
  required: [["connectionString", "url", "host"]]
}

/** By component type. A type that is not here cannot be checked and is refused. */
export const componentKeys: Readonly<Record<string, ComponentKeys>> = {
  "pubsub.rabbitmq": {
    versions: ["v1"],
    text: ["hostname", "username", "caCert", "clientCert", "clientName"],
    secret: ["connectionString", "password", "clientKey"],
    bool: [
      "durable",
      "publisherConfirm",
      "enableDeadLetter",
      "autoAck",
      "deletedWhenUnused",
      "requeueInFailure",
      "saslExternal",
      "publishMessagePropertiesToMetadata"
    ],
    whole: {
      maxLen: Number.MAX_SAFE_INTEGER,
      maxLenBytes: Number.MAX_SAFE_INTEGER,
      prefetchCount: byte,
      deliveryMode: 2
    },
    duration: ["reconnectWaitSeconds", "heartBeat", "ttlInSeconds"],
    oneOf: {
      protocol: ["amqp", "amqps"],
      exchangeKind: ["fanout", "topic", "direct", "headers"],
      concurrencyMode: ["parallel", "single"]
    },
    required: [["connectionString", "hostname"]]
  },
  "pubsub.kafka": {
    versions: ["v1"],
    text: [
      "brokers",
      "consumerGroup",
      "clientID",
      "version",
      "schemaRegistryURL",
      "excludeHeaderMetaRegex",
      "saslUsername",
      "oidcTokenEndpoint",
      "oidcClientID",
      "oidcScopes",
      "oidcExtensions",
      "caCert",
      "clientCert",
      "awsIamRoleArn",
      "awsStsSessionName",
      ...aws.text
    ],
    secret: [
      "saslPassword",
      "oidcClientSecret",
      "clientKey",
      "schemaRegistryAPIKey",
      "schemaRegistryAPISecret",
      ...aws.secret
    ],
    bool: [
      "consumeRetryEnabled",
      "skipVerify",
      "disableTls",
      "schemaCachingEnabled",
      "escapeHeaders",
      "useAvroJSON"
    ],
    whole: {
      maxMessageBytes: int32,
      channelBufferSize: int32,
      consumerFetchMin: int32,
      consumerFetchDefault: int32
    },
    duration: [
      "consumeRetryInterval",
      "heartbeatInterval",
      "sessionTimeout",
      "clientConnectionTopicMetadataRefreshInterval",
      "clientConnectionKeepAliveInterval",
      "schemaLatestVersionCacheTTL"
    ],
    oneOf: {
      authType: ["none", "password", "oidc", "mtls", "certificate", "awsiam"],
      initialOffset: ["oldest", "newest"],
      saslMechanism: ["SHA-512", "SHA-256", "PLAINTEXT"],
      compression: ["none", "gzip", "snappy", "lz4", "zstd"],
      consumerGroupRebalanceStrategy: ["range", "sticky", "roundrobin"]
    },
    required: [["brokers"], ["authType"]]
  },
  "pubsub.redis": {
    ...redis,
    versions: ["v1"],
    whole: { ...redis.whole, queueDepth: int32, concurrency: int32, maxLenApprox: Number.MAX_SAFE_INTEGER },
    duration: [...redis.duration, "redeliverInterval", "processingTimeout", "streamTTL"]
  },
  "pubsub.aws.snssqs": {
    versions: ["v1"],
    text: ["endpoint", "sqsDeadLettersQueueName", "fifoMessageGroupID", "accountId", ...aws.text],
    secret: aws.secret,
    bool: ["fifo", "disableEntityManagement", "disableDeleteOnRetryLimit"],
    whole: {
      messageVisibilityTimeout: 43_200,
      messageReceiveLimit: int32,
      messageRetryLimit: int32,
      messageWaitTimeSeconds: 20,
      messageMaxNumber: 10,
      assetsManagementTimeoutSeconds: int32,
      concurrencyLimit: int32
    },
    oneOf: { concurrencyMode: ["parallel", "single"] },
    required: [["region", "awsRegion"]]
  },
  "pubsub.in-memory": { versions: ["v1"] },
  "state.postgresql": {
    ...postgresql,
    versions: ["v2"],
    text: [...postgresql.text, "tablePrefix", "metadataTableName"],
    duration: [...postgresql.duration, "cleanupInterval", "cleanupIntervalInSeconds"]
  },
  "state.redis": {
    ...redis,
    versions: ["v1"],
    text: [...redis.text, "queryIndexes"],
    whole: {
      ...redis.whole,
      ttlInSeconds: int32,
      maxRetries: int32,
      maxRetryBackoff: Number.MAX_SAFE_INTEGER
    },
    duration: [...redis.duration, "redeliverInterval", "processingTimeout"]
  },
  "state.mysql": {
    versions: ["v1"],
    text: ["schemaName", "tableName", "metadataTableName", "pemPath"],
    secret: ["connectionString"],
    whole: { timeoutInSeconds: int32 },
    duration: ["cleanupInterval"],
    required: [["connectionString"]]
  },
  "state.mongodb": {
    versions: ["v1"],
    text: ["server", "host", "username", "databaseName", "collectionName", "writeconcern", "params"],
    secret: ["connectionString", "password"],
    duration: ["operationTimeout"],
    oneOf: { readconcern: ["available", "local", "linearizable", "majority", "snapshot"] },
    required: [["server", "host", "connectionString"]]
  },
  "state.cassandra": {
    versions: ["v1"],
    text: ["hosts", "username", "table", "keyspace"],
    secret: ["password"],
    bool: ["enableHostVerification"],
    whole: { port: 65_535, protoVersion: 5, replicationFactor: int32 },
    oneOf: {
      consistency: ["Any", "One", "Two", "Three", "Quorum", "All", "LocalQuorum", "EachQuorum", "LocalOne"]
    },
    required: [["hosts"]]
  },
  "state.aws.dynamodb": {
    versions: ["v1"],
    text: ["table", "endpoint", "ttlAttributeName", "partitionKey", ...aws.text],
    secret: aws.secret,
    required: [["table"], ["region", "awsRegion"]]
  },
  "state.sqlite": {
    versions: ["v1"],
    text: ["connectionString", "url", "tableName", "metadataTableName"],
    bool: ["disableWAL"],
    duration: ["timeout", "timeoutInSeconds", "busyTimeout", "cleanupInterval", "cleanupIntervalInSeconds"],
    required: [["connectionString", "url"]]
  },
  "state.in-memory": { versions: ["v1"] },
  "bindings.aws.s3": {
    versions: ["v1"],
    text: ["bucket", "endpoint", "filePath", "presignTTL", "storageClass", ...aws.text],
    secret: aws.secret,
    bool: ["forcePathStyle", "decodeBase64", "encodeBase64", "disableSSL", "insecureSSL"],
    required: [["bucket"], ["region", "awsRegion"]]
  },
  "configuration.redis": { ...redis, versions: ["v1"] },
  "configuration.postgresql": {
    ...postgresql,
    versions: ["v1"],
    text: [...postgresql.text, "table"],
    duration: [...postgresql.duration, "connMaxIdleTime"],
    required: [...postgresql.required, ["table"]]
  },
  "secretstores.local.file": {
    versions: ["v1"],
    text: ["secretsFile", "nestedSeparator"],
    bool: ["multiValued"],
    required: [["secretsFile"]]
  },
  "secretstores.local.env": { versions: ["v1"], text: ["prefix"] },
  "secretstores.kubernetes": { versions: ["v1"], text: ["kubeconfigPath", "defaultNamespace"] },
  "secretstores.aws.secretmanager": {
    versions: ["v1"],
    text: ["endpoint", ...aws.text],
    secret: aws.secret,
    bool: ["multipleKeyValuesPerSecret"],
    required: [["region", "awsRegion"]]
  }
}

export type ValueKind = "text" | "secret" | "bool" | "whole" | "duration" | "oneOf"

export interface KeyFacts {
  readonly kind: ValueKind
  readonly max?: number
  readonly values?: ReadonlyArray<string>
}

/** A key of a file may be called like something that every object has. */
export const own = <A>(record: Readonly<Record<string, A>> | undefined, key: string): A | undefined =>
  record !== undefined && Object.hasOwn(record, key) ? record[key] : undefined

const factsIn = (key: string, keys: Omit<ComponentKeys, "versions">): KeyFacts | undefined => {
  const max = own(keys.whole, key)
  const values = own(keys.oneOf, key)
  if (max !== undefined) return { kind: "whole", max }
  if (values !== undefined) return { kind: "oneOf", values }
  for (const kind of ["secret", "bool", "duration", "text"] as const)
    if (keys[kind]?.includes(key) === true) return { kind }
  return undefined
}

/** What a component of a type does with a key; undefined when it never looks at it. */
export const keyFacts = (type: string, key: string): KeyFacts | undefined => {
  const ofType = own(componentKeys, type)
  const common = own(ofBlock, type.split(".")[0] ?? "")
  return (ofType && factsIn(key, ofType)) ?? (common && factsIn(key, common))
}

/** Every key of a type, as written. */
export const keysOf = (type: string): ReadonlyArray<string> => {
  const block = type.split(".")[0] ?? ""
  return [own(componentKeys, type), own(ofBlock, block)].flatMap((keys) =>
    keys === undefined
      ? []
      : [
          ...(keys.text ?? []),
          ...(keys.secret ?? []),
          ...(keys.bool ?? []),
          ...(keys.duration ?? []),
          ...Object.keys(keys.whole ?? {}),
          ...Object.keys(keys.oneOf ?? {})
        ]
  )
}
