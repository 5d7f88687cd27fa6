-- What PostgreSQL says differently for storage/escalations.py.

-- name: turns
SELECT escalation_id, at, by, status, note FROM escalation_turns
WHERE escalation_id IN (SELECT json_array_elements_text(?::json)) ORDER BY at;
