import { join } from "node:path"
import type { StorageError } from "@influscope/ports/StorageError"
import type * as Layer from "effect/Layer"
import * as Database from "./Database.ts"

/** Times are epoch ms. Payloads stand apart so that counting an attempt does not rewrite half a MiB. */
const queue = `
CREATE TABLE queue (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  topic TEXT NOT NULL,
  id TEXT NOT NULL,
  items INTEGER NOT NULL,
  traceparent TEXT,
  attempts INTEGER NOT NULL,
  last_reason TEXT,
  published_at INTEGER NOT NULL,
  visible_at INTEGER NOT NULL,
  UNIQUE (topic, id)
) STRICT;
CREATE INDEX queue_by_visibility ON queue (topic, visible_at, seq);
CREATE TABLE queue_payloads (seq INTEGER PRIMARY KEY, payload TEXT NOT NULL) STRICT;

CREATE TABLE dead_letters (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  topic TEXT NOT NULL,
  id TEXT NOT NULL,
  items INTEGER NOT NULL,
  traceparent TEXT,
  reason TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  dead_at INTEGER NOT NULL,
  payload TEXT NOT NULL,
  UNIQUE (topic, id)
) STRICT;
CREATE INDEX dead_letters_by_time ON dead_letters (dead_at, id);
CREATE INDEX dead_letters_by_topic ON dead_letters (topic, dead_at, id);
CREATE INDEX dead_letters_by_id ON dead_letters (id, dead_at);
`

/** The totals are kept beside the rows, so they outlive pruning and cost nothing to read. */
const outbox = `
CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  topic TEXT NOT NULL,
  id TEXT NOT NULL,
  job TEXT,
  items INTEGER NOT NULL,
  traceparent TEXT,
  state TEXT NOT NULL CHECK (state IN ('sent', 'dead', 'dropped', 'confirmed')),
  sent_at INTEGER NOT NULL,
  confirmed_at INTEGER,
  UNIQUE (topic, id)
) STRICT;
CREATE INDEX outbox_open ON outbox (sent_at, seq, topic, items) WHERE state = 'sent';
CREATE INDEX outbox_confirmed ON outbox (confirmed_at) WHERE state = 'confirmed';
CREATE TABLE outbox_payloads (seq INTEGER PRIMARY KEY, payload TEXT NOT NULL) STRICT;
CREATE TABLE outbox_topics (
  topic TEXT PRIMARY KEY,
  sent INTEGER NOT NULL DEFAULT 0,
  sent_batches INTEGER NOT NULL DEFAULT 0,
  applied INTEGER NOT NULL DEFAULT 0,
  duplicate_batches INTEGER NOT NULL DEFAULT 0,
  dead INTEGER NOT NULL DEFAULT 0,
  dropped INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE TABLE outbox_jobs (
  job TEXT PRIMARY KEY,
  batches INTEGER NOT NULL DEFAULT 0,
  items INTEGER NOT NULL DEFAULT 0,
  confirmed_batches INTEGER NOT NULL DEFAULT 0,
  created INTEGER NOT NULL DEFAULT 0,
  updated INTEGER NOT NULL DEFAULT 0,
  unchanged INTEGER NOT NULL DEFAULT 0,
  dead_items INTEGER NOT NULL DEFAULT 0,
  dead_batches INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
`

const state = `
CREATE TABLE state (
  key TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  etag INTEGER NOT NULL,
  expires_at INTEGER
) STRICT;
CREATE INDEX state_by_expiry ON state (expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE state_versions (last INTEGER NOT NULL) STRICT;
INSERT INTO state_versions VALUES (0);
`

/** Epoch ms. A batch is on its way since it was appended or, when it was dead, replayed. */
const since = `
ALTER TABLE outbox ADD COLUMN since INTEGER NOT NULL DEFAULT 0;
UPDATE outbox SET since = sent_at WHERE state = 'sent';
`

/** Batches of no job are many, and soon forgotten; those of jobs stay for days. */
const confirmed = `
DROP INDEX outbox_confirmed;
CREATE INDEX outbox_confirmed_of_jobs ON outbox (confirmed_at) WHERE state = 'confirmed' AND job IS NOT NULL;
CREATE INDEX outbox_confirmed_others ON outbox (confirmed_at) WHERE state = 'confirmed' AND job IS NULL;
`

/** Each released script stays as it is; changes are appended. */
export const migrations: ReadonlyArray<string> = [`${queue}${outbox}${state}`, since, confirmed]

/** `<dataDir>/influscope.db`: the queue, the dead letters, the outbox and the state store. */
export const layer = (dataDir: string): Layer.Layer<Database.Database, StorageError> =>
  Database.layer({ path: join(dataDir, "influscope.db"), migrations })
