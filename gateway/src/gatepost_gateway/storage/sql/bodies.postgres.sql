-- What PostgreSQL says differently for storage/bodies.py.

-- name: of_steps
SELECT b.entry
FROM json_array_elements(?::json) AS w (pair) JOIN bodies AS b ON b.trace_id = w.pair ->> 0 AND b.step_id = w.pair ->> 1;

-- name: projects
SELECT project FROM projects WHERE project <> '' ORDER BY project;
