-- Versions of the configuration and the log of identities. Both only grow: the triggers make sure.

CREATE TABLE versions (
    number     INTEGER PRIMARY KEY,
    at         INTEGER NOT NULL,
    by         TEXT NOT NULL,
    note       TEXT NOT NULL,
    digest     TEXT NOT NULL,
    document   BLOB NOT NULL
) STRICT;

CREATE TRIGGER versions_stay BEFORE UPDATE ON versions
BEGIN SELECT RAISE(ABORT, 'a version is never changed'); END;

CREATE TRIGGER versions_remain BEFORE DELETE ON versions
BEGIN SELECT RAISE(ABORT, 'a version is never deleted'); END;

CREATE TABLE identity_log (
    seq        INTEGER PRIMARY KEY,
    at         INTEGER NOT NULL,
    by         TEXT NOT NULL,
    event      BLOB NOT NULL
) STRICT;

CREATE TRIGGER identity_log_stays BEFORE UPDATE ON identity_log
BEGIN SELECT RAISE(ABORT, 'the identity log is never changed'); END;

CREATE TRIGGER identity_log_remains BEFORE DELETE ON identity_log
BEGIN SELECT RAISE(ABORT, 'the identity log is never cut'); END;
