-- Queries of storage/reseal.py.

-- Conversation state that is not sealed with the key of the id `current`, in the order of its names.
-- name: kept_old
SELECT kind, id, box FROM kept
WHERE (kind, id) > (:kind, :id) AND substr(box, 1, 6) <> :current
ORDER BY kind, id LIMIT :limit;

-- name: kept_reseal
UPDATE kept SET box = :new WHERE kind = :kind AND id = :id AND box = :box;

-- A stretch of steps by their names; the entry of each in which the id of an old key stands, in the uses of tools or by
-- chance elsewhere.
-- name: steps_old
SELECT trace_id, id, CASE WHEN instr(entry, :old) > 0 THEN entry END FROM steps
WHERE (trace_id, id) > (:trace_id, :id) ORDER BY trace_id, id LIMIT :limit;

-- name: step_reseal
UPDATE steps SET entry = :entry WHERE trace_id = :trace_id AND id = :id;
