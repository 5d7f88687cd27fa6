-- What PostgreSQL says differently for storage/migrate.py.

-- One at a time: two that begin at once make the table once.
-- name: make_table
SELECT pg_advisory_xact_lock(hashtextextended('gatepost schema', 0));
CREATE SCHEMA IF NOT EXISTS gatepost;
CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, at bigint NOT NULL);
