-- What PostgreSQL says differently for storage/rollups.py and storage/metrics.py. Each journal has rows of its own, so
-- that no fold waits for another; questions add them up.

-- name: values_of_day
SELECT DISTINCT project, name, value FROM rollups WHERE grain = 86400 AND bucket = ? AND name <> '';

-- The histograms that are there of these cells, each (grain, project, name, bucket, value).
-- name: buckets_there
SELECT r.grain, r.project, r.name, r.bucket, r.value, r.buckets
FROM unnest(?::bigint[], ?::text[], ?::text[], ?::bigint[], ?::text[]) AS c (grain, project, name, bucket, value)
JOIN rollups AS r ON r.grain = c.grain AND r.project = c.project AND r.name = c.name AND r.bucket = c.bucket
  AND r.value = c.value AND r.journal = current_setting('gatepost.journal');

-- name: add_rollup
INSERT INTO rollups (
  grain, project, name, bucket, value, requests, errors, hits, prompt, completion, cost, unpriced, revenue, micros, timed,
  buckets
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (grain, project, name, bucket, value, journal) DO UPDATE SET
  requests = rollups.requests + excluded.requests,
  errors = rollups.errors + excluded.errors,
  hits = rollups.hits + excluded.hits,
  prompt = least(rollups.prompt + excluded.prompt, 4000000000000000000),
  completion = least(rollups.completion + excluded.completion, 4000000000000000000),
  cost = least(rollups.cost + excluded.cost, 4000000000000000000),
  unpriced = rollups.unpriced + excluded.unpriced,
  revenue = least(rollups.revenue + excluded.revenue, 4000000000000000000),
  micros = least(rollups.micros + excluded.micros, 4000000000000000000),
  timed = rollups.timed + excluded.timed,
  buckets = excluded.buckets;

-- name: groups
SELECT value, sum(requests)::bigint, sum(errors)::bigint, sum(hits)::bigint, sum(prompt)::bigint,
  sum(completion)::bigint, sum(cost)::bigint, sum(unpriced)::bigint, sum(revenue)::bigint, sum(micros)::bigint,
  sum(timed)::bigint
FROM rollups
WHERE grain = :grain AND project = :project AND name = :name AND bucket >= :start AND bucket < :end
GROUP BY value;

-- name: series
SELECT bucket, sum(requests)::bigint, sum(errors)::bigint, sum(hits)::bigint, sum(prompt)::bigint,
  sum(completion)::bigint, sum(cost)::bigint, sum(unpriced)::bigint, sum(revenue)::bigint, sum(micros)::bigint,
  sum(timed)::bigint
FROM rollups
WHERE grain = :grain AND project = :project AND name = '' AND bucket >= :start AND bucket < :end
GROUP BY bucket ORDER BY bucket;

-- name: drop_rollups
DELETE FROM rollups WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM rollups WHERE grain = :grain AND bucket < :before LIMIT :limit
));

-- name: drop_activity
DELETE FROM activity WHERE ctid = ANY(ARRAY(SELECT ctid FROM activity WHERE day < :before LIMIT :limit));
