-- Sessions in PostgreSQL, for several gateways that serve as one. Times are microseconds since the epoch.
-- Marks are keyed hashes; nothing of a conversation is here.

-- name: migration_1
CREATE TABLE gatepost_sessions (id text PRIMARY KEY, owner text NOT NULL, turn bigint NOT NULL, at bigint NOT NULL);
CREATE INDEX gatepost_sessions_at ON gatepost_sessions (at);

-- `kept` and `given` order the sessions under a mark: which was kept first, which was given last.
CREATE SEQUENCE gatepost_marks_order;
CREATE TABLE gatepost_marks (
  mark bytea NOT NULL, session_id text NOT NULL, at bigint NOT NULL, kept bigint NOT NULL, given bigint,
  PRIMARY KEY (mark, session_id)
);
CREATE INDEX gatepost_marks_at ON gatepost_marks (at);

-- Each of the functions takes its mark for itself: what it then reads is what others left, and not what it began with.
CREATE FUNCTION gatepost_adopt(m bytea, s text, now_at bigint, since bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE found text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(encode(m, 'hex'), 1));
  DELETE FROM gatepost_marks WHERE mark = m AND at < since;
  SELECT session_id INTO found FROM gatepost_marks WHERE mark = m ORDER BY given DESC NULLS LAST, kept DESC LIMIT 1;
  IF found IS NULL THEN
    INSERT INTO gatepost_marks VALUES (m, s, now_at, nextval('gatepost_marks_order'), NULL);
    RETURN s;
  END IF;
  UPDATE gatepost_marks SET at = now_at WHERE mark = m;
  RETURN found;
END $$;

CREATE FUNCTION gatepost_claim(m bytea, now_at bigint, since bigint) RETURNS text LANGUAGE plpgsql AS $$
DECLARE found text;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(encode(m, 'hex'), 1));
  SELECT session_id INTO found FROM gatepost_marks WHERE mark = m AND at >= since
  ORDER BY given IS NOT NULL, CASE WHEN given IS NULL THEN kept END, given DESC LIMIT 1;
  IF found IS NOT NULL THEN
    UPDATE gatepost_marks SET given = nextval('gatepost_marks_order')
    WHERE mark = m AND session_id = found AND given IS NULL;
    UPDATE gatepost_marks SET at = now_at WHERE mark = m;
  END IF;
  RETURN found;
END $$;

CREATE FUNCTION gatepost_keep(marks bytea[], s text, now_at bigint, since bigint, most int) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE m bytea;
BEGIN
  FOREACH m IN ARRAY marks LOOP
    PERFORM pg_advisory_xact_lock(hashtextextended(encode(m, 'hex'), 1));
    DELETE FROM gatepost_marks WHERE mark = m AND at < since;
    INSERT INTO gatepost_marks VALUES (m, s, now_at, nextval('gatepost_marks_order'), NULL)
    ON CONFLICT (mark, session_id) DO UPDATE
      SET given = NULL,
          kept = CASE WHEN gatepost_marks.given IS NULL THEN gatepost_marks.kept ELSE excluded.kept END;
    DELETE FROM gatepost_marks WHERE mark = m AND session_id IN (
      SELECT session_id FROM gatepost_marks WHERE mark = m AND given IS NULL ORDER BY kept DESC OFFSET most
    );
    UPDATE gatepost_marks SET at = now_at WHERE mark = m;
  END LOOP;
END $$;

-- name: turn
INSERT INTO gatepost_sessions AS held (id, owner, turn, at) VALUES ($1, $2, $3 + 1, $4)
ON CONFLICT (id) DO UPDATE
  SET owner = excluded.owner, at = excluded.at, turn = CASE WHEN held.at < $5 THEN 1 ELSE held.turn + 1 END
  WHERE held.owner = excluded.owner OR held.at < $5
RETURNING turn;

-- name: adopt
SELECT gatepost_adopt($1, $2, $3, $4);

-- name: claim
SELECT gatepost_claim($1, $2, $3);

-- name: keep
SELECT gatepost_keep($1, $2, $3, $4, $5);

-- name: sweep_sessions
DELETE FROM gatepost_sessions WHERE at < $1;

-- name: sweep_marks
DELETE FROM gatepost_marks WHERE at < $1;
