/** Times are epoch ms. */
const conversations = `
CREATE TABLE conversations (
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  participants TEXT NOT NULL,
  title TEXT,
  created_at INTEGER NOT NULL,
  last_number INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE members (
  tenant TEXT NOT NULL,
  conversation TEXT NOT NULL,
  subject TEXT NOT NULL,
  last_number INTEGER NOT NULL,
  last_at INTEGER NOT NULL,
  read_up_to INTEGER NOT NULL,
  PRIMARY KEY (tenant, conversation, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_inbox ON members (tenant, subject, last_at, conversation, last_number, read_up_to);

CREATE TABLE messages (
  tenant TEXT NOT NULL,
  conversation TEXT NOT NULL,
  number INTEGER NOT NULL,
  id TEXT NOT NULL,
  sender TEXT NOT NULL,
  text TEXT NOT NULL,
  sent_at INTEGER NOT NULL,
  PRIMARY KEY (tenant, conversation, number),
  UNIQUE (tenant, conversation, sender, id)
) STRICT;
`

/**
 * Details, content and audience are JSON; what is long stands last, so that it is not read with the rest. A recipient that
 * is queued and has a batch was taken, and not begun.
 */
const outreach = `
CREATE TABLE templates (
  tenant TEXT NOT NULL,
  id TEXT NOT NULL,
  template TEXT NOT NULL,
  PRIMARY KEY (tenant, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE campaigns (
  id TEXT PRIMARY KEY,
  tenant TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('active', 'paused', 'cancelled', 'finished')),
  prepared INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  send_at INTEGER NOT NULL,
  sender TEXT NOT NULL,
  problem TEXT,
  details TEXT NOT NULL,
  secret TEXT,
  content TEXT NOT NULL,
  audience TEXT NOT NULL
) STRICT;
CREATE INDEX campaigns_by_time ON campaigns (tenant, created_at, id);
CREATE INDEX campaigns_unprepared ON campaigns (created_at) WHERE prepared = 0;
CREATE INDEX campaigns_active ON campaigns (send_at, id) WHERE state = 'active';

CREATE TABLE recipients (
  campaign TEXT NOT NULL,
  id TEXT NOT NULL,
  message TEXT NOT NULL UNIQUE,
  address TEXT,
  state TEXT NOT NULL,
  reason TEXT,
  attempts INTEGER NOT NULL,
  next_at INTEGER,
  changed_at INTEGER NOT NULL,
  batch TEXT,
  replied_at INTEGER,
  reply TEXT,
  field_values TEXT NOT NULL,
  PRIMARY KEY (campaign, id)
) STRICT;
CREATE INDEX recipients_by_state ON recipients (campaign, state, id);
CREATE INDEX recipients_due ON recipients (campaign, next_at, attempts) WHERE state = 'queued' AND batch IS NULL;
CREATE INDEX recipients_by_batch ON recipients (batch) WHERE batch IS NOT NULL;
CREATE INDEX recipients_underway ON recipients (campaign, batch)
  WHERE batch IS NOT NULL AND state IN ('queued', 'sending');
CREATE INDEX recipients_by_address ON recipients (campaign, address) WHERE address IS NOT NULL;

CREATE TABLE opt_outs (
  tenant TEXT NOT NULL,
  contact TEXT NOT NULL,
  source TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (tenant, contact)
) STRICT, WITHOUT ROWID;

CREATE TABLE allowances (
  tenant TEXT NOT NULL,
  sender TEXT NOT NULL,
  messages REAL NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (tenant, sender)
) STRICT, WITHOUT ROWID;
`

/** Each released script stays as it is; changes are appended. */
export const migrations: ReadonlyArray<string> = [`${conversations}${outreach}`]
