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
  expires_at INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX traces_project ON traces (project, at, id);

CREATE INDEX traces_outcome ON traces (project, outcome, at, id) WHERE outcome <> 'answered';

CREATE INDEX traces_expires ON traces (expires_at);

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

CREATE TABLE facets (
  alone INTEGER NOT NULL,
  project TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  at INTEGER NOT NULL,
  trace_id TEXT NOT NULL,
  PRIMARY KEY (alone, project, name, value, at, trace_id)
) STRICT, WITHOUT ROWID;

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
