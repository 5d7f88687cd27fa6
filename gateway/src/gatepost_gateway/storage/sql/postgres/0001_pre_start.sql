-- The store in PostgreSQL as it was first: see sql/schema.postgres.sql for what each table is for.

CREATE TABLE versions (
  number bigint PRIMARY KEY,
  at bigint NOT NULL,
  by text NOT NULL,
  note text NOT NULL,
  digest text NOT NULL,
  document bytea NOT NULL
);

CREATE TABLE identity_log (
  seq bigint PRIMARY KEY,
  at bigint NOT NULL,
  by text NOT NULL,
  event bytea NOT NULL
);

CREATE TABLE resealing (id int PRIMARY KEY CHECK (id = 1));

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

CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('gatepost_changed', TG_TABLE_NAME);
  RETURN NULL;
END $$;

CREATE TRIGGER versions_told AFTER INSERT ON versions EXECUTE FUNCTION tell();

CREATE TRIGGER identity_log_told AFTER INSERT ON identity_log EXECUTE FUNCTION tell();

CREATE TABLE position (
  journal text COLLATE "C" PRIMARY KEY DEFAULT current_setting('gatepost.journal'),
  segment bigint NOT NULL DEFAULT 0,
  "offset" bigint NOT NULL DEFAULT 0,
  entries bigint NOT NULL DEFAULT 0,
  folded_at bigint NOT NULL DEFAULT 0
);

CREATE FUNCTION others_running() RETURNS TABLE (journal text) LANGUAGE sql STABLE AS $$
  SELECT p.journal FROM position AS p
  WHERE p.journal <> current_setting('gatepost.journal') AND EXISTS (
    SELECT 1 FROM pg_locks AS l
    WHERE l.locktype = 'advisory' AND l.classid = 41002 AND l.objsubid = 2 AND l.granted
      AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND l.objid::bigint = (hashtext(p.journal)::bigint & 4294967295)
  )
$$;

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

CREATE TABLE projects (
  project text COLLATE "C" PRIMARY KEY
);

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

CREATE TABLE steps_other PARTITION OF steps DEFAULT;

CREATE TABLE bodies (
  trace_id text COLLATE "C" NOT NULL,
  step_id text COLLATE "C" NOT NULL,
  at bigint NOT NULL,
  entry bytea NOT NULL,
  PRIMARY KEY (trace_id, step_id, at)
) PARTITION BY RANGE (at);

CREATE TABLE bodies_other PARTITION OF bodies DEFAULT;

CREATE TABLE facets (
  alone int NOT NULL,
  project text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  value text COLLATE "C" NOT NULL,
  at bigint NOT NULL,
  trace_id text COLLATE "C" NOT NULL,
  PRIMARY KEY (alone, project, name, value, at, trace_id)
) PARTITION BY LIST (alone);

CREATE TABLE facets_of_traces PARTITION OF facets FOR VALUES IN (0);

CREATE TABLE facets_alone PARTITION OF facets FOR VALUES IN (1) PARTITION BY RANGE (at);

CREATE TABLE facets_alone_other PARTITION OF facets_alone DEFAULT;

CREATE FUNCTION day_of(at bigint) RETURNS text LANGUAGE sql IMMUTABLE AS $$
  SELECT to_char(to_timestamp(at / 1000000) AT TIME ZONE 'UTC', 'YYYYMMDD')
$$;

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

CREATE FUNCTION said_in(properties text) RETURNS TABLE (name text, value text) LANGUAGE sql IMMUTABLE AS $$
  SELECT 'property:' || key, value
  FROM json_each_text(regexp_replace(properties, '(?<!\\)((?:\\\\)*)\\u0000', '\1\\ufffd', 'g')::json)
$$;

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

CREATE TABLE open_holds (
  step_id text COLLATE "C" PRIMARY KEY,
  journal text COLLATE "C" NOT NULL DEFAULT current_setting('gatepost.journal'),
  entry bytea NOT NULL
);

CREATE INDEX open_holds_journal ON open_holds (journal, step_id);

CREATE TABLE settled (
  account text COLLATE "C" NOT NULL,
  journal text COLLATE "C" NOT NULL DEFAULT current_setting('gatepost.journal'),
  period text COLLATE "C" NOT NULL,
  amount bigint NOT NULL,
  PRIMARY KEY (account, journal)
);

CREATE INDEX settled_period ON settled (period);

CREATE TABLE kept (
  kind text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  project text NOT NULL,
  expires_at bigint NOT NULL,
  box bytea NOT NULL,
  PRIMARY KEY (kind, id)
);

CREATE INDEX kept_expires ON kept (expires_at);

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

CREATE TABLE escalation_turns (
  escalation_id text COLLATE "C" NOT NULL,
  at bigint NOT NULL,
  by text NOT NULL,
  status text NOT NULL,
  note text NOT NULL,
  PRIMARY KEY (escalation_id, at, status)
);

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

CREATE TABLE activity (
  project text COLLATE "C" NOT NULL,
  feature text COLLATE "C" NOT NULL,
  "user" text COLLATE "C" NOT NULL,
  day bigint NOT NULL,
  PRIMARY KEY (project, feature, "user", day)
);

CREATE INDEX activity_age ON activity (day);

CREATE TABLE happened (
  id text COLLATE "C" PRIMARY KEY,
  at bigint NOT NULL,
  topic text NOT NULL,
  project text COLLATE "C" NOT NULL,
  webhook text COLLATE "C" NOT NULL,
  data text NOT NULL
);

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

CREATE TABLE delivery_counts (
  webhook text COLLATE "C" NOT NULL,
  outcome text COLLATE "C" NOT NULL,
  amount bigint NOT NULL,
  PRIMARY KEY (webhook, outcome)
);

CREATE TABLE told (
  name text COLLATE "C" PRIMARY KEY,
  value text NOT NULL,
  at bigint NOT NULL
);
