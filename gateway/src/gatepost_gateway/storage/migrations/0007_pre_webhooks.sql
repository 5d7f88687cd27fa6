-- What happened and was not yet handed to the webhooks that want to know. `project` '' is the gateway itself; `webhook` ''
-- is every one; `data` JSON.
-- Owner: fold.py, escalations.py and outbox.py. Retention: until it is handed on.
CREATE TABLE happened (
  id TEXT PRIMARY KEY,
  at INTEGER NOT NULL,
  topic TEXT NOT NULL,
  project TEXT NOT NULL,
  webhook TEXT NOT NULL,
  data TEXT NOT NULL
) STRICT;

-- One event on its way to one webhook. `state` is pending, delivered or failed; `next_at` when it is tried next.
-- Owner: outbox.py. Retention: 30 days, and the last 1000 of a webhook that are over.
CREATE TABLE deliveries (
  webhook TEXT NOT NULL,
  event_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  topic TEXT NOT NULL,
  body TEXT NOT NULL,
  state TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  next_at INTEGER NOT NULL,
  answered INTEGER,
  trouble TEXT,
  done_at INTEGER,
  PRIMARY KEY (webhook, event_id)
) STRICT;

CREATE INDEX deliveries_due ON deliveries (webhook, next_at) WHERE state = 'pending';

CREATE INDEX deliveries_page ON deliveries (webhook, at);

-- How many deliveries of a webhook ended how, and how many were dropped because its queue was full.
-- Owner: outbox.py. Retention: none.
CREATE TABLE delivery_counts (
  webhook TEXT NOT NULL,
  outcome TEXT NOT NULL,
  amount INTEGER NOT NULL,
  PRIMARY KEY (webhook, outcome)
) STRICT;

-- What was told already, and how far was looked.
-- Owner: outbox.py. Retention: 40 days after it was last written.
CREATE TABLE told (
  name TEXT PRIMARY KEY,
  value TEXT NOT NULL,
  at INTEGER NOT NULL
) STRICT;
