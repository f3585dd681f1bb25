import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { parse } from "yaml"
import type { ServerRecipe, Where } from "./Server.ts"

/** The same servers as containers, with the same ports, users and databases. */
export const composeFile = fileURLToPath(new URL("../../../dapr/compose.yaml", import.meta.url))

/** "5s", "2m": what the file uses of compose's durations. */
const ComposeDuration = Schema.transform(
  Schema.TemplateLiteral(Schema.Number, Schema.Literal("s", "m")),
  Schema.DurationFromSelf,
  {
    strict: true,
    decode: (text) => Duration.seconds(Number.parseInt(text, 10) * (text.endsWith("m") ? 60 : 1)),
    encode: (duration): `${number}s` => `${Duration.toSeconds(duration)}s`
  }
)

const Words = Schema.optionalWith(Schema.Array(Schema.String), { default: () => [] })

/** A service of the file, as far as it is used here. */
export const Service = Schema.Struct({
  image: Schema.String,
  hostname: Schema.optional(Schema.String),
  user: Schema.optional(Schema.String),
  entrypoint: Words,
  command: Words,
  environment: Schema.optionalWith(Schema.Record({ key: Schema.String, value: Schema.String }), {
    default: () => ({})
  }),
  ulimits: Schema.optionalWith(Schema.Record({ key: Schema.String, value: Schema.Number }), {
    default: () => ({})
  }),
  configs: Schema.optionalWith(
    Schema.Array(Schema.Struct({ source: Schema.String, target: Schema.String })),
    {
      default: () => []
    }
  ),
  /** "127.0.0.1:<port of this machine>:<port of the container>" */
  ports: Schema.Array(Schema.String),
  /** "<name>:<directory of the container>" */
  volumes: Words,
  profiles: Words,
  healthcheck: Schema.Struct({
    test: Schema.NonEmptyArray(Schema.String),
    interval: ComposeDuration,
    timeout: ComposeDuration,
    retries: Schema.Number,
    start_period: Schema.optionalWith(ComposeDuration, { default: () => Duration.zero })
  })
})
export type Service = typeof Service.Type

const ComposeFile = Schema.Struct({
  services: Schema.Record({ key: Schema.String, value: Service }),
  configs: Schema.Record({ key: Schema.String, value: Schema.Struct({ content: Schema.String }) }),
  volumes: Schema.Record({ key: Schema.String, value: Schema.Unknown })
})

/** What the file says; throws when it is not as expected. */
export const readComposeFile = (): typeof ComposeFile.Type =>
  Schema.decodeUnknownSync(ComposeFile)(parse(readFileSync(composeFile, "utf8"), { merge: true }))

/** Where a container is another server than the native one. */
const insteadOf: Readonly<Record<string, string>> = { secantusdb: "mongodb" }

/** The name of the service that stands for a native server. */
export const serviceOf = (name: string): string => insteadOf[name] ?? name

/** The variables with which a server's container is reached. */
export const containerEnvironment = (
  recipe: ServerRecipe,
  where: Where
): Readonly<Record<string, string>> => ({
  ...recipe.environment(where),
  ...(serviceOf(recipe.name) === "mongodb"
    ? { MONGODB_PARAMS: "?replicaSet=influscope&directConnection=true" }
    : {})
})
