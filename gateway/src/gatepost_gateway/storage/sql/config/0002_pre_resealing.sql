-- A change of the master key seals anew what stands in versions and in the log, and changes nothing else of them. There is
-- a row in `resealing` as long as one transaction does that.

CREATE TABLE resealing (
    id         INTEGER PRIMARY KEY CHECK (id = 1)
) STRICT;

-- What was derived from the first master key, sealed: it outlives that key.
CREATE TABLE derived (
    label      TEXT PRIMARY KEY,
    master     TEXT NOT NULL,
    box        BLOB NOT NULL
) STRICT;

DROP TRIGGER versions_stay;

CREATE TRIGGER versions_stay BEFORE UPDATE ON versions
WHEN (NEW.number, NEW.at, NEW.by, NEW.note, NEW.digest) IS NOT (OLD.number, OLD.at, OLD.by, OLD.note, OLD.digest)
  OR NOT EXISTS (SELECT 1 FROM resealing)
BEGIN SELECT RAISE(ABORT, 'a version is never changed'); END;

DROP TRIGGER identity_log_stays;

CREATE TRIGGER identity_log_stays BEFORE UPDATE ON identity_log
WHEN (NEW.seq, NEW.at, NEW.by) IS NOT (OLD.seq, OLD.at, OLD.by) OR NOT EXISTS (SELECT 1 FROM resealing)
BEGIN SELECT RAISE(ABORT, 'the identity log is never changed'); END;
