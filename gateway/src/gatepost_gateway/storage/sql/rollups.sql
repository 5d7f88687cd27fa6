-- Queries of storage/rollups.py and storage/metrics.py.

-- name: metadata_of_trace
SELECT metadata FROM traces WHERE id = ?;

-- name: values_of_day
SELECT project, name, value FROM rollups WHERE grain = 86400 AND bucket = ? AND name <> '';

-- name: add_rollup
INSERT INTO rollups (
  grain, project, name, bucket, value, requests, errors, hits, prompt, completion, cost, unpriced, revenue, micros, timed,
  buckets
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (grain, project, name, bucket, value) DO UPDATE SET
  requests = requests + excluded.requests,
  errors = errors + excluded.errors,
  hits = hits + excluded.hits,
  prompt = min(prompt + excluded.prompt, 4000000000000000000),
  completion = min(completion + excluded.completion, 4000000000000000000),
  cost = min(cost + excluded.cost, 4000000000000000000),
  unpriced = unpriced + excluded.unpriced,
  revenue = min(revenue + excluded.revenue, 4000000000000000000),
  micros = min(micros + excluded.micros, 4000000000000000000),
  timed = timed + excluded.timed,
  buckets = merged_buckets(buckets, excluded.buckets);

-- name: add_active
INSERT INTO activity (project, feature, "user", day) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- What a trace that is sealed has cost by model: its revenue is shared out by that.
-- name: steps_of_sealed
SELECT entry FROM steps WHERE trace_id = ? AND model <> '' LIMIT 10000;

-- name: revenue_of_trace
SELECT project, at, revenue FROM traces WHERE id = ? AND revenue IS NOT NULL AND revenue <> 0;

-- name: groups
SELECT value, sum(requests), sum(errors), sum(hits), sum(prompt), sum(completion), sum(cost), sum(unpriced), sum(revenue),
  sum(micros), sum(timed)
FROM rollups
WHERE grain = :grain AND project = :project AND name = :name AND bucket >= :start AND bucket < :end
GROUP BY value;

-- name: series
SELECT bucket, requests, errors, hits, prompt, completion, cost, unpriced, revenue, micros, timed
FROM rollups
WHERE grain = :grain AND project = :project AND name = '' AND bucket >= :start AND bucket < :end
ORDER BY bucket;

-- name: histograms
SELECT buckets FROM rollups
WHERE grain = :grain AND project = :project AND name = '' AND bucket >= :start AND bucket < :end AND timed > 0;

-- name: cohorts
WITH present AS (
  SELECT "user", (day + 3) / :length AS period FROM activity
  WHERE project = :project AND feature = :feature AND day >= :first AND day <= :last
  GROUP BY "user", (day + 3) / :length
),
begun AS (
  SELECT "user", min((day + 3) / :length) AS cohort FROM activity
  WHERE project = :project AND feature = :feature GROUP BY "user"
)
SELECT cohort, period - cohort, count(*) FROM present JOIN begun USING ("user")
WHERE cohort >= (:first + 3) / :length GROUP BY cohort, period ORDER BY cohort, period;

-- name: drop_rollups
DELETE FROM rollups WHERE (grain, project, name, bucket, value) IN (
  SELECT grain, project, name, bucket, value FROM rollups WHERE grain = :grain AND bucket < :before LIMIT :limit
);

-- name: drop_activity
DELETE FROM activity WHERE (project, feature, "user", day) IN (
  SELECT project, feature, "user", day FROM activity WHERE day < :before LIMIT :limit
);
