-- The records as they were first: see sql/schema.sql for what each table is for.

CREATE TABLE position (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  segment INTEGER NOT NULL,
  offset INTEGER NOT NULL,
  entries INTEGER NOT NULL
) STRICT;

INSERT INTO position (id, segment, offset, entries) VALUES (1, 0, 0, 0);

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

CREATE TABLE facets (
  project TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  at INTEGER NOT NULL,
  trace_id TEXT NOT NULL,
  PRIMARY KEY (project, name, value, at, trace_id)
) STRICT, WITHOUT ROWID;

CREATE VIEW step_facets AS
SELECT id AS step_id, trace_id, 'model' AS name, model AS value FROM steps WHERE model IS NOT NULL
UNION ALL
SELECT id, trace_id, 'user', user FROM steps WHERE user IS NOT NULL
UNION ALL
SELECT s.id, s.trace_id, 'property:' || p.key, p.value FROM steps AS s, json_each(s.properties) AS p
WHERE s.properties IS NOT NULL;

CREATE TABLE open_holds (
  step_id TEXT PRIMARY KEY,
  entry BLOB NOT NULL
) STRICT;

CREATE TABLE settled (
  account TEXT PRIMARY KEY,
  period TEXT NOT NULL,
  amount INTEGER NOT NULL
) STRICT;

CREATE INDEX settled_period ON settled (period);

CREATE TABLE kept (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  project TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  box BLOB NOT NULL,
  PRIMARY KEY (kind, id)
) STRICT;

CREATE INDEX kept_expires ON kept (expires_at);
