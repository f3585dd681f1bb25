import type { Table } from "../Tables.ts"

/**
 * `posts` is what counts. Its cells are written as of the moment of observation, so the one observed last stands, whatever comes
 * when, and writes read nothing first. `deleted` (never removed) says up to when statements are of no account: Cassandra
 * forgets by itself what it deleted after gc_grace_seconds. `posts_by_author` says where to look for an author's posts of
 * a quarter of a year, newest first, and `author_quarters` which quarters have any: what stands there and not in `posts`, or
 * elsewhere there, is passed over. A place is written before its post, so that a post that can be read is listed too.
 */
export const postTables: ReadonlyArray<Table> = [
  {
    name: "posts",
    definition: "(id text PRIMARY KEY, post text, analysis text, deleted timestamp)"
  },
  {
    name: "posts_by_author",
    definition: `(author text, quarter int, published_at timestamp, id text, PRIMARY KEY ((author, quarter), published_at, id))
      WITH CLUSTERING ORDER BY (published_at DESC, id DESC)`
  },
  {
    name: "author_quarters",
    definition:
      "(author text, quarter int, PRIMARY KEY (author, quarter)) WITH CLUSTERING ORDER BY (quarter DESC)"
  }
]
