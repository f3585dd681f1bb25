import type { ProfileId } from "@influscope/domain/ProfileId"
import type { Post, PostId } from "@influscope/domain/posts/Post"
import type { PostAnalysis } from "@influscope/domain/posts/PostAnalysis"
import * as Option from "effect/Option"
import type { StoredPost } from "../PostStore.ts"

const later = <A extends { readonly observedAt: number }>(known: A | undefined, next: A): A =>
  known === undefined || known.observedAt < next.observedAt ? next : known

const byCodePoints = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b))

/** What a PostStore answers: it remembers every statement that may still count. */
export class PostStoreModel {
  private readonly posts = new Map<PostId, Post>()
  private readonly analyses = new Map<PostId, PostAnalysis>()
  private readonly deletedAt = new Map<PostId, number>()

  put(posts: ReadonlyArray<Post>): void {
    for (const post of posts) this.posts.set(post.id, later(this.posts.get(post.id), post))
  }

  putAnalyses(analyses: ReadonlyArray<PostAnalysis>): void {
    for (const analysis of analyses)
      this.analyses.set(analysis.post, later(this.analyses.get(analysis.post), analysis))
  }

  delete(id: PostId, observedAt: number): void {
    this.deletedAt.set(id, Math.max(observedAt, this.deletedAt.get(id) ?? -1))
  }

  get(id: PostId): Option.Option<StoredPost> {
    const isLeft = ({ observedAt }: { readonly observedAt: number }): boolean =>
      observedAt > (this.deletedAt.get(id) ?? -1)
    return Option.fromNullable(this.posts.get(id)).pipe(
      Option.filter(isLeft),
      Option.map((post) => ({
        post,
        analysis: Option.filter(Option.fromNullable(this.analyses.get(id)), isLeft)
      }))
    )
  }

  /** All of an author, newest first. */
  of(author: ProfileId): ReadonlyArray<StoredPost> {
    return [...this.posts.keys()]
      .flatMap((id) => Option.toArray(this.get(id)))
      .filter(({ post }) => post.author === author)
      .sort(({ post: a }, { post: b }) => b.publishedAt - a.publishedAt || byCodePoints(b.id, a.id))
  }
}
