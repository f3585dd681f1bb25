import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as HttpServerResponse from "@effect/platform/HttpServerResponse"
import { Api } from "@influscope/domain/api/Api"
import {
  AuthorRollupView,
  PostAnalysisView,
  PostsPage,
  PostView,
  toAuthorRollupView,
  toPostAnalysisView,
  toPostView
} from "@influscope/domain/api/PostsApi"
import { NotFound, Unavailable } from "@influscope/domain/api/Problems"
import type { PostId } from "@influscope/domain/posts/Post"
import { jsonAnswer } from "@influscope/http/Answers"
import { invalid, readProblem, storageProblem } from "@influscope/http/Problems"
import type { StoredPost } from "@influscope/ports/PostStore"
import { Posts } from "@influscope/ports/Posts"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { submitJson, submitLines } from "./SubmitPosts.ts"

const postAnswer = jsonAnswer(PostView)
const analysisAnswer = jsonAnswer(PostAnalysisView)
const pageAnswer = jsonAnswer(PostsPage)
const rollupAnswer = jsonAnswer(AuthorRollupView)

const noPost = (id: string) =>
  new NotFound({ detail: `There is no post ${id}. Submit it with POST /v1/posts.` })

const viewOf = ({ analysis, post }: StoredPost): PostView => toPostView(post, Option.getOrUndefined(analysis))

/** What streams of lines are called. */
const linesType = /^application\/(?:x-ndjson|ndjson|jsonl|x-jsonlines|jsonlines)\s*(?:;|$)/i

export const PostsHttp = HttpApiBuilder.group(
  Api,
  "posts",
  Effect.fnUntraced(function* (handlers) {
    const posts = yield* Posts

    const submit = (key: string | undefined) =>
      Effect.gen(function* () {
        const { headers } = yield* HttpServerRequest.HttpServerRequest
        const isLines = linesType.test(headers["content-type"]?.trim() ?? "")
        const outcome = yield* isLines ? submitLines(key) : submitJson(key)
        return HttpServerResponse.text(JSON.stringify(outcome), {
          status: 201,
          contentType: "application/json"
        })
      }).pipe(
        Effect.provideService(Posts, posts),
        Effect.catchTags({
          PipelineBusy: () =>
            Effect.fail(
              new Unavailable({ detail: "Too many posts wait to be analysed. Send them again later." })
            ),
          StorageError: storageProblem
        })
      )

    const present = (id: PostId) =>
      Effect.flatMap(
        posts.get(id),
        Option.match({ onNone: () => Effect.fail(noPost(id)), onSome: Effect.succeed })
      )

    return handlers
      .handleRaw("submit", ({ headers }) => submit(headers["idempotency-key"]))
      .handle("get", ({ path }) =>
        present(path.id).pipe(
          Effect.flatMap((stored) => postAnswer(viewOf(stored))),
          Effect.catchTag("StorageError", readProblem)
        )
      )
      .handle("analysis", ({ path }) =>
        Effect.gen(function* () {
          const { analysis } = yield* present(path.id)
          if (Option.isNone(analysis))
            return yield* new NotFound({
              detail: `The post ${path.id} is not analysed yet. Ask again shortly.`
            })
          return yield* analysisAnswer(toPostAnalysisView(analysis.value))
        }).pipe(Effect.catchTag("StorageError", readProblem))
      )
      .handle("remove", ({ path }) =>
        Effect.gen(function* () {
          if (!(yield* posts.remove(path.id))) return yield* noPost(path.id)
        }).pipe(Effect.catchTag("StorageError", storageProblem))
      )
      .handle("list", ({ path, urlParams }) =>
        posts.page(path.id, urlParams.cursor, urlParams.limit).pipe(
          Effect.catchTag("StorageError", readProblem),
          Effect.flatMap(
            Option.match({
              onNone: () =>
                Effect.fail(invalid("cursor", "expected nextCursor of the page before, of this author")),
              onSome: (page) => pageAnswer({ posts: page.posts.map(viewOf), nextCursor: page.nextCursor })
            })
          )
        )
      )
      .handle("rollup", ({ path }) =>
        posts.rollup(path.id).pipe(
          Effect.catchTag("StorageError", readProblem),
          Effect.flatMap(
            Option.match({
              onNone: () => Effect.fail(new NotFound({ detail: `There are no posts of ${path.id}.` })),
              onSome: (rollup) => rollupAnswer(toAuthorRollupView(rollup))
            })
          )
        )
      )
  })
)
