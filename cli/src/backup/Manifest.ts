import { readFile, writeFile } from "node:fs/promises"
import { isAbsolute, join } from "node:path"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { manifestName } from "./Layout.ts"

const isBelow = (path: string): boolean => !isAbsolute(path) && !path.split("/").includes("..")

const BackedUpFile = Schema.Struct({
  /** Below the data directory. */
  path: Schema.String.pipe(Schema.filter(isBelow)),
  bytes: Schema.Int,
  sha256: Schema.String
})
export type BackedUpFile = typeof BackedUpFile.Type

/** What a backup has, and of when. */
export const Manifest = Schema.Struct({
  format: Schema.Literal(1),
  /** Of the program that wrote it. */
  version: Schema.String,
  /** The moment that everything in it is of. */
  at: Schema.Date,
  files: Schema.Array(BackedUpFile)
})
export type Manifest = typeof Manifest.Type

const encode = Schema.encodeSync(Schema.parseJson(Manifest))
const decode = Schema.decodeUnknown(Schema.parseJson(Manifest))

export const writeManifest = (backup: string, manifest: Manifest) =>
  Effect.tryPromise(() => writeFile(join(backup, manifestName), encode(manifest), { flush: true }))

/** Fails when there is none, or not one of this format. */
export const readManifest = (backup: string) =>
  Effect.flatMap(
    Effect.tryPromise(() => readFile(join(backup, manifestName), "utf8")),
    decode
  )
