import { messagesTables } from "./messages/Tables.ts"
import { postTables } from "./posts/Tables.ts"
import { timeSeriesTables } from "./timeseries/Tables.ts"

/**
 * What is written often and soon forgotten is vacuumed soon, whatever its size. Names of topics, jobs and ids are
 * compared by their bytes: no change of a locale can put an index out of order.
 */
const outbox = `
CREATE TABLE influscope.outbox (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  job text COLLATE "C",
  items integer NOT NULL,
  traceparent text,
  state text NOT NULL CHECK (state IN ('sent', 'dead', 'dropped', 'confirmed')),
  -- Epoch ms. A batch is on its way since it was appended or, when it was dead, replayed.
  since bigint NOT NULL,
  sent_at bigint NOT NULL,
  confirmed_at bigint,
  UNIQUE (topic, id)
) WITH (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 2000, autovacuum_analyze_scale_factor = 0.02);
CREATE INDEX outbox_open ON influscope.outbox (topic, sent_at, seq) INCLUDE (items) WHERE state = 'sent';
CREATE INDEX outbox_confirmed ON influscope.outbox (topic, confirmed_at) INCLUDE (since) WHERE state = 'confirmed';

CREATE TABLE influscope.outbox_payloads (
  seq bigint PRIMARY KEY,
  payload text NOT NULL
) WITH (
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0,
  toast.autovacuum_vacuum_scale_factor = 0, toast.autovacuum_vacuum_threshold = 20000, toast.autovacuum_vacuum_cost_delay = 0
);

CREATE TABLE influscope.outbox_topics (
  topic text COLLATE "C" NOT NULL,
  shard integer NOT NULL,
  sent bigint NOT NULL DEFAULT 0,
  sent_batches bigint NOT NULL DEFAULT 0,
  applied bigint NOT NULL DEFAULT 0,
  applied_batches bigint NOT NULL DEFAULT 0,
  duplicate_batches bigint NOT NULL DEFAULT 0,
  dead bigint NOT NULL DEFAULT 0,
  dead_batches bigint NOT NULL DEFAULT 0,
  dropped bigint NOT NULL DEFAULT 0,
  dropped_batches bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (topic, shard)
) WITH (fillfactor = 25, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);

CREATE TABLE influscope.outbox_jobs (
  job text COLLATE "C" NOT NULL,
  shard integer NOT NULL,
  batches bigint NOT NULL DEFAULT 0,
  items bigint NOT NULL DEFAULT 0,
  confirmed_batches bigint NOT NULL DEFAULT 0,
  created bigint NOT NULL DEFAULT 0,
  updated bigint NOT NULL DEFAULT 0,
  unchanged bigint NOT NULL DEFAULT 0,
  dead_items bigint NOT NULL DEFAULT 0,
  dead_batches bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (job, shard)
) WITH (fillfactor = 25, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);
`

/** Dead payloads are kept as bytes: what could not be handled need not even be text that PostgreSQL takes. */
const deliveries = `
CREATE TABLE influscope.dead_letters (
  seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  items integer NOT NULL,
  reason text NOT NULL,
  attempts integer NOT NULL,
  dead_at bigint NOT NULL,
  payload bytea NOT NULL,
  UNIQUE (topic, id)
);
CREATE INDEX dead_letters_by_time ON influscope.dead_letters (dead_at, id);
CREATE INDEX dead_letters_by_topic ON influscope.dead_letters (topic, dead_at, id);
CREATE INDEX dead_letters_by_id ON influscope.dead_letters (id, dead_at);

CREATE TABLE influscope.deliveries (
  topic text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  attempts integer NOT NULL,
  -- Why the handler asked for another delivery: of the one that runs, and of the one before it.
  reason text,
  reason_before text,
  began_at bigint NOT NULL,
  PRIMARY KEY (topic, id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);
`

/** Several times quicker than PostgreSQL's own compression, where the server was built with it. */
const compression = `
DO $lz4$
BEGIN
  IF (SELECT 'lz4' = ANY (enumvals) FROM pg_settings WHERE name = 'default_toast_compression') THEN
    ALTER TABLE influscope.outbox_payloads ALTER COLUMN payload SET COMPRESSION lz4;
    ALTER TABLE influscope.dead_letters ALTER COLUMN payload SET COMPRESSION lz4;
  END IF;
END $lz4$;
`

/** Batches of no job are many, and soon forgotten: not to be looked for among those of jobs, which stay for days. */
const confirmedOthers = `
CREATE INDEX outbox_confirmed_others ON influscope.outbox (topic, confirmed_at) WHERE state = 'confirmed' AND job IS NULL;
`

/** SQL scripts; the n-th (from 1) leads to schema version n. Each released script stays as it is; changes are appended. */
export const migrations: ReadonlyArray<string> = [
  `${outbox}${deliveries}${compression}`,
  timeSeriesTables,
  confirmedOthers,
  postTables,
  messagesTables
]
