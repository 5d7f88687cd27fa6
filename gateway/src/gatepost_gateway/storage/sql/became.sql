-- Steps by their ids alone: their ids say when they were made, and by that they are found.

-- name: projects
WITH RECURSIVE seen (alone, project) AS (
  VALUES (0, (SELECT min(project) FROM steps WHERE alone = 0)), (1, (SELECT min(project) FROM steps WHERE alone = 1))
  UNION ALL
  SELECT seen.alone, (SELECT min(project) FROM steps WHERE steps.alone = seen.alone AND project > seen.project)
  FROM seen WHERE seen.project IS NOT NULL
)
SELECT DISTINCT project FROM seen WHERE project IS NOT NULL;

-- name: step
SELECT entry FROM steps
WHERE alone IN (0, 1) AND project = ? AND at BETWEEN ? AND ? AND id = ?;

-- name: of_trace
SELECT entry FROM steps WHERE trace_id = ?;
