-- What PostgreSQL says differently for storage/reseal.py.

-- name: steps_old
SELECT trace_id, id, CASE WHEN position(:old::bytea IN entry) > 0 THEN entry END FROM steps
WHERE (trace_id, id) > (:trace_id, :id) ORDER BY trace_id, id LIMIT :limit;
