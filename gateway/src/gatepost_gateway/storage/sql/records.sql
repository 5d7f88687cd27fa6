-- Queries of storage/records.py.

-- name: position
SELECT segment, offset, entries FROM position;

-- name: move_position
UPDATE position SET segment = ?, offset = ?, entries = entries + ?;

-- The first record of a step counts: a second one breaks this and is sorted out by `steps_there`.
-- name: add_step
INSERT INTO steps (
  id, trace_id, at, surface, operation, kind, org, project, proxy, key_id, user, parent_step_id, implicit, request_id,
  session_id, turn, session_path, properties, request_source, correlation_id, parent_trace_id, flow_id, model_asked,
  model, provider, stream, outcome, status, error, message, micros, first_micros, usage_input, usage_output,
  usage_cache_read, usage_cache_write, usage_reasoning, usage_images, usage_exact, prices, cost, claims, held, settled,
  attempts, decisions, finish, upstream_id, fingerprint, tool_calls, config_version, warnings, retention_days, estimated,
  name, data, expires_at
) VALUES (
  ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
  ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
);

-- name: steps_there
SELECT id FROM steps WHERE id IN (SELECT value FROM json_each(?));

-- name: trace_times
SELECT id, at FROM traces WHERE id IN (SELECT value FROM json_each(?));

-- name: open_trace
INSERT INTO traces (id, at, implicit, org, project, key_id, metadata, revenue, expires_at)
VALUES (?, ?, 0, ?, ?, ?, ?, ?, 0)
ON CONFLICT (id) DO NOTHING;

