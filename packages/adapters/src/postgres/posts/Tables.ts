/**
 * A row outlives its post: `deleted_at` says up to when (epoch ms) statements about it are of no account. `post` is null
 * while none stands. Analyses are apart, so that they do not rewrite the text. Ids are compared by their bytes, which is the
 * order of their code points.
 */
export const postTables = `
CREATE TABLE influscope.posts (
  id text COLLATE "C" PRIMARY KEY,
  author text COLLATE "C",
  published_at bigint,
  observed_at bigint NOT NULL DEFAULT -1,
  deleted_at bigint NOT NULL DEFAULT -1,
  post text
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
CREATE INDEX posts_by_author ON influscope.posts (author, published_at, id) WHERE post IS NOT NULL;

CREATE TABLE influscope.post_analyses (
  id text COLLATE "C" PRIMARY KEY,
  observed_at bigint NOT NULL,
  analysis text NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.02);
`
