-- The schema `gatepost` of PostgreSQL as all migrations together make it. A test compares the two. `gatepost.journal` is
-- set by each connection: the journal that it folds. Times in microseconds.

-- Which migrations ran. Owner: migrate.py. Retention: for ever.
CREATE TABLE migrations (name text PRIMARY KEY, at bigint NOT NULL);

-- Versions of the configuration. Owner: config.py. Retention: for ever.
CREATE TABLE versions (
  number bigint PRIMARY KEY,
  at bigint NOT NULL,
  by text NOT NULL,
  note text NOT NULL,
  digest text NOT NULL,
  document bytea NOT NULL
);

-- The log of identities. Owner: config.py. Retention: for ever.
CREATE TABLE identity_log (
  seq bigint PRIMARY KEY,
  at bigint NOT NULL,
  by text NOT NULL,
  event bytea NOT NULL
);

-- There is a row as long as one transaction seals versions and the log anew. Owner: config.py. Retention: none.
CREATE TABLE resealing (id int PRIMARY KEY CHECK (id = 1));

-- What was derived from the first master key, sealed. Owner: config.py. Retention: for ever.
CREATE TABLE derived (
  label text PRIMARY KEY,
  master text NOT NULL,
  box bytea NOT NULL
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'what stands in % is never changed and never deleted', TG_TABLE_NAME;
END $$;

CREATE TRIGGER versions_remain BEFORE DELETE OR TRUNCATE ON versions EXECUTE FUNCTION refuse_change();

CREATE TRIGGER identity_log_remains BEFORE DELETE OR TRUNCATE ON identity_log EXECUTE FUNCTION refuse_change();

-- A change of the master key seals anew, and changes nothing else.
CREATE FUNCTION resealed_alone() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM resealing)
    OR to_jsonb(NEW) - 'document' - 'event' IS DISTINCT FROM to_jsonb(OLD) - 'document' - 'event'
  THEN
    RAISE EXCEPTION 'what stands in % is never changed', TG_TABLE_NAME;
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER versions_stay BEFORE UPDATE ON versions FOR EACH ROW EXECUTE FUNCTION resealed_alone();

CREATE TRIGGER identity_log_stays BEFORE UPDATE ON identity_log FOR EACH ROW EXECUTE FUNCTION resealed_alone();

-- Other gateways listen.
CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('gatepost_changed', TG_TABLE_NAME);
  RETURN NULL;
END $$;

CREATE TRIGGER versions_told AFTER INSERT ON versions EXECUTE FUNCTION tell();

CREATE TRIGGER identity_log_told AFTER INSERT ON identity_log EXECUTE FUNCTION tell();

-- How far each journal is folded: the border behind the last record, and how many there were. `folded_at`: a moment until
-- which everything is in the records, as another gateway asked.
-- Owner: fold.py. Retention: one row a journal, for ever.
CREATE TABLE position (
  journal text COLLATE "C" PRIMARY KEY DEFAULT current_setting('gatepost.journal'),
  segment bigint NOT NULL DEFAULT 0,
  "offset" bigint NOT NULL DEFAULT 0,
  entries bigint NOT NULL DEFAULT 0,
  folded_at bigint NOT NULL DEFAULT 0
);

-- The journals of other gateways that run, by the locks that they hold.
CREATE FUNCTION others_running() RETURNS TABLE (journal text) LANGUAGE sql STABLE AS $$
  SELECT p.journal FROM position AS p
  WHERE p.journal <> current_setting('gatepost.journal') AND EXISTS (
    SELECT 1 FROM pg_locks AS l
    WHERE l.locktype = 'advisory' AND l.classid = 41002 AND l.objsubid = 2 AND l.granted
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND l.objid::bigint = (hashtext(p.journal)::bigint & 4294967295)
  )
$$;

