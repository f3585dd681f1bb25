import { Post, type PostId } from "@influscope/domain/posts/Post"
import { PostAnalysis } from "@influscope/domain/posts/PostAnalysis"
import type { StoredPost } from "@influscope/ports/PostStore"
import { quickDecode } from "@influscope/ports/QuickDecode"
import type { StorageError } from "@influscope/ports/StorageError"
import { corrupt } from "@influscope/ports/StoredJson"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

/** What stores keep of a post: JSON text, which may hold any text of JavaScript's (NUL, lone surrogates) as escapes. */
export interface StoredTexts {
  readonly post: string
  readonly analysis: string | null
}

const decodePostText = quickDecode(Post)
const decodeAnalysisText = quickDecode(PostAnalysis)

// Both are JSON as they are, so that the schemas would only look at each field again.
export const postText = (post: Post): string => JSON.stringify(post satisfies typeof Post.Encoded)
export const analysisText = (analysis: PostAnalysis): string =>
  JSON.stringify(analysis satisfies typeof PostAnalysis.Encoded)

/** Fails with `corrupt` when it was not written here. */
export const decodePost = ({ analysis, post }: StoredTexts): Effect.Effect<StoredPost, StorageError> =>
  Effect.all({
    post: Effect.mapError(decodePostText(post), corrupt("read a post")),
    analysis:
      analysis === null
        ? Effect.succeedNone
        : Effect.asSome(Effect.mapError(decodeAnalysisText(analysis), corrupt("read the analysis of a post")))
  })

/** The stored posts in the order of the ids asked for. */
export const inOrder = (
  ids: ReadonlyArray<PostId>,
  found: ReadonlyArray<StoredPost>
): ReadonlyArray<Option.Option<StoredPost>> => {
  const byId = new Map(found.map((stored) => [stored.post.id, stored]))
  return ids.map((id) => Option.fromNullable(byId.get(id)))
}

/** One statement for each key: the one observed last. */
export const latest = <A extends { readonly observedAt: number }>(
  statements: ReadonlyArray<A>,
  keyOf: (statement: A) => string
): ReadonlyArray<A> => {
  const byKey = new Map<string, A>()
  for (const statement of statements) {
    const known = byKey.get(keyOf(statement))
    if (known === undefined || known.observedAt < statement.observedAt) byKey.set(keyOf(statement), statement)
  }
  return [...byKey.values()]
}
