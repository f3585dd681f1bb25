import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import { ImportParams } from "@influscope/domain/api/ImportsApi"
import { DiscoveryJob, DiscoveryParams } from "@influscope/domain/api/OperationsApi"
import { BatchAccepted, GivenProfiles } from "@influscope/domain/api/ProfilesApi"
import { ImportJob } from "@influscope/domain/Imports"
import * as Schema from "effect/Schema"
import { DiscoveriesBusy, UnknownSource } from "./Discoveries.ts"
import { ImportRefused, ImportsBusy, ImportTooLarge, UploadBroken } from "./Imports.ts"
import { InvalidHandle, PipelineBusy } from "./Profiles.ts"
import { StorageError } from "./StorageError.ts"

/** Where the body of `submit` is the file itself, whatever its size. */
export const submitPath = "/scraper/v1/imports"

const job = Schema.Struct({ id: Schema.NonEmptyString.pipe(Schema.maxLength(200)) })

const submit = HttpApiEndpoint.post("submit", submitPath)
  .setUrlParams(ImportParams)
  .addSuccess(ImportJob)
  .addError(ImportRefused, { status: 400 })
  .addError(ImportTooLarge, { status: 413 })
  .addError(ImportsBusy, { status: 429 })
  .addError(UploadBroken, { status: 400 })
  .addError(StorageError, { status: 500 })

/**
 * What the API asks of the scraper when they are processes of their own: the ports Imports, Discoveries and Profiles,
 * call by call, with their errors. An internal contract: nothing outside speaks it.
 */
export class ScraperApi extends HttpApi.make("scraper").add(
  HttpApiGroup.make("scraper")
    .add(submit)
    .add(
      HttpApiEndpoint.get("imports", "/scraper/v1/imports")
        .addSuccess(Schema.Array(ImportJob))
        .addError(StorageError, { status: 500 })
    )
    .add(
      HttpApiEndpoint.get("import", "/scraper/v1/imports/:id")
        .setPath(job)
        .addSuccess(Schema.Option(ImportJob))
        .addError(StorageError, { status: 500 })
    )
    .add(
      HttpApiEndpoint.post("discover", "/scraper/v1/discoveries")
        .setPayload(DiscoveryParams)
        .addSuccess(DiscoveryJob)
        .addError(UnknownSource, { status: 400 })
        .addError(DiscoveriesBusy, { status: 429 })
        .addError(StorageError, { status: 500 })
    )
    .add(
      HttpApiEndpoint.get("discovery", "/scraper/v1/discoveries/:id")
        .setPath(job)
        .addSuccess(Schema.Option(DiscoveryJob))
        .addError(StorageError, { status: 500 })
    )
    .add(
      HttpApiEndpoint.post("state", "/scraper/v1/profiles")
        .setPayload(GivenProfiles)
        .addSuccess(BatchAccepted)
        .addError(InvalidHandle, { status: 400 })
        .addError(PipelineBusy, { status: 429 })
        .addError(StorageError, { status: 500 })
    )
) {}

export const SubmitFailure = Schema.Union(
  ImportRefused,
  ImportTooLarge,
  ImportsBusy,
  UploadBroken,
  StorageError
)
