import type { GivenPost } from "@influscope/domain/api/PostsApi"
import { platformOf } from "@influscope/domain/ProfileId"
import { makePostId, type Post, type PostId } from "@influscope/domain/posts/Post"
import { postKeyIn } from "@influscope/domain/posts/PostKey"

/** A text without what no reader sees and some stores do not take: control characters and halves of surrogate pairs. */
const cleaned = (text: string): string =>
  text
    .toWellFormed()
    .replaceAll("\r\n", "\n")
    .replace(/[^\P{Cc}\n\t]/gu, "")

/** The post's own key, that in its address, or one made of what it says: the same whenever the same is said. */
const idOf = ({ author, id, publishedAt, text, title, url }: GivenPost): PostId => {
  if (id !== undefined) return id
  const platform = platformOf(author)
  const known = url === undefined ? undefined : postKeyIn(platform, url)
  if (known !== undefined) return makePostId(platform, known)
  const content = url === undefined ? [author, publishedAt.getTime(), title ?? "", text] : [author, url]
  const hash = new Bun.CryptoHasher("sha256").update(JSON.stringify(content)).digest("hex")
  return makePostId(platform, `sha256-${hash.slice(0, 32)}`)
}

/** What a caller or a file says of a post, as it is kept. `moment` (epoch ms): when it was so, where that is not said. */
export const toPost = (given: GivenPost, moment: number): Post => ({
  id: idOf(given),
  author: given.author,
  publishedAt: given.publishedAt.getTime(),
  observedAt: given.observedAt?.getTime() ?? moment,
  ...(given.title === undefined ? {} : { title: cleaned(given.title) }),
  text: cleaned(given.text),
  ...(given.url === undefined ? {} : { url: given.url.toWellFormed() }),
  ...(given.media === undefined ? {} : { media: given.media }),
  metrics: given.metrics
})

/** Of statements about the same post the one observed last, of equals the last; in the order of their first mention. */
export const latestOf = (posts: ReadonlyArray<Post>): ReadonlyArray<Post> => {
  const byId = new Map<PostId, Post>()
  for (const post of posts) {
    const known = byId.get(post.id)
    if (known === undefined || known.observedAt <= post.observedAt) byId.set(post.id, post)
  }
  return [...byId.values()]
}
