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

-- One row a trace; an implicit one was made for a single call. Sums are kept while folding. `outcome`, `session_id`
-- and `user` are the last step's. `expires_at`: when its last step goes; 0 before the first, NULL when one stays for ever.
-- Owner: fold.py. Retention: goes with its steps; an open explicit trace stays 30 days longer than they at most.
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
  expires_at INTEGER
) STRICT;

CREATE INDEX traces_project ON traces (project, at, id);

CREATE INDEX traces_outcome ON traces (project, outcome, at, id) WHERE outcome <> 'answered';

CREATE INDEX traces_expires ON traces (expires_at) WHERE expires_at IS NOT NULL;

-- One row a step: every field of a `Closed`, or a custom event (kind `log`, with `name` and `data`). Lists and maps are
-- JSON. Money in nano-dollars, times in microseconds.
-- Owner: fold.py. Retention: `retention_days` of its model after `at`; without it, for ever. Events go with their trace.
CREATE TABLE steps (
  id TEXT PRIMARY KEY,
  trace_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  surface TEXT NOT NULL,
  operation TEXT NOT NULL,
  kind TEXT NOT NULL,
  org TEXT,
  project TEXT,
  proxy TEXT,
  key_id TEXT,
  user TEXT,
  parent_step_id TEXT,
  implicit INTEGER NOT NULL,
  request_id TEXT,
  session_id TEXT,
  turn INTEGER,
  session_path TEXT,
  properties TEXT,
  request_source TEXT,
  correlation_id TEXT,
  parent_trace_id TEXT,
  flow_id TEXT,
  model_asked TEXT,
  model TEXT,
  provider TEXT,
  stream INTEGER NOT NULL,
  outcome TEXT NOT NULL,
  status INTEGER NOT NULL,
  error TEXT,
  message TEXT,
  micros INTEGER NOT NULL,
  first_micros INTEGER,
  usage_input INTEGER NOT NULL,
  usage_output INTEGER NOT NULL,
  usage_cache_read INTEGER NOT NULL,
  usage_cache_write INTEGER NOT NULL,
  usage_reasoning INTEGER NOT NULL,
  usage_images INTEGER NOT NULL,
  usage_exact INTEGER NOT NULL,
  prices TEXT,
  cost INTEGER,
  claims TEXT,
  held INTEGER NOT NULL,
  settled INTEGER NOT NULL,
  attempts TEXT,
  decisions TEXT,
  finish TEXT,
  upstream_id TEXT,
  fingerprint TEXT,
  tool_calls TEXT,
  config_version INTEGER NOT NULL,
  warnings TEXT,
  retention_days INTEGER,
  estimated INTEGER NOT NULL,
  name TEXT,
  data TEXT,
  expires_at INTEGER
) STRICT;

CREATE INDEX steps_trace ON steps (trace_id);

CREATE INDEX steps_session ON steps (session_id, turn) WHERE session_id IS NOT NULL;

CREATE INDEX steps_expires ON steps (expires_at) WHERE expires_at IS NOT NULL;

-- What traces are found by: `model`, `user`, `property:<key>`. `at` is the trace's, so that a page comes from the index.
-- Owner: fold.py. Retention: goes with the step that said it.
CREATE TABLE facets (
  project TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  at INTEGER NOT NULL,
  trace_id TEXT NOT NULL,
  PRIMARY KEY (project, name, value, at, trace_id)
) STRICT, WITHOUT ROWID;

-- The facets that a step says: retention takes away by it what the fold wrote.
CREATE VIEW step_facets AS
SELECT id AS step_id, trace_id, 'model' AS name, model AS value FROM steps WHERE model IS NOT NULL
UNION ALL
SELECT id, trace_id, 'user', user FROM steps WHERE user IS NOT NULL
UNION ALL
SELECT s.id, s.trace_id, 'property:' || p.key, p.value FROM steps AS s, json_each(s.properties) AS p
WHERE s.properties IS NOT NULL;

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
