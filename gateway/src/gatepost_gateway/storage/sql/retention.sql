-- Queries of storage/retention.py: what is over its time leaves in batches.

-- name: make_doomed_steps
CREATE TEMP TABLE IF NOT EXISTS doomed_steps (id TEXT NOT NULL, trace_id TEXT NOT NULL, PRIMARY KEY (trace_id, id));

-- name: make_doomed_traces
CREATE TEMP TABLE IF NOT EXISTS doomed_traces (id TEXT PRIMARY KEY);

-- name: pick_steps
INSERT INTO doomed_steps
SELECT id, trace_id FROM steps WHERE expires_at > 0 AND expires_at <= :now ORDER BY expires_at LIMIT :limit;

-- A trace is alone or it is not: its id decides. Written so that each facet is looked up by the whole key.
-- name: drop_facets
WITH gone AS MATERIALIZED (
  SELECT project, CAST(name AS TEXT) AS name, value, at, trace_id FROM step_facets
  WHERE trace_id IN (SELECT trace_id FROM doomed_steps) AND +step_id IN (SELECT id FROM doomed_steps)
)
DELETE FROM facets
WHERE alone IN (0, 1)
  AND (project, name, value, at, trace_id) IN (SELECT project, name, value, at, trace_id FROM gone);

-- name: drop_bodies
DELETE FROM bodies WHERE (trace_id, step_id) IN (SELECT trace_id, id FROM doomed_steps);

-- name: drop_steps
DELETE FROM steps WHERE (trace_id, id) IN (SELECT trace_id, id FROM doomed_steps);

-- The steps that stay may say what those that went said as well.
-- name: say_facets_again
INSERT OR IGNORE INTO facets (alone, project, name, value, at, trace_id)
SELECT alone, project, name, value, at, trace_id FROM step_facets
WHERE trace_id IN (SELECT trace_id FROM doomed_steps);

-- A trace that is open may get more steps: it stays until it is sealed, or older than `open_before`. One that never had
-- a call leaves after the 400 days that a step without retention has.
-- name: pick_traces
INSERT INTO doomed_traces
SELECT id FROM traces
WHERE expires_at <= :now AND (implicit = 1 OR sealed_at IS NOT NULL OR at <= :open_before)
  AND (expires_at > 0 OR at <= :now - 34560000000000)
  AND NOT EXISTS (SELECT 1 FROM steps WHERE steps.trace_id = traces.id AND steps.expires_at > 0)
ORDER BY expires_at
LIMIT :limit;

-- name: drop_events
DELETE FROM steps WHERE trace_id IN (SELECT id FROM doomed_traces);

-- name: drop_traces
DELETE FROM traces WHERE id IN (SELECT id FROM doomed_traces);

-- name: clear_steps
DELETE FROM doomed_steps;

-- name: clear_traces
DELETE FROM doomed_traces;

-- name: drop_kept
DELETE FROM kept WHERE (kind, id) IN (SELECT kind, id FROM kept WHERE expires_at <= :now ORDER BY expires_at LIMIT :limit);

-- name: drop_escalation_turns
DELETE FROM escalation_turns WHERE escalation_id IN (SELECT id FROM escalations WHERE at < :before ORDER BY at LIMIT :limit);

-- name: drop_escalations
DELETE FROM escalations WHERE id IN (SELECT id FROM escalations WHERE at < :before ORDER BY at LIMIT :limit);

-- name: drop_settled
DELETE FROM settled WHERE account IN (SELECT account FROM settled WHERE period < :period ORDER BY period LIMIT :limit);

-- Returns free pages to the file system, no more than goes quickly.
-- name: give_back
PRAGMA incremental_vacuum(2000);
