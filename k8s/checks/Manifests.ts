import { join } from "node:path"
import * as Shell from "@influscope/stack/Shell"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { parseAllDocuments } from "yaml"
import { kubernetes } from "./Tools.ts"

const root = join(import.meta.dirname, "..")

export const overlays = ["local", "eks", "eks-managed"] as const
export type Overlay = (typeof overlays)[number]

/** What every manifest has; the rest of it is kept as it is. */
const Manifest = Schema.Struct(
  {
    apiVersion: Schema.String,
    kind: Schema.String,
    metadata: Schema.Struct({ name: Schema.String }, { key: Schema.String, value: Schema.Unknown })
  },
  { key: Schema.String, value: Schema.Unknown }
)
export type Manifest = typeof Manifest.Type

export interface Rendered {
  readonly text: string
  readonly manifests: ReadonlyArray<Manifest>
}

export const parsed = (text: string) =>
  Schema.decodeUnknown(Schema.Array(Manifest))(
    parseAllDocuments(text).map((document): unknown => document.toJS())
  )

/** What kustomize makes of a directory below k8s/. */
export const render = (directory: string) =>
  Effect.gen(function* () {
    const programs = yield* kubernetes
    const text = yield* Shell.run([join(programs, "kubectl"), "kustomize", join(root, directory)])
    return { text, manifests: yield* parsed(text) } satisfies Rendered
  })
