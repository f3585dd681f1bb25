import type { ImportParams } from "@influscope/domain/api/ImportsApi"
import type { ImportJob } from "@influscope/domain/Imports"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Stream from "effect/Stream"
import type { StorageError } from "./StorageError.ts"

/** The parameters contradict each other or name what does not exist; nothing was stored. */
export class ImportRefused extends Schema.TaggedError<ImportRefused>()("ImportRefused", {
  parameter: Schema.String,
  detail: Schema.String
}) {}

/** The file is larger than this instance takes; nothing was kept. */
export class ImportTooLarge extends Schema.TaggedError<ImportTooLarge>()("ImportTooLarge", {
  limitBytes: Schema.Number
}) {}

/** More imports are waiting than this instance holds: send it again later. */
export class ImportsBusy extends Schema.TaggedError<ImportsBusy>()("ImportsBusy", {
  waiting: Schema.Number
}) {}

/** The sender stopped in the middle; nothing was kept. */
export class UploadBroken extends Schema.TaggedError<UploadBroken>()("UploadBroken", {
  cause: Schema.Defect
}) {}

/** Imports of files. A file that `submit` has answered for is durable: its import goes on after any restart. */
export class Imports extends Context.Tag("@influscope/ports/Imports")<
  Imports,
  {
    readonly submit: <E>(
      params: ImportParams,
      bytes: Stream.Stream<Uint8Array, E>
    ) => Effect.Effect<ImportJob, ImportRefused | ImportTooLarge | ImportsBusy | UploadBroken | StorageError>
    readonly get: (id: string) => Effect.Effect<Option.Option<ImportJob>, StorageError>
    /** The latest hundred, newest first. */
    readonly list: Effect.Effect<ReadonlyArray<ImportJob>, StorageError>
  }
>() {}