-- Asks them to fold; the moment of the question, or NULL where there is nobody.
CREATE FUNCTION ask_others() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  now_at bigint := extract(epoch FROM clock_timestamp()) * 1000000;
BEGIN
  IF NOT EXISTS (SELECT 1 FROM others_running()) THEN
    RETURN NULL;
  END IF;
  PERFORM pg_notify('gatepost_fold', now_at::text);
  RETURN now_at;
END $$;

-- The projects that steps and traces are of: what lists go through. Owner: days.py. Retention: for ever.
CREATE TABLE projects (
  project text COLLATE "C" PRIMARY KEY
);

-- The traces that callers made, and the calls that became several steps; see schema.sql. Shared by all gateways.
-- Owner: fold.py. Retention: goes with its steps; an open explicit trace stays 30 days longer than they at most, one
-- that never had a call 400 days.
CREATE TABLE traces (
  id text COLLATE "C" PRIMARY KEY,
  at bigint NOT NULL,
  implicit int NOT NULL,
  org text,
  project text COLLATE "C" NOT NULL,
  key_id text,
  metadata text NOT NULL DEFAULT '{}',
  revenue bigint,
  steps bigint NOT NULL DEFAULT 0,
  unpriced bigint NOT NULL DEFAULT 0,
  cost bigint NOT NULL DEFAULT 0,
  micros bigint NOT NULL DEFAULT 0,
  outcome text COLLATE "C",
  session_id text COLLATE "C",
  "user" text COLLATE "C",
  sealed_at bigint,
  expires_at bigint NOT NULL DEFAULT 0
);

CREATE INDEX traces_project ON traces (project, at, id);

CREATE INDEX traces_outcome ON traces (project, outcome, at, id) WHERE outcome <> 'answered';

CREATE INDEX traces_expires ON traces (expires_at);

-- One row a step, one partition a day (UTC) of `at`; see schema.sql.
-- Owner: fold.py. Retention: `retention_days` of its model after `at`, or 400 days; a partition is dropped when the last
-- of it is over, at most a day after the first.
CREATE TABLE steps (
  id text COLLATE "C" NOT NULL,
  trace_id text COLLATE "C" NOT NULL,
  at bigint NOT NULL,
  alone int NOT NULL,
  project text COLLATE "C" NOT NULL,
  model text COLLATE "C" NOT NULL,
  "user" text COLLATE "C" NOT NULL,
  outcome text COLLATE "C" NOT NULL,
  session_id text COLLATE "C" NOT NULL,
  turn bigint NOT NULL,
  properties text NOT NULL,
  expires_at bigint NOT NULL,
  entry bytea NOT NULL
) PARTITION BY RANGE (at);

CREATE UNIQUE INDEX steps_id ON steps (trace_id, id, at);

CREATE INDEX steps_project ON steps (project, at, id);

CREATE INDEX steps_model ON steps (project, model, at, trace_id) WHERE alone = 1 AND model <> '';

CREATE INDEX steps_user ON steps (project, "user", at, trace_id) WHERE alone = 1 AND "user" <> '';

CREATE INDEX steps_outcome ON steps (project, outcome, at, trace_id) WHERE alone = 1 AND outcome <> 'answered';

CREATE INDEX steps_session ON steps (session_id, turn) WHERE session_id <> '';

CREATE INDEX steps_expires ON steps (expires_at) WHERE expires_at > 0;

CREATE INDEX steps_several ON steps (expires_at) WHERE alone = 0;

-- Of days that have no partition: they left already, or are none. Owner: fold.py. Retention: as `steps`, row by row.
CREATE TABLE steps_other PARTITION OF steps DEFAULT;

-- What was said in calls whose project keeps it, masked; partitioned as `steps`.
-- Owner: fold.py. Retention: goes with its step, and with the partition of its day.
CREATE TABLE bodies (
  trace_id text COLLATE "C" NOT NULL,
  step_id text COLLATE "C" NOT NULL,
  at bigint NOT NULL,
  entry bytea NOT NULL,
  PRIMARY KEY (trace_id, step_id, at)
) PARTITION BY RANGE (at);

