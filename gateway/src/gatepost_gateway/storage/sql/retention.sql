-- Queries of storage/retention.py: what is over its time leaves in batches.

-- name: make_doomed_steps
CREATE TEMP TABLE IF NOT EXISTS doomed_steps (id TEXT PRIMARY KEY, trace_id TEXT NOT NULL);

-- name: make_doomed_traces
CREATE TEMP TABLE IF NOT EXISTS doomed_traces (id TEXT PRIMARY KEY);

-- name: pick_steps
INSERT INTO doomed_steps
SELECT id, trace_id FROM steps WHERE expires_at <= :now ORDER BY expires_at LIMIT :limit;

-- name: drop_facets
DELETE FROM facets WHERE (project, name, value, at, trace_id) IN (
  SELECT t.project, f.name, f.value, t.at, t.id
  FROM doomed_steps AS d
  JOIN step_facets AS f ON f.step_id = d.id
  JOIN traces AS t ON t.id = d.trace_id
);

-- name: drop_steps
DELETE FROM steps WHERE id IN (SELECT id FROM doomed_steps);

-- The steps that stay may say what those that went said as well.
-- name: say_facets_again
INSERT OR IGNORE INTO facets (project, name, value, at, trace_id)
SELECT t.project, f.name, f.value, t.at, t.id
FROM (SELECT DISTINCT trace_id FROM doomed_steps) AS d
JOIN traces AS t ON t.id = d.trace_id AND t.implicit = 0
JOIN steps AS s ON s.trace_id = d.trace_id
JOIN step_facets AS f ON f.step_id = s.id;

-- A trace that is open may get more steps: it stays until it is sealed, or older than `open_before`.
-- name: pick_traces
INSERT INTO doomed_traces
SELECT id FROM traces
WHERE expires_at > 0 AND expires_at <= :now AND (implicit = 1 OR sealed_at IS NOT NULL OR at <= :open_before)
  AND NOT EXISTS (SELECT 1 FROM steps WHERE steps.trace_id = traces.id AND steps.expires_at IS NOT NULL)
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

-- name: drop_settled
DELETE FROM settled WHERE account IN (SELECT account FROM settled WHERE period < :period ORDER BY period LIMIT :limit);

-- Returns free pages to the file system, no more than goes quickly.
-- name: give_back
PRAGMA incremental_vacuum(2000);
