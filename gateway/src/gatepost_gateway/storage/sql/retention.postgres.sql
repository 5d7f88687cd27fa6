-- What PostgreSQL says differently for storage/retention.py. A day whose steps are all over leaves as a whole
-- (`drop_day`); what leaves row by row is the steps of traces, and the short-lived ones among others of their day.

-- name: make_doomed_steps
CREATE TEMP TABLE IF NOT EXISTS doomed_steps (
  id text COLLATE "C" NOT NULL, trace_id text COLLATE "C" NOT NULL, at bigint NOT NULL, PRIMARY KEY (trace_id, id)
);

-- name: make_doomed_traces
CREATE TEMP TABLE IF NOT EXISTS doomed_traces (id text COLLATE "C" PRIMARY KEY);

-- What is doomed is little: it is looked up, and no partition is read from end to end.
-- name: look_up
SELECT set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
  set_config('enable_seqscan', 'off', true);

-- name: days_due
SELECT since, until, last_at FROM days_due(:now);

-- name: drop_day
SELECT drop_day(:since, :now);

-- name: pick_steps
INSERT INTO doomed_steps
SELECT id, trace_id, at FROM steps
WHERE at >= :since AND at < :until AND expires_at > 0 AND expires_at <= :now AND alone <= :alone
ORDER BY expires_at LIMIT :limit;

-- name: pick_others
INSERT INTO doomed_steps
SELECT id, trace_id, at FROM steps_other WHERE expires_at > 0 AND expires_at <= :now ORDER BY expires_at LIMIT :limit;

-- name: drop_facets
WITH doomed AS MATERIALIZED (
  SELECT array_agg(DISTINCT trace_id) AS ids, min(at) AS since, max(at) + 1 AS until FROM doomed_steps
),
gone AS MATERIALIZED (
  SELECT DISTINCT f.alone, f.project, f.name, f.value, f.at, f.trace_id
  FROM doomed, facets_said(doomed.ids, doomed.since, doomed.until) AS f
  JOIN doomed_steps AS d ON d.trace_id = f.trace_id AND d.id = f.step_id
)
DELETE FROM facets AS f USING gone AS g
WHERE f.alone = g.alone AND f.project = g.project AND f.name = g.name AND f.value = g.value AND f.at = g.at
  AND f.trace_id = g.trace_id;

-- name: drop_bodies
DELETE FROM bodies AS b USING doomed_steps AS d WHERE b.trace_id = d.trace_id AND b.step_id = d.id AND b.at = d.at;

-- name: drop_steps
DELETE FROM steps AS s USING doomed_steps AS d WHERE s.trace_id = d.trace_id AND s.id = d.id AND s.at = d.at;

-- name: say_facets_again
INSERT INTO facets (alone, project, name, value, at, trace_id)
SELECT DISTINCT f.alone, f.project, f.name, f.value, f.at, f.trace_id
FROM (SELECT array_agg(DISTINCT d.trace_id) AS ids FROM doomed_steps AS d JOIN traces AS t ON t.id = d.trace_id) AS those,
  facets_said(those.ids, -9000000000000000000, 9000000000000000000) AS f
ON CONFLICT DO NOTHING;

-- name: drop_kept
DELETE FROM kept WHERE ctid = ANY(ARRAY(SELECT ctid FROM kept WHERE expires_at <= :now ORDER BY expires_at LIMIT :limit));

-- name: drop_settled
DELETE FROM settled WHERE ctid = ANY(ARRAY(
  SELECT ctid FROM settled WHERE period < :period ORDER BY period LIMIT :limit
));

-- PostgreSQL gives space back by itself.
-- name: give_back
SELECT 1;