-- Owner: fold.py. Retention: as `bodies`, row by row.
CREATE TABLE bodies_other PARTITION OF bodies DEFAULT;

-- What traces are found by; see schema.sql. Those of steps that are alone are partitioned as `steps`.
-- Owner: fold.py. Retention: goes with the step that said it.
CREATE TABLE facets (
  alone int NOT NULL,
  project text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  at bigint NOT NULL,
  trace_id text COLLATE "C" NOT NULL,
  PRIMARY KEY (alone, project, name, value, at, trace_id)
) PARTITION BY LIST (alone);

-- Owner: fold.py. Retention: as `facets`, row by row.
CREATE TABLE facets_of_traces PARTITION OF facets FOR VALUES IN (0);

-- Owner: fold.py. Retention: as `facets`, and with the partition of its day.
CREATE TABLE facets_alone PARTITION OF facets FOR VALUES IN (1) PARTITION BY RANGE (at);

-- Owner: fold.py. Retention: as `facets`, row by row.
CREATE TABLE facets_alone_other PARTITION OF facets_alone DEFAULT;

CREATE FUNCTION day_of(at bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT to_char(to_timestamp(at / 1000000) AT TIME ZONE 'UTC', 'YYYYMMDD')
$$;

-- Partitions of a day (days since 1970).
CREATE FUNCTION make_day(day bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  part text;
  since bigint := day * 86400000000;
  until bigint := since + 86400000000;
BEGIN
  -- A day that was dropped and of which something came late stays where that is.
  IF EXISTS (SELECT 1 FROM steps_other WHERE at >= since AND at < until)
    OR EXISTS (SELECT 1 FROM bodies_other WHERE at >= since AND at < until)
    OR EXISTS (SELECT 1 FROM facets_alone_other WHERE at >= since AND at < until)
  THEN
    RETURN;
  END IF;
  FOREACH part IN ARRAY ARRAY['steps', 'bodies', 'facets_alone'] LOOP
    EXECUTE format(
      'CREATE TABLE IF NOT EXISTS %I PARTITION OF %I FOR VALUES FROM (%s) TO (%s)',
      part || '_' || day_of(since), part, since, until
    );
  END LOOP;
END $$;

CREATE FUNCTION days_there() RETURNS SETOF bigint LANGUAGE sql STABLE AS $$
  SELECT extract(epoch FROM to_date(substr(c.relname, 7), 'YYYYMMDD'))::bigint / 86400
  FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
  WHERE i.inhparent = 'steps'::regclass AND c.relname ~ '^steps_[0-9]{8}$'
  ORDER BY 1
$$;

-- Days of which something is over at `now_at`, or nothing is there; `last_at`: when the last of it is over.
CREATE FUNCTION days_due(now_at bigint) RETURNS TABLE (since bigint, until bigint, last_at bigint)
LANGUAGE plpgsql STABLE AS $$
DECLARE
  day bigint;
  first_at bigint;
BEGIN
  FOR day IN SELECT days_there() LOOP
    since := day * 86400000000;
    until := since + 86400000000;
    EXECUTE format(
      'SELECT min(expires_at), max(expires_at) FROM %I WHERE expires_at > 0', 'steps_' || day_of(since)
    ) INTO first_at, last_at;
    IF first_at IS NULL OR first_at <= now_at THEN
      RETURN NEXT;
    END IF;
  END LOOP;
END $$;

-- Drops a day of which nothing stays; false where something does, or the day itself is not over.
CREATE FUNCTION drop_day(since bigint, now_at bigint) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  day text := day_of(since);
  stays boolean;
BEGIN
  IF since + 86400000000 > now_at THEN
    RETURN false;
  END IF;
  EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', 'steps_' || day);
  EXECUTE format(
    'SELECT EXISTS (SELECT 1 FROM %1$I WHERE alone = 0) OR EXISTS (SELECT 1 FROM %1$I WHERE expires_at > $1)',
    'steps_' || day
  ) INTO stays USING now_at;
  IF stays THEN
    RETURN false;
  END IF;
  EXECUTE format('DROP TABLE %I, %I, %I', 'steps_' || day, 'bodies_' || day, 'facets_alone_' || day);
  RETURN true;
END $$;

-- The properties of a step as facets. PostgreSQL has no NUL in its texts.
CREATE FUNCTION said_in(properties text) RETURNS TABLE (name text, value text) LANGUAGE sql IMMUTABLE AS $$
  SELECT 'property:' || key, value
  FROM json_each_text(regexp_replace(properties, '(?<!\\)((?:\\\\)*)\\u0000', '\1\\ufffd', 'g')::json)
$$;

-- The facets that the steps of some traces say, of steps between two moments.
CREATE FUNCTION facets_said(ids text[], since bigint, until bigint)
RETURNS TABLE (step_id text, trace_id text, alone int, project text, name text, value text, at bigint)
LANGUAGE sql STABLE AS $$
  SELECT s.id, s.trace_id, 1, s.project, p.name, p.value, s.at
  FROM steps AS s, said_in(s.properties) AS p
  WHERE s.trace_id = ANY(ids) AND s.at >= since AND s.at < until AND s.alone = 1 AND s.properties <> ''
  UNION ALL
  SELECT s.id, s.trace_id, 0, t.project, p.name, p.value, t.at
  FROM steps AS s JOIN traces AS t ON t.id = s.trace_id, said_in(s.properties) AS p
  WHERE s.trace_id = ANY(ids) AND s.at >= since AND s.at < until AND s.alone = 0 AND s.properties <> ''
  UNION ALL
  SELECT s.id, s.trace_id, 0, t.project, f.name, f.value, t.at
  FROM steps AS s JOIN traces AS t ON t.id = s.trace_id,
    LATERAL (VALUES ('model', s.model), ('user', s."user")) AS f (name, value)
  WHERE s.trace_id = ANY(ids) AND s.at >= since AND s.at < until AND s.alone = 0 AND f.value <> ''
$$;

-- Calls that began and have not ended, with the journal that says so.
-- Owner: fold.py. Retention: goes when the call ends; the next start of its gateway ends those of a dead process.
CREATE TABLE open_holds (
  step_id text COLLATE "C" PRIMARY KEY,
  journal text COLLATE "C" NOT NULL DEFAULT current_setting('gatepost.journal'),
  entry bytea NOT NULL
);

CREATE INDEX open_holds_journal ON open_holds (journal, step_id);

-- What was spent of each account, one row a journal, so that no fold waits for another.
-- Owner: fold.py. Retention: 400 days after its period, then by whole months.
CREATE TABLE settled (
  account text COLLATE "C" NOT NULL,
  journal text COLLATE "C" NOT NULL DEFAULT current_setting('gatepost.journal'),
  period text COLLATE "C" NOT NULL,
  amount bigint NOT NULL,
  PRIMARY KEY (account, journal)
);

CREATE INDEX settled_period ON settled (period);

-- Conversation state, as ciphertext. Owner: fold.py. Retention: until `expires_at`.
CREATE TABLE kept (
  kind text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  project text NOT NULL,
  expires_at bigint NOT NULL,
  box bytea NOT NULL,
  PRIMARY KEY (kind, id)
);

CREATE INDEX kept_expires ON kept (expires_at);

-- What a rule held back for a person to decide; see schema.sql.
-- Owner: fold.py makes and admits, escalations.py turns. Retention: 400 days after `at`.
CREATE TABLE escalations (
  id text COLLATE "C" PRIMARY KEY,
  at bigint NOT NULL,
  project text COLLATE "C" NOT NULL,
  status text NOT NULL,
  expires_at bigint NOT NULL,
  admits_until bigint NOT NULL DEFAULT 0,
  admitted_step text NOT NULL DEFAULT '',
  entry bytea NOT NULL
);

CREATE INDEX escalations_project ON escalations (project, at, id);

CREATE INDEX escalations_at ON escalations (at, id);

CREATE INDEX escalations_verdict ON escalations (admits_until) WHERE admits_until > 0;

CREATE TRIGGER escalations_told AFTER UPDATE ON escalations EXECUTE FUNCTION tell();

-- Who turned an escalation, when, to what, and why. Owner: escalations.py. Retention: goes with its escalation.
CREATE TABLE escalation_turns (
  escalation_id text COLLATE "C" NOT NULL,
  at bigint NOT NULL,
  by text NOT NULL,
  status text NOT NULL,
  note text NOT NULL,
  PRIMARY KEY (escalation_id, at, status)
);

-- Calls added up, see schema.sql; one row a journal, so that no fold waits for another.
-- Owner: fold.py. Retention: minutes 3 days, hours 100 days, days 800 days.
CREATE TABLE rollups (
  journal text COLLATE "C" NOT NULL DEFAULT current_setting('gatepost.journal'),
  grain bigint NOT NULL,
  project text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  bucket bigint NOT NULL,
  value text COLLATE "C" NOT NULL,
  requests bigint NOT NULL,
  errors bigint NOT NULL,
  hits bigint NOT NULL,
  prompt bigint NOT NULL,
  completion bigint NOT NULL,
  cost bigint NOT NULL,
  unpriced bigint NOT NULL,
  revenue bigint NOT NULL,
  micros bigint NOT NULL,
  timed bigint NOT NULL,
  buckets bytea NOT NULL,
  PRIMARY KEY (grain, project, name, bucket, value, journal)
);

CREATE INDEX rollups_age ON rollups (grain, bucket);

-- Who was there on which day (days since 1970 in UTC), for each feature and ('') for all.
-- Owner: fold.py. Retention: 800 days.
CREATE TABLE activity (
  project text COLLATE "C" NOT NULL,
  feature text COLLATE "C" NOT NULL,
  "user" text COLLATE "C" NOT NULL,
  day bigint NOT NULL,
  PRIMARY KEY (project, feature, "user", day)
);

CREATE INDEX activity_age ON activity (day);

-- What happened and was not yet handed to the webhooks that want to know; see schema.sql.
-- Owner: fold.py, escalations.py and outbox.py. Retention: until it is handed on.
CREATE TABLE happened (
  id text COLLATE "C" PRIMARY KEY,
  at bigint NOT NULL,
  topic text NOT NULL,
  project text COLLATE "C" NOT NULL,
  webhook text COLLATE "C" NOT NULL,
  data text NOT NULL
);

-- One event on its way to one webhook; see schema.sql.
-- Owner: outbox.py. Retention: 30 days, and the last 1000 of a webhook that are over.
CREATE TABLE deliveries (
  webhook text COLLATE "C" NOT NULL,
  event_id text COLLATE "C" NOT NULL,
  at bigint NOT NULL,
  topic text NOT NULL,
  body text NOT NULL,
  state text COLLATE "C" NOT NULL,
  attempts bigint NOT NULL,
  next_at bigint NOT NULL,
  answered bigint,
  trouble text,
  done_at bigint,
  PRIMARY KEY (webhook, event_id)
);

CREATE INDEX deliveries_due ON deliveries (webhook, next_at) WHERE state = 'pending';

CREATE INDEX deliveries_page ON deliveries (webhook, at);

-- How many deliveries of a webhook ended how. Owner: outbox.py. Retention: none.
CREATE TABLE delivery_counts (
  webhook text COLLATE "C" NOT NULL,
  outcome text COLLATE "C" NOT NULL,
  amount bigint NOT NULL,
  PRIMARY KEY (webhook, outcome)
);

-- What was told already, and how far was looked.
-- Owner: outbox.py. Retention: 40 days after it was last written.
CREATE TABLE told (
  name text COLLATE "C" PRIMARY KEY,
  value text NOT NULL,
  at bigint NOT NULL
);
