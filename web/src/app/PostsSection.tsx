import { useSignal } from "@preact/signals"
import { useEffect } from "preact/hooks"
import { bestOf, cellsOf, weekdays } from "./BestHours.ts"
import { type Failure, getPosts, getRollup, type Posts, type Rollup } from "./Client.ts"
import { formatCompact, formatDay, formatExact, formatPercent } from "./Format.ts"

/** What is on the screen. Undefined while it is read. */
type Known =
  | { readonly _tag: "Posts"; readonly posts: Posts["posts"]; readonly rollup: Rollup | undefined }
  | { readonly _tag: "Nothing" }
  | { readonly _tag: "Failed"; readonly failure: Failure }

/** Undefined when somebody asks something newer by now. */
const readPosts = async (id: string, signal: AbortSignal): Promise<Known | undefined> => {
  const page = await getPosts(id, signal)
  if (page._tag === "Aborted") return undefined
  if (page._tag === "Failed") return page
  const { posts } = page.value
  if (posts.length === 0) return { _tag: "Nothing" }
  const rollup = await getRollup(id, signal)
  if (rollup._tag === "Aborted") return undefined
  if (rollup._tag === "Ok") return { _tag: "Posts", posts, rollup: rollup.value }
  // The first posts may be there before they are rolled up.
  return rollup.failure.status === 404 ? { _tag: "Posts", posts, rollup: undefined } : rollup
}

const BestHours = ({ rollup }: { readonly rollup: Rollup }) => {
  const best = bestOf(rollup.hours)
  return (
    <>
      <p>
        {best === "" ? "No hour does notably better than others." : `Best hours: ${best}.`}{" "}
        <span class="quiet">
          By {rollup.hoursBy}, times in {rollup.zone}.
        </span>
      </p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
      <section class="heat" aria-label="Posts by hour of the week" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <td />
              {cellsOf([], 1).map(({ hour }) => (
                <th key={hour} scope="col">
                  {hour % 6 === 0 ? hour : <span class="visually-hidden">{hour}</span>}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {weekdays.map((name, place) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {cellsOf(rollup.hours, place + 1).map(({ hour, level, text }) => (
                  <td key={hour} class={`heat-${level}`} title={text}>
                    <span class="visually-hidden">{level === 0 ? "" : text}</span>
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  )
}

const Summary = ({ rollup }: { readonly rollup: Rollup }) => {
  const { hashtags, medianEngagement, postsPerWeek } = rollup
  return (
    <>
      <p>
        {postsPerWeek === null ? null : `${formatExact(postsPerWeek)} posts per week. `}
        {medianEngagement === null
          ? "Too few of the last 30 posts have an engagement rate for a median. "
          : `Median engagement ${formatPercent(medianEngagement.rate)} `}
        {medianEngagement === null ? null : <code>{medianEngagement.formula}</code>}
      </p>
      {rollup.hoursBy === null ? null : <BestHours rollup={rollup} />}
      {hashtags.length === 0 ? null : (
        <ul class="labels" aria-label="Top hashtags">
          {hashtags.slice(0, 12).map(({ posts, tag }) => (
            <li key={tag} class="label" dir="auto" title={`${posts} ${posts === 1 ? "post" : "posts"}`}>
              #{tag}
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

const countText = (count: number | null, noun: string): string =>
  count === null ? "" : `${formatCompact(count)} ${noun}`

const PostList = ({ posts }: { readonly posts: Posts["posts"] }) => (
  <ul class="post-list">
    {posts.map(({ analysis, id, metrics, publishedAt, text, title }) => (
      <li key={id} data-post={id}>
        <p dir="auto">{title ?? (text.trim() === "" ? "(no text)" : text)}</p>
        <p class="quiet">
          {[
            formatDay(publishedAt),
            countText(metrics.views, "views"),
            countText(metrics.likes, "likes"),
            countText(metrics.comments, "comments"),
            typeof analysis?.engagement.rate === "number"
              ? `${formatPercent(analysis.engagement.rate)} engagement`
              : ""
          ]
            .filter((part) => part !== "")
            .join(", ")}
        </p>
      </li>
    ))}
  </ul>
)

const Shown = ({ known, onRetry }: { readonly known: Known | undefined; readonly onRetry: () => void }) => {
  switch (known?._tag) {
    case undefined:
      return <span class="bone bone-block" aria-hidden="true" />
    case "Posts":
      return (
        <>
          {known.rollup === undefined ? null : <Summary rollup={known.rollup} />}
          <PostList posts={known.posts} />
        </>
      )
    case "Nothing":
      return (
        <p class="quiet" data-posts="none">
          No posts yet. Import what you have: <code>npm run influscope -- import --posts FILE</code>
        </p>
      )
    case "Failed":
      return (
        <div role="alert" data-posts="failed">
          <p>{known.failure.detail}</p>
          <button type="button" class="button" onClick={onRetry}>
            Try again
          </button>
        </div>
      )
  }
}

/** What an account publishes, when that does well, and the latest of it. */
export const PostsSection = ({ id }: { readonly id: string }) => {
  const known = useSignal<Known | undefined>(undefined)
  const attempt = useSignal(0)

  useEffect(() => {
    const reading = new AbortController()
    const read = async (): Promise<void> => {
      known.value = (await readPosts(id, reading.signal)) ?? known.value
    }
    void read()
    return () => reading.abort()
  }, [attempt.value])

  return (
    <section class="detail-section posts" aria-busy={known.value === undefined}>
      <h3>Posts</h3>
      <Shown
        known={known.value}
        onRetry={() => {
          known.value = undefined
          attempt.value++
        }}
      />
    </section>
  )
}
