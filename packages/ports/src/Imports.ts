import type { ImportParams } from "@influscope/domain/api/ImportsApi"
import type { ImportJob } from "@influscope/domain/Imports"
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Stream from "effect/Stream"
import type { StorageError } from "./StorageError.ts"

/** The parameters contradict each other or name what does not exist; nothing was stored. */
export class ImportRefused extends Data.TaggedError("ImportRefused")<{
  readonly parameter: string
  readonly detail: string
}> {}

/** The file is larger than this instance takes; nothing was kept. */
export class ImportTooLarge extends Data.TaggedError("ImportTooLarge")<{ readonly limitBytes: number }> {}

/** More imports are waiting than this instance holds: send it again later. */
export class ImportsBusy extends Data.TaggedError("ImportsBusy")<{ readonly waiting: number }> {}

/** The sender stopped in the middle; nothing was kept. */
export class UploadBroken extends Data.TaggedError("UploadBroken")<{ readonly cause: unknown }> {}

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
