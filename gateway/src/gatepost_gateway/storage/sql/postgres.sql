-- What every part of the state in PostgreSQL has: how far its schema is.

-- name: versions
CREATE TABLE IF NOT EXISTS gatepost_schema (part text PRIMARY KEY, version int NOT NULL);

-- name: version
SELECT version FROM gatepost_schema WHERE part = $1;

-- name: reached
INSERT INTO gatepost_schema (part, version) VALUES ($1, $2)
ON CONFLICT (part) DO UPDATE SET version = excluded.version;

-- One writer at a time brings the schema up.
-- name: lock
SELECT pg_advisory_xact_lock(hashtextextended('gatepost schema', 0));
