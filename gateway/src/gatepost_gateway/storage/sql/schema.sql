-- records.db as all migrations together make it. A test compares the two.

-- Which migrations ran. Owner: migrate.py. Retention: for ever.
CREATE TABLE migrations (name TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT;

-- How far the journal is folded: the border behind the last record, and how many there were.
-- Owner: fold.py. Retention: one row, for ever.
CREATE TABLE position (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  segment INTEGER NOT NULL,
  offset INTEGER NOT NULL,
  entries INTEGER NOT NULL
) STRICT;

-- The traces that callers made, and the calls that became several steps. A call that is one step needs no row here: it
-- is listed from `steps`. Sums are kept while folding. `outcome`, `session_id` and `user` are the last step's.
-- `expires_at`: when its last step goes; 0 before the first.
-- Owner: fold.py. Retention: goes with its steps; an open explicit trace stays 30 days longer than they at most, one
-- that never had a call 400 days.
CREATE TABLE traces (
  id TEXT PRIMARY KEY,
  at INTEGER NOT NULL,
  implicit INTEGER NOT NULL,
  org TEXT,
  project TEXT NOT NULL,
  key_id TEXT,
  metadata TEXT NOT NULL DEFAULT '{}',
  revenue INTEGER,
  steps INTEGER NOT NULL DEFAULT 0,
  unpriced INTEGER NOT NULL DEFAULT 0,
  cost INTEGER NOT NULL DEFAULT 0,
  micros INTEGER NOT NULL DEFAULT 0,
  outcome TEXT,
  session_id TEXT,
  user TEXT,
  sealed_at INTEGER,
  expires_at INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX traces_project ON traces (project, at, id);

CREATE INDEX traces_outcome ON traces (project, outcome, at, id) WHERE outcome <> 'answered';

CREATE INDEX traces_expires ON traces (expires_at);

-- One row a step: `entry` is a `Closed` or a custom event (`Logged`) as it stands in the journal, MessagePack; the
-- columns are what steps are found and ordered by. Text that nobody said is ''. `alone`: the only step of a trace that
-- was made for it. `properties` is JSON. Times in microseconds.
-- Owner: fold.py. Retention: `retention_days` of its model after `at`; without it (unknown callers, refused calls, models
-- that name none) 400 days. `expires_at` 0: an event, which goes with its trace.
CREATE TABLE steps (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  trace_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  alone INTEGER NOT NULL,
  project TEXT NOT NULL,
  model TEXT NOT NULL,
  user TEXT NOT NULL,
  outcome TEXT NOT NULL,
  session_id TEXT NOT NULL,
  turn INTEGER NOT NULL,
  properties TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  entry BLOB NOT NULL
) STRICT;

CREATE UNIQUE INDEX steps_id ON steps (trace_id, id);

CREATE INDEX steps_project ON steps (alone, project, at);

CREATE INDEX steps_model ON steps (project, model, at) WHERE alone = 1 AND model <> '';

CREATE INDEX steps_user ON steps (project, user, at) WHERE alone = 1 AND user <> '';

CREATE INDEX steps_outcome ON steps (project, outcome, at) WHERE alone = 1 AND outcome <> 'answered';

CREATE INDEX steps_session ON steps (session_id, turn) WHERE session_id <> '';

CREATE INDEX steps_expires ON steps (expires_at) WHERE expires_at > 0;

-- What traces are found by. Of a step that is alone: `property:<key>`. Of a row of `traces`: `model` and `user` too.
-- `at` is the trace's, so that a page comes from the index.
-- Owner: fold.py. Retention: goes with the step that said it.
CREATE TABLE facets (
  alone INTEGER NOT NULL,
  project TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  at INTEGER NOT NULL,
  trace_id TEXT NOT NULL,
  PRIMARY KEY (alone, project, name, value, at, trace_id)
) STRICT, WITHOUT ROWID;

-- The facets that a step says: retention takes away by it what the fold wrote.
CREATE VIEW step_facets AS
SELECT s.id AS step_id, s.trace_id, 1 AS alone, s.project, 'property:' || p.key AS name, CAST(p.value AS TEXT) AS value,
  s.at
FROM steps AS s, json_each(s.properties) AS p
WHERE +s.alone = 1 AND s.properties <> ''
UNION ALL
SELECT s.id, s.trace_id, 0, t.project, 'property:' || p.key, CAST(p.value AS TEXT), t.at
FROM steps AS s, traces AS t, json_each(s.properties) AS p
WHERE t.id = s.trace_id AND +s.alone = 0 AND s.properties <> ''
UNION ALL
SELECT s.id, s.trace_id, 0, t.project, 'model', s.model, t.at
FROM steps AS s, traces AS t
WHERE t.id = s.trace_id AND +s.alone = 0 AND s.model <> ''
UNION ALL
SELECT s.id, s.trace_id, 0, t.project, 'user', s.user, t.at
FROM steps AS s, traces AS t
WHERE t.id = s.trace_id AND +s.alone = 0 AND s.user <> '';

-- Calls that began and have not ended: `Opened` as MessagePack.
-- Owner: fold.py. Retention: goes when the call ends; the next start ends those of a dead process.
CREATE TABLE open_holds (
  step_id TEXT PRIMARY KEY,
  entry BLOB NOT NULL
) STRICT;

-- What was spent of each account, in nano-dollars: the sum over the claims of every closed step.
-- Owner: fold.py. Retention: 400 days after its period, then by whole months.
CREATE TABLE settled (
  account TEXT PRIMARY KEY,
  period TEXT NOT NULL,
  amount INTEGER NOT NULL
) STRICT;

CREATE INDEX settled_period ON settled (period);

-- Conversation state, as ciphertext.
-- Owner: fold.py. Retention: until `expires_at`.
CREATE TABLE kept (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  project TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  box BLOB NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT;

CREATE INDEX kept_expires ON kept (expires_at);

-- What a rule held back for a person to decide. `entry` is `Escalated` as it stands in the journal; `status` is the last
-- turn's. `admits_until`: an approval admits one identical request until then, `admitted_step` is that request's.
-- Owner: fold.py makes and admits, escalations.py turns. Retention: 400 days after `at`.
CREATE TABLE escalations (
  id TEXT PRIMARY KEY,
  at INTEGER NOT NULL,
  project TEXT NOT NULL,
  status TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  admits_until INTEGER NOT NULL DEFAULT 0,
  admitted_step TEXT NOT NULL DEFAULT '',
  entry BLOB NOT NULL
) STRICT;

CREATE INDEX escalations_project ON escalations (project, at, id);

CREATE INDEX escalations_at ON escalations (at);

CREATE INDEX escalations_verdict ON escalations (admits_until) WHERE admits_until > 0;

-- Who turned an escalation, when, to what, and why: only ever added to.
-- Owner: escalations.py. Retention: goes with its escalation.
CREATE TABLE escalation_turns (
  escalation_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  by TEXT NOT NULL,
  status TEXT NOT NULL,
  note TEXT NOT NULL,
  PRIMARY KEY (escalation_id, at, status)
) STRICT, WITHOUT ROWID;
-- Calls added up by the minute, the hour and the day (`grain` in seconds, `bucket` its start), by one dimension each:
-- `name` is `provider`, `model`, `user`, `status`, `key`, `feature`, `metadata:<key>`, or '' for all calls together.
-- Money in nano-dollars, `micros` over the `timed` calls, `buckets` their histogram (storage/histogram.py).
-- Owner: fold.py. Retention: minutes 3 days, hours 100 days, days 800 days.
CREATE TABLE rollups (
  grain INTEGER NOT NULL,
  project TEXT NOT NULL,
  name TEXT NOT NULL,
  bucket INTEGER NOT NULL,
  value TEXT NOT NULL,
  requests INTEGER NOT NULL,
  errors INTEGER NOT NULL,
  hits INTEGER NOT NULL,
  prompt INTEGER NOT NULL,
  completion INTEGER NOT NULL,
  cost INTEGER NOT NULL,
  unpriced INTEGER NOT NULL,
  revenue INTEGER NOT NULL,
  micros INTEGER NOT NULL,
  timed INTEGER NOT NULL,
  buckets BLOB NOT NULL,
  PRIMARY KEY (grain, project, name, bucket, value)
) STRICT, WITHOUT ROWID;

CREATE INDEX rollups_age ON rollups (grain, bucket);

-- Who was there on which day (days since 1970 in UTC), for each feature and ('') for all.
-- Owner: fold.py. Retention: 800 days.
CREATE TABLE activity (
  project TEXT NOT NULL,
  feature TEXT NOT NULL,
  user TEXT NOT NULL,
  day INTEGER NOT NULL,
  PRIMARY KEY (project, feature, user, day)
) STRICT, WITHOUT ROWID;

CREATE INDEX activity_age ON activity (day);

-- What was said in calls whose project keeps it, masked; `entry` is the journal's.
-- Owner: fold.py. Retention: goes with its step.
CREATE TABLE bodies (
  trace_id TEXT NOT NULL,
  step_id TEXT NOT NULL,
  entry BLOB NOT NULL,
  PRIMARY KEY (trace_id, step_id)
) STRICT, WITHOUT ROWID;

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