-- A sum beyond 64 bits would become a float, which the table refuses: it stays at the largest.
-- name: add_to_trace
INSERT INTO traces (
  id, at, implicit, org, project, key_id, steps, unpriced, cost, micros, outcome, session_id, user, expires_at
) VALUES (?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
  steps = steps + 1,
  unpriced = unpriced + excluded.unpriced,
  cost = min(cost + excluded.cost, 4000000000000000000),
  micros = min(micros + excluded.micros, 4000000000000000000),
  outcome = coalesce(excluded.outcome, outcome),
  session_id = coalesce(excluded.session_id, session_id),
  user = coalesce(excluded.user, user),
  expires_at = max(expires_at, excluded.expires_at);

-- name: seal_trace
UPDATE traces SET sealed_at = ?, cost = ?, micros = ?, steps = ?, unpriced = ? WHERE id = ? AND sealed_at IS NULL;

-- name: add_facet
INSERT OR IGNORE INTO facets (project, name, value, at, trace_id) VALUES (?, ?, ?, ?, ?);

-- name: open_hold
INSERT OR IGNORE INTO open_holds (step_id, entry) VALUES (?, ?);

-- name: close_hold
DELETE FROM open_holds WHERE step_id = ?;

-- name: settle
INSERT INTO settled (account, period, amount) VALUES (?, ?, ?)
ON CONFLICT (account) DO UPDATE SET amount = min(amount + excluded.amount, 4000000000000000000);

-- name: keep
INSERT INTO kept (kind, id, project, expires_at, box) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (kind, id) DO UPDATE SET project = excluded.project, expires_at = excluded.expires_at, box = excluded.box;

-- name: drop_kept
DELETE FROM kept WHERE kind = ? AND id = ?;

-- An index seek a project, however many traces each has.
-- name: projects
WITH RECURSIVE seen (project) AS (
  SELECT min(project) FROM traces
  UNION ALL
  SELECT (SELECT min(project) FROM traces WHERE project > seen.project) FROM seen WHERE seen.project IS NOT NULL
)
SELECT project FROM seen WHERE project IS NOT NULL;

-- name: list_by_project
SELECT t.id, t.at, t.implicit, t.org, t.project, t.key_id, t.metadata, t.revenue, t.steps, t.unpriced, t.cost, t.micros,
  t.outcome, t.session_id, t.user, t.sealed_at,
  (SELECT json_group_array(DISTINCT s.model) FROM steps AS s WHERE s.trace_id = t.id AND s.model IS NOT NULL)
FROM traces AS t
WHERE t.project = :project AND (t.at, t.id) < (:at, :id) AND t.at >= :since
  AND (:outcome IS NULL OR t.outcome = :outcome)
ORDER BY t.at DESC, t.id DESC
LIMIT :limit;

-- Every outcome but the usual one has an index.
-- name: list_by_outcome
SELECT t.id, t.at, t.implicit, t.org, t.project, t.key_id, t.metadata, t.revenue, t.steps, t.unpriced, t.cost, t.micros,
  t.outcome, t.session_id, t.user, t.sealed_at,
  (SELECT json_group_array(DISTINCT s.model) FROM steps AS s WHERE s.trace_id = t.id AND s.model IS NOT NULL)
FROM traces AS t
WHERE t.project = :project AND t.outcome = :outcome AND t.outcome <> 'answered'
  AND (t.at, t.id) < (:at, :id) AND t.at >= :since
  AND NOT EXISTS (
    SELECT 1 FROM json_each(:wanted) AS w WHERE NOT EXISTS (
      SELECT 1 FROM facets AS f
      WHERE f.project = t.project AND f.name = json_extract(w.value, '$[0]') AND f.value = json_extract(w.value, '$[1]')
        AND f.at = t.at AND f.trace_id = t.id
    )
  )
ORDER BY t.at DESC, t.id DESC
LIMIT :limit;

-- How many traces a filter may give, counted no further than matters for choosing among them.
-- name: size_by_facet
SELECT count(*) FROM (
  SELECT 1 FROM facets
  WHERE project = :project AND name = :name AND value = :value AND at >= :since AND at <= :at
  LIMIT 5000
);

-- name: size_by_outcome
SELECT count(*) FROM (
  SELECT 1 FROM traces
  WHERE project = :project AND outcome = :outcome AND outcome <> 'answered' AND at >= :since AND at <= :at
  LIMIT 5000
);

-- name: list_by_session
SELECT t.id, t.at, t.implicit, t.org, t.project, t.key_id, t.metadata, t.revenue, t.steps, t.unpriced, t.cost, t.micros,
  t.outcome, t.session_id, t.user, t.sealed_at,
  (SELECT json_group_array(DISTINCT s.model) FROM steps AS s WHERE s.trace_id = t.id AND s.model IS NOT NULL)
FROM (SELECT DISTINCT trace_id FROM steps WHERE session_id = :session) AS d CROSS JOIN traces AS t ON t.id = d.trace_id
WHERE t.project = :project AND (t.at, t.id) < (:at, :id) AND t.at >= :since
  AND (:outcome IS NULL OR t.outcome = :outcome)
  AND NOT EXISTS (
    SELECT 1 FROM json_each(:wanted) AS w WHERE NOT EXISTS (
      SELECT 1 FROM facets AS f
      WHERE f.project = t.project AND f.name = json_extract(w.value, '$[0]') AND f.value = json_extract(w.value, '$[1]')
        AND f.at = t.at AND f.trace_id = t.id
    )
  )
ORDER BY t.at DESC, t.id DESC
LIMIT :limit;

-- name: list_by_facet
SELECT t.id, t.at, t.implicit, t.org, t.project, t.key_id, t.metadata, t.revenue, t.steps, t.unpriced, t.cost, t.micros,
  t.outcome, t.session_id, t.user, t.sealed_at,
  (SELECT json_group_array(DISTINCT s.model) FROM steps AS s WHERE s.trace_id = t.id AND s.model IS NOT NULL)
FROM facets AS d CROSS JOIN traces AS t ON t.id = d.trace_id
WHERE d.project = :project AND d.name = :name AND d.value = :value AND (d.at, d.trace_id) < (:at, :id) AND d.at >= :since
  AND (:outcome IS NULL OR t.outcome = :outcome)
  AND NOT EXISTS (
    SELECT 1 FROM json_each(:wanted) AS w WHERE NOT EXISTS (
      SELECT 1 FROM facets AS f
      WHERE f.project = t.project AND f.name = json_extract(w.value, '$[0]') AND f.value = json_extract(w.value, '$[1]')
        AND f.at = t.at AND f.trace_id = t.id
    )
  )
ORDER BY d.at DESC, d.trace_id DESC
LIMIT :limit;

-- name: trace
SELECT t.id, t.at, t.implicit, t.org, t.project, t.key_id, t.metadata, t.revenue, t.steps, t.unpriced, t.cost, t.micros,
  t.outcome, t.session_id, t.user, t.sealed_at,
  (SELECT json_group_array(DISTINCT s.model) FROM steps AS s WHERE s.trace_id = t.id AND s.model IS NOT NULL)
FROM traces AS t
WHERE t.id = ?;

-- name: steps_of_trace
SELECT id, trace_id, at, surface, operation, kind, org, project, proxy, key_id, user, parent_step_id, implicit,
  request_id, session_id, turn, session_path, properties, request_source, correlation_id, parent_trace_id, flow_id,
  model_asked, model, provider, stream, outcome, status, error, message, micros, first_micros, usage_input,
  usage_output, usage_cache_read, usage_cache_write, usage_reasoning, usage_images, usage_exact, prices, cost, claims,
  held, settled, attempts, decisions, finish, upstream_id, fingerprint, tool_calls, config_version, warnings,
  retention_days, estimated, name, data
FROM steps
WHERE trace_id = ?
ORDER BY at, id
LIMIT ?;

-- name: steps_of_session
SELECT id, trace_id, at, surface, operation, kind, org, project, proxy, key_id, user, parent_step_id, implicit,
  request_id, session_id, turn, session_path, properties, request_source, correlation_id, parent_trace_id, flow_id,
  model_asked, model, provider, stream, outcome, status, error, message, micros, first_micros, usage_input,
  usage_output, usage_cache_read, usage_cache_write, usage_reasoning, usage_images, usage_exact, prices, cost, claims,
  held, settled, attempts, decisions, finish, upstream_id, fingerprint, tool_calls, config_version, warnings,
  retention_days, estimated, name, data
FROM steps
WHERE session_id = ?
ORDER BY turn, at, id
LIMIT ?;

-- name: settled_of
SELECT account, amount FROM settled WHERE account IN (SELECT value FROM json_each(?));

-- name: settled_in
SELECT account, amount FROM settled WHERE period IN (SELECT value FROM json_each(?));

-- name: open_holds
SELECT entry FROM open_holds ORDER BY step_id;

-- Step ids are UUIDs of version 7: they begin with their time, so the primary key finds the last half hour.
-- name: live_sessions
SELECT session_id, project, proxy, turn, max(at) FROM steps
WHERE id >= :id AND at >= :since AND session_id IS NOT NULL AND turn IS NOT NULL
GROUP BY session_id
ORDER BY max(at) DESC
LIMIT :limit;

-- name: trace_state
SELECT project, metadata, revenue, implicit, sealed_at, cost, micros, steps, unpriced, at FROM traces WHERE id = ?;

-- name: kept
SELECT project, box, expires_at FROM kept WHERE kind = ? AND id = ? AND expires_at > ?;

-- name: integrity
PRAGMA integrity_check(20);

-- name: counts
SELECT (SELECT count(*) FROM traces), (SELECT count(*) FROM steps), (SELECT count(*) FROM open_holds),
  (SELECT count(*) FROM kept), (SELECT count(*) FROM settled);
