import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Unmet } from "@influscope/testing/Checks"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { parse } from "yaml"
import type { Manifest, Overlay } from "./Manifests.ts"

const source = join(import.meta.dirname, "..", "..", "dapr", "components")

const Item = Schema.Struct({
  name: Schema.String,
  value: Schema.optional(Schema.String),
  secretKeyRef: Schema.optional(Schema.Struct({ name: Schema.String, key: Schema.String }))
})
const Component = Schema.Struct({
  kind: Schema.Literal("Component"),
  metadata: Schema.Struct({ name: Schema.String }),
  spec: Schema.Struct({ type: Schema.String, version: Schema.String, metadata: Schema.Array(Item) }),
  scopes: Schema.Array(Schema.String)
})
type Component = typeof Component.Type

const decode = Schema.decodeUnknown(Component)

/** The file of each component. */
const filesOf = (overlay: Overlay): ReadonlyArray<string> => [
  "cache/redis",
  "configuration/redis",
  overlay === "local" ? "objects/minio" : "objects/s3",
  "pubsub/rabbitmq",
  "state/postgresql"
]

/** ElastiCache speaks TLS alone. */
const managedKeys = (overlay: Overlay, { spec }: Component) =>
  overlay === "eks-managed" && /^(state|configuration)\.redis$/.test(spec.type)
    ? [{ name: "enableTLS", value: "true" }]
    : []

/** Whatever order the keys are in. */
const shown = (
  { metadata, scopes, spec: { metadata: keys, type, version } }: Component,
  more: ReadonlyArray<typeof Item.Type> = []
): string =>
  [
    `${metadata.name}: ${type} ${version} of ${scopes.join(", ")} with`,
    ...[...keys, ...more]
      .map(
        ({ name, secretKeyRef, value }) => `${name}=${value ?? `${secretKeyRef?.name}/${secretKeyRef?.key}`}`
      )
      .sort()
  ].join(" ")

/** That the components of an overlay are those of dapr/components, key by key, but for what a managed store needs. */
export const compare = (overlay: Overlay, manifests: ReadonlyArray<Manifest>) =>
  Effect.gen(function* () {
    const found = yield* Effect.forEach(
      manifests.filter(({ kind }) => kind === "Component"),
      (one) => decode(one)
    )
    const wanted = yield* Effect.forEach(filesOf(overlay), (name) =>
      decode(parse(readFileSync(join(source, `${name}.yaml`), "utf8")))
    )
    const [have, want] = [
      found.map((one) => shown(one)).sort(),
      wanted.map((one) => shown(one, managedKeys(overlay, one))).sort()
    ]
    const stray = [...have.filter((one) => !want.includes(one)), ...want.filter((one) => !have.includes(one))]
    if (stray.length > 0) return yield* new Unmet({ why: stray.join("\n") })
  })
