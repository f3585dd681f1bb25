import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Api } from "@influscope/domain/api/Api"
import { NotFound, Unavailable } from "@influscope/domain/api/Problems"
import { GivenProfiles, ProfileView, toProfileView } from "@influscope/domain/api/ProfilesApi"
import type { ProfileId } from "@influscope/domain/ProfileId"
import { jsonAnswer } from "@influscope/http/Answers"
import { jsonBody } from "@influscope/http/Body"
import { invalid, readProblem, storageProblem } from "@influscope/http/Problems"
import { ObjectStore } from "@influscope/ports/ObjectStore"
import { Profiles } from "@influscope/ports/Profiles"
import { SearchIndex } from "@influscope/ports/SearchIndex"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { exportLines } from "./ExportProfiles.ts"

const profileAnswer = jsonAnswer(ProfileView)

const noProfile = (id: string) =>
  new NotFound({ detail: `There is no profile ${id}. Search for it with GET /search?q=...` })

export const ProfilesHttp = HttpApiBuilder.group(
  Api,
  "profiles",
  Effect.fnUntraced(function* (handlers) {
    const index = yield* SearchIndex
    const objects = yield* ObjectStore
    const profiles = yield* Profiles

    const present = (id: ProfileId) =>
      Effect.flatMap(index.getMany([id]), ([entry]) =>
        entry !== undefined && Option.isSome(entry) && entry.value._tag === "Present"
          ? Effect.succeed(entry.value.profile)
          : Effect.fail(noProfile(id))
      )

    const avatar = (id: ProfileId) =>
      Effect.gen(function* () {
        const { fields } = yield* present(id)
        const object = fields.avatarKey === undefined ? Option.none() : yield* objects.get(fields.avatarKey)
        if (Option.isNone(object)) return yield* new NotFound({ detail: `There is no avatar of ${id}.` })
        return HttpServerResponse.uint8Array(object.value.bytes, {
          contentType: object.value.contentType,
          headers: { "cache-control": "public, max-age=86400" }
        })
      })

    return handlers
      .handleRaw("export", () =>
        Effect.succeed(
          HttpServerResponse.stream(Stream.encodeText(exportLines(index, objects)), {
            contentType: "application/x-ndjson"
          })
        )
      )
      .handleRaw("create", () =>
        Effect.flatMap(jsonBody(GivenProfiles), profiles.state).pipe(
          Effect.flatMap((accepted) => HttpServerResponse.json(accepted, { status: 202 })),
          Effect.catchTags({
            InvalidHandle: (error) => Effect.fail(invalid(`profiles.${error.place}.handle`, error.detail)),
            PipelineBusy: () =>
              Effect.fail(
                new Unavailable({ detail: "Too much is waiting to be indexed. Try again shortly." })
              ),
            StorageError: storageProblem,
            HttpBodyError: Effect.die
          })
        )
      )
      .handle("get", ({ path }) =>
        present(path.id).pipe(
          Effect.flatMap((profile) => profileAnswer(toProfileView(profile))),
          Effect.catchTag("StorageError", readProblem)
        )
      )
      .handle("avatar", ({ path }) => avatar(path.id).pipe(Effect.catchTag("StorageError", readProblem)))
      .handle("remove", ({ path }) =>
        Effect.gen(function* () {
          const removed = yield* index.delete(path.id, yield* Clock.currentTimeMillis)
          if (!removed) return yield* noProfile(path.id)
        }).pipe(Effect.catchTag("StorageError", storageProblem))
      )
  })
)
