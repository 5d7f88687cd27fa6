-- Queries of storage/bodies.py.

-- name: of_trace
SELECT entry FROM bodies WHERE trace_id = ? LIMIT ?;

-- name: of_steps
SELECT entry FROM bodies
WHERE (trace_id, step_id) IN (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?));

-- The calls of a project, the newest first.
-- name: calls_before
SELECT at, id, entry FROM steps
WHERE alone = :alone AND project = :project AND at >= :since AND at <= :at AND (at < :at OR id < :id) AND outcome <> ''
ORDER BY at DESC, id DESC
LIMIT :limit;

-- name: projects
SELECT DISTINCT project FROM steps WHERE project <> '' ORDER BY project;
