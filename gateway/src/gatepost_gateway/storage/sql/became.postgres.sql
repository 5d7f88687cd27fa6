-- What PostgreSQL says differently for storage/became.py.

-- name: projects
SELECT project FROM projects;
