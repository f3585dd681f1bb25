/** What no consumer of posts can read: no JSON at all, and posts that are none. */
export const poisonPosts: ReadonlyArray<string> = [
  "{",
  JSON.stringify({ version: 1, id: "none", job: null, stored: true, posts: [{}] })
]
