/**
 * Prints the Secrets of the overlay `local`, with passwords made up now, once for a cluster:
 *   influscope token --subject ada --tenant acme --scope "profiles:read profiles:write"   # makes the key, prints a token
 *   bun k8s/overlays/local/secrets.ts .influscope/keys/tokens.pem | kubectl apply -n influscope -f -
 * The key's public half alone gets into the cluster.
 */
import { createPublicKey, randomBytes } from "node:crypto"
import { readFileSync } from "node:fs"

const [keyFile] = process.argv.slice(2)
if (keyFile === undefined)
  throw new Error("say which key tokens are checked with: .influscope/keys/tokens.pem")

const user = "influscope"
const made = () => randomBytes(24).toString("hex")
const passwords = { elasticsearch: made(), postgresql: made(), rabbitmq: made(), redis: made(), s3: made() }
const database = `postgresql://${user}:${passwords.postgresql}@postgresql:5432/${user}`

const secrets: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  access: { keys: createPublicKey(readFileSync(keyFile)).export({ type: "spki", format: "pem" }).toString() },
  "app-api-token": { token: made() },
  "dapr-api-token": { token: made() },
  elasticsearch: { username: "elastic", password: passwords.elasticsearch },
  messages: { secret: made() },
  postgresql: { password: passwords.postgresql, connectionString: database, url: database },
  rabbitmq: {
    username: user,
    password: passwords.rabbitmq,
    cookie: made(),
    url: `amqp://${user}:${passwords.rabbitmq}@rabbitmq:5672`,
    managementUrl: `http://${user}:${passwords.rabbitmq}@rabbitmq:15672`
  },
  redis: { host: "redis:6379", password: passwords.redis },
  s3: {
    bucket: user,
    region: "us-east-1",
    endpoint: "http://minio:9000",
    accessKey: user,
    secretKey: passwords.s3
  }
}

const list = {
  apiVersion: "v1",
  kind: "List",
  items: Object.entries(secrets).map(([name, stringData]) => ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name },
    stringData
  }))
}
process.stdout.write(`${JSON.stringify(list, undefined, 2)}\n`)
