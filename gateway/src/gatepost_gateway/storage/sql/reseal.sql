-- Queries of storage/reseal.py.

-- Conversation state that is not sealed with the key of the id `current`, in the order of its names.
-- name: kept_old
SELECT kind, id, box FROM kept
WHERE (kind, id) > (:kind, :id) AND substr(box, 1, 6) <> :current
ORDER BY kind, id LIMIT :limit;

-- name: kept_reseal
UPDATE kept SET box = :new WHERE kind = :kind AND id = :id AND box = :box;

-- name: steps_end
SELECT coalesce(max(seq), 0) FROM steps;

-- Steps of a stretch in which the id of an old key stands: in the uses of tools, or by chance elsewhere.
-- name: steps_old
SELECT seq, entry FROM steps WHERE seq > :after AND seq <= :until AND instr(entry, :old) > 0;

-- name: step_reseal
UPDATE steps SET entry = :entry WHERE seq = :seq;
