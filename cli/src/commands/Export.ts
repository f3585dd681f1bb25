import { gzipSync } from "node:zlib"
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as FileSystem from "@effect/platform/FileSystem"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { SearchParams } from "@influscope/domain/api/SearchApi"
import { ExportEnd } from "@influscope/domain/Export"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { ApiClient, ApiClientLive } from "../ApiClient.ts"
import { CliError } from "../CliError.ts"
import { plainArg } from "../CommonOptions.ts"
import { print } from "../Output.ts"
import { progress } from "../Progress.ts"
import { counted, oneLine } from "../Text.ts"

const file = plainArg("file").pipe(
  Args.withDescription("The file to write, JSON Lines; gzipped when its name ends in .gz.")
)

const notWritten = (path: string, why: string) =>
  new CliError({
    what: `${oneLine(path)} was not written.`,
    likelyCause: why,
    todo: "Look at the directory and its free space, and export again."
  })

/** Pieces that are compressed together: a few MB. The parts of a gzip file may simply follow each other. */
const piecesAtOnce = 64

const gzip = <E>(bytes: Stream.Stream<Uint8Array, E>): Stream.Stream<Uint8Array, E> =>
  bytes.pipe(
    Stream.rechunk(piecesAtOnce),
    Stream.chunks,
    Stream.map((pieces) => gzipSync(Buffer.concat(Chunk.toReadonlyArray(pieces))))
  )

const countOnly = Schema.decodeSync(SearchParams)({ limit: "1" })

const parseEnd = Schema.decodeUnknownOption(Schema.parseJson(ExportEnd))

/** Everything goes into a file beside it first: a name that is there stands for a whole export. */
export const exportProfiles = Command.make("export", { file }, (given) =>
  Effect.gen(function* () {
    const { http, search } = yield* ApiClient
    const fs = yield* FileSystem.FileSystem
    const bar = yield* progress("Exporting")
    const { total } = yield* search.search({ urlParams: countOnly })
    const response = yield* http.execute(HttpClientRequest.get("/v1/export"))
    const partial = `${given.file}.partial`
    let lines = 0
    let bytes = 0
    let ending = ""
    const watched = response.stream.pipe(
      Stream.tap((piece) => {
        for (const byte of piece) if (byte === 10) lines++
        bytes += piece.length
        ending = (ending + Buffer.from(piece).toString("utf8")).slice(-200)
        return bar.update(total === 0 ? 0 : Math.min(0.99, lines / total), `${Math.round(bytes / 1e6)} MB`)
      })
    )
    yield* Stream.run(given.file.endsWith(".gz") ? gzip(watched) : watched, fs.sink(partial)).pipe(
      Effect.mapError((error) => notWritten(given.file, String(error))),
      Effect.onError(() => Effect.ignore(fs.remove(partial)))
    )
    const end = parseEnd(ending.trimEnd().split("\n").at(-1))
    if (Option.isNone(end)) {
      yield* Effect.ignore(fs.remove(partial))
      return yield* notWritten(given.file, "The instance broke off in the middle; its log says why.")
    }
    yield* fs.rename(partial, given.file)
    yield* print(
      `Exported ${counted(end.value.statements, "statement")} into ${oneLine(given.file)}. Elsewhere: influscope import ${oneLine(given.file)}`
    )
  }).pipe(Effect.scoped, Effect.provide(ApiClientLive))
).pipe(
  Command.withDescription(
    "Write everything into a file that import reads: figures with their sources and times, avatars."
  )
)
