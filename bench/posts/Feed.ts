import { makeProfileId, type ProfileId } from "@influscope/domain/ProfileId"
import { makePostId, type Post } from "@influscope/domain/posts/Post"
import { makeRandom } from "../support/Numbers.ts"

const day = 86_400_000
const now = Date.UTC(2026, 10, 1)

const words =
  "new drop today with the whole crew link in bio thank you all so much été café señor naïve 日本語 新しい 投稿 🔥 ✨ 💪 #travel #ootd #fitness #日本 @friend @studio https://example.com/p/1".split(
    " "
  )

export const authorOf = (at: number): ProfileId => makeProfileId("instagram", `author${at}`)

/** Posts of some authors over two years, one of whom has far more than most; the same for the same seed. */
export const makeFeed = (seed: number, authors: number) => {
  const random = makeRandom(seed)
  const below = (bound: number): number => Math.floor(random() * bound)
  let made = 0

  /** An author by rank: the first posts most. */
  const someAuthor = (): number => Math.floor(authors * random() ** 2)

  const next = (): Post => {
    made++
    return {
      id: makePostId("instagram", `${seed}-${made.toString(36)}`),
      author: authorOf(someAuthor()),
      publishedAt: now - below(730 * day),
      observedAt: now,
      text: Array.from({ length: 10 + below(40) }, () => words[below(words.length)]).join(" "),
      url: `https://example.com/p/${made}`,
      media: "image",
      metrics: { likes: below(100_000), comments: below(5_000), views: below(1_000_000) }
    }
  }

  return {
    below,
    someAuthor,
    next,
    take: (count: number): ReadonlyArray<Post> => Array.from({ length: count }, next)
  }
}
export type Feed = ReturnType<typeof makeFeed>
