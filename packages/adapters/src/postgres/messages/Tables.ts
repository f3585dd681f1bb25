/** As those of the embedded stores; see there. Ids are compared by their bytes, so that pages go on where they ended. */
export const messagesTables = `
CREATE TABLE influscope.conversations (
  tenant text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  participants text NOT NULL,
  title text,
  created_at bigint NOT NULL,
  last_number integer NOT NULL,
  last_at bigint NOT NULL,
  PRIMARY KEY (tenant, id)
);

CREATE TABLE influscope.members (
  tenant text COLLATE "C" NOT NULL,
  conversation text COLLATE "C" NOT NULL,
  subject text COLLATE "C" NOT NULL,
  last_number integer NOT NULL,
  last_at bigint NOT NULL,
  read_up_to integer NOT NULL,
  PRIMARY KEY (tenant, conversation, subject)
);
CREATE INDEX members_inbox ON influscope.members (tenant, subject, last_at, conversation)
  INCLUDE (last_number, read_up_to);

CREATE TABLE influscope.messages (
  tenant text COLLATE "C" NOT NULL,
  conversation text COLLATE "C" NOT NULL,
  number integer NOT NULL,
  id text COLLATE "C" NOT NULL,
  sender text COLLATE "C" NOT NULL,
  text text NOT NULL,
  sent_at bigint NOT NULL,
  PRIMARY KEY (tenant, conversation, number),
  UNIQUE (tenant, conversation, sender, id)
);

CREATE TABLE influscope.templates (
  tenant text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  template text NOT NULL,
  PRIMARY KEY (tenant, id)
);

CREATE TABLE influscope.campaigns (
  id text COLLATE "C" PRIMARY KEY,
  tenant text COLLATE "C" NOT NULL,
  state text NOT NULL CHECK (state IN ('active', 'paused', 'cancelled', 'finished')),
  prepared integer NOT NULL,
  created_at bigint NOT NULL,
  send_at bigint NOT NULL,
  sender text NOT NULL,
  problem text,
  details text NOT NULL,
  secret text,
  content text NOT NULL,
  audience text NOT NULL
);
CREATE INDEX campaigns_by_time ON influscope.campaigns (tenant, created_at, id);
CREATE INDEX campaigns_unprepared ON influscope.campaigns (created_at) WHERE prepared = 0;
CREATE INDEX campaigns_active ON influscope.campaigns (send_at, id) WHERE state = 'active';

CREATE TABLE influscope.recipients (
  campaign text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  message text COLLATE "C" NOT NULL UNIQUE,
  address text COLLATE "C",
  state text NOT NULL,
  reason text,
  attempts integer NOT NULL,
  next_at bigint,
  changed_at bigint NOT NULL,
  batch text COLLATE "C",
  replied_at bigint,
  reply text,
  field_values text NOT NULL,
  PRIMARY KEY (campaign, id)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);
CREATE INDEX recipients_by_state ON influscope.recipients (campaign, state, id);
CREATE INDEX recipients_due ON influscope.recipients (campaign, next_at) WHERE state = 'queued' AND batch IS NULL;
CREATE INDEX recipients_by_batch ON influscope.recipients (batch) WHERE batch IS NOT NULL;
CREATE INDEX recipients_by_address ON influscope.recipients (campaign, address) WHERE address IS NOT NULL;

CREATE TABLE influscope.opt_outs (
  tenant text COLLATE "C" NOT NULL,
  contact text COLLATE "C" NOT NULL,
  source text NOT NULL,
  at bigint NOT NULL,
  PRIMARY KEY (tenant, contact)
);

CREATE TABLE influscope.allowances (
  tenant text COLLATE "C" NOT NULL,
  sender text COLLATE "C" NOT NULL,
  messages double precision NOT NULL,
  allowed integer NOT NULL,
  at bigint NOT NULL,
  PRIMARY KEY (tenant, sender)
);
`
