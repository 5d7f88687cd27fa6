-- What PostgreSQL says differently for storage/outbox.py.

-- name: told
SELECT name, value FROM told WHERE name IN (SELECT json_array_elements_text(?::json));

-- name: errors
SELECT project, sum(requests)::bigint, sum(errors)::bigint FROM rollups
WHERE grain = 60 AND bucket >= :start AND name = '' GROUP BY project;
