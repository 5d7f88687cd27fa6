-- What PostgreSQL says differently for storage/config.py, and what it alone needs.

-- PostgreSQL looks after its own files.
-- name: check
SELECT 'ok';

-- Another version or identity than those is there.
-- name: marks
SELECT (SELECT coalesce(max(number), 0) FROM versions), (SELECT coalesce(max(seq), 0) FROM identity_log);

-- What was overwritten is in no page that is read; backups are for who makes them.
-- name: forget_whole
SELECT 1;

-- name: checkpoint
SELECT 1;

-- Other gateways that run, by the locks that they hold.
-- name: others
SELECT count(DISTINCT objid) FROM pg_locks
WHERE locktype = 'advisory' AND classid = 41002 AND objsubid = 2 AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND objid::bigint <> (hashtext(current_setting('gatepost.journal'))::bigint & 4294967295);
