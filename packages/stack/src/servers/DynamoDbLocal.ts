import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import { install } from "../Cache.ts"
import { findJava, jars, java } from "../Java.ts"
import { ServerFailed, type ServerRecipe, type Where } from "../Server.ts"
import { RequestFailed, signedFetch } from "../SignedFetch.ts"
import { logPath } from "../Supervisor.ts"

const version = "2.6.1"
const serverSource = fileURLToPath(new URL("dynamodb/LoopbackServer.java", import.meta.url))
const suits = (feature: number): boolean => feature >= 17
/** It checks no signature; both of Amazon's stand-ins share these. */
const accessKey = "influscope"
const secretKey = "influscope"
const table = "influscope-state"

const endpointOf = ({ ports }: Where): string => `http://127.0.0.1:${ports["dynamodb"] ?? 0}`

/** One operation of DynamoDB's interface. */
export const dynamoDb = (where: Where, operation: string, input: unknown) =>
  signedFetch({
    method: "POST",
    url: `${endpointOf(where)}/`,
    service: "dynamodb",
    accessKey,
    secretKey,
    headers: {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": `DynamoDB_20120810.${operation}`
    },
    body: JSON.stringify(input)
  })

/** Dapr does not make its table. */
const makeTable = (where: Where): Effect.Effect<void, ServerFailed> =>
  dynamoDb(where, "CreateTable", {
    TableName: table,
    KeySchema: [{ AttributeName: "key", KeyType: "HASH" }],
    AttributeDefinitions: [{ AttributeName: "key", AttributeType: "S" }],
    BillingMode: "PAY_PER_REQUEST"
  }).pipe(
    Effect.filterOrFail(
      ({ body, status }) => status === 200 || body.includes("ResourceInUseException"),
      ({ body, status }) => new RequestFailed({ why: `it answered ${status}: ${body.slice(0, 300)}` })
    ),
    Effect.mapError(
      ({ why }) =>
        new ServerFailed({
          server: "dynamodb",
          why: `the table ${table} cannot be made: ${why}`,
          log: logPath(where.directory)
        })
    ),
    Effect.asVoid
  )

const compile = (directory: string) =>
  Effect.flatMap(java("dynamodb", suits, true), (home) =>
    install("dynamodb", "install a JDK 17 or later and set JAVA_HOME to it", [
      join(home, "bin", "javac"),
      "--release",
      "17",
      "-cp",
      join(directory, "lib", "*"),
      "-d",
      directory,
      serverSource
    ])
  )

/** DynamoDB Local from Maven Central: Amazon's own emulator on SQLite, with Dapr's table. */
export const dynamodb: ServerRecipe = {
  name: "dynamodb",
  version,
  purpose: "Dapr's state where a profile says so (Amazon's emulator)",
  ports: { dynamodb: 18_000 },
  install: Effect.zipRight(
    java("dynamodb", suits),
    jars("dynamodb", version, [`com.amazonaws:DynamoDBLocal:${version}`], compile)
  ),
  prepare: (where) => Effect.sync(() => mkdirSync(join(where.directory, "data"), { recursive: true })),
  command: (where) => {
    const library = join(where.program, "lib")
    return {
      argv: [
        join(findJava(suits) ?? "", "bin", "java"),
        "-Xmx256m",
        "-XX:-UsePerfData",
        `-Djava.library.path=${library}`,
        "-cp",
        `${where.program}:${join(library, "*")}`,
        "LoopbackServer",
        "-sharedDb",
        "-dbPath",
        join(where.directory, "data"),
        "-port",
        String(where.ports["dynamodb"] ?? 0),
        "-disableTelemetry"
      ]
    }
  },
  ready: (where) =>
    dynamoDb(where, "ListTables", {}).pipe(
      Effect.map(({ status }) => status === 200),
      Effect.orElseSucceed(() => false)
    ),
  afterStart: makeTable,
  startTimeout: "60 seconds",
  stopTimeout: "20 seconds",
  environment: (where) => ({
    DYNAMODB_ENDPOINT: endpointOf(where),
    DYNAMODB_TABLE: table,
    AWS_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: accessKey,
    AWS_SECRET_ACCESS_KEY: secretKey
  })
}
