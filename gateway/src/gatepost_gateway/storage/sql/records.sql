-- Queries of storage/records.py.

-- name: position
SELECT segment, "offset", entries FROM position;

-- Nothing, where another process was faster.
-- name: move_position
UPDATE position SET segment = :segment, "offset" = :offset, entries = entries + :entries
WHERE segment = :from_segment AND "offset" = :from_offset;

-- The first record of a step counts: a second one breaks this and is sorted out by `steps_there`.
-- name: add_step
INSERT INTO steps (
  id, trace_id, at, alone, project, model, "user", outcome, session_id, turn, properties, expires_at, entry
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- The first that was said counts.
-- name: add_body
INSERT INTO bodies (step_id, trace_id, entry) VALUES (?, ?, ?) ON CONFLICT DO NOTHING;

-- A step belongs to one trace.
-- name: steps_there
SELECT id FROM steps
WHERE (trace_id, id) IN (SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]') FROM json_each(?));

-- name: join_trace
UPDATE steps INDEXED BY steps_id SET alone = 0 WHERE trace_id = ? AND alone = 1 RETURNING entry;

-- name: drop_alone_facet
DELETE FROM facets WHERE alone = 1 AND project = ? AND name = ? AND value = ? AND at = ? AND trace_id = ?;

-- name: open_trace
INSERT INTO traces (id, at, implicit, org, project, key_id, metadata, revenue) VALUES (?, ?, 0, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO NOTHING;

-- A sum beyond 64 bits would become a float, which the table refuses: it stays at the largest.
-- name: add_to_trace
INSERT INTO traces (
  id, at, implicit, org, project, key_id, steps, unpriced, cost, micros, outcome, session_id, "user", expires_at
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
  steps = steps + excluded.steps,
  unpriced = unpriced + excluded.unpriced,
  cost = min(cost + excluded.cost, 4000000000000000000),
  micros = min(micros + excluded.micros, 4000000000000000000),
  outcome = coalesce(excluded.outcome, outcome),
  session_id = coalesce(excluded.session_id, session_id),
  "user" = coalesce(excluded.user, "user"),
  expires_at = max(expires_at, excluded.expires_at);

-- name: seal_trace
UPDATE traces SET sealed_at = ?, cost = ?, micros = ?, steps = ?, unpriced = ? WHERE id = ? AND sealed_at IS NULL;

-- name: add_facet
INSERT INTO facets (alone, project, name, value, at, trace_id) VALUES (1, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: add_trace_facet
INSERT INTO facets (alone, project, name, value, at, trace_id)
SELECT 0, project, ?, ?, at, id FROM traces WHERE id = ? ON CONFLICT DO NOTHING;

-- name: add_escalation
INSERT INTO escalations (id, at, project, status, expires_at, entry) VALUES (?, ?, ?, 'queued', ?, ?) ON CONFLICT DO NOTHING;

-- An approval admits one request: the first that was written down.
-- name: admit_escalated
UPDATE escalations SET admitted_step = ? WHERE id = ? AND admitted_step = '';

-- name: open_hold
INSERT INTO open_holds (step_id, entry) VALUES (?, ?) ON CONFLICT DO NOTHING;

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

-- Lists: steps that are alone (`alone_*`) and rows of `traces` (`traces_*`), merged by whoever asks. An index seek a
-- project, however many traces each has.
-- name: projects_alone
WITH RECURSIVE seen (project) AS (
  SELECT min(project) FROM steps WHERE alone = 1
  UNION ALL
  SELECT (SELECT min(project) FROM steps WHERE alone = 1 AND project > seen.project) FROM seen
  WHERE seen.project IS NOT NULL
)
SELECT project FROM seen WHERE project IS NOT NULL;

-- name: projects_traces
WITH RECURSIVE seen (project) AS (
  SELECT min(project) FROM traces
  UNION ALL
  SELECT (SELECT min(project) FROM traces WHERE project > seen.project) FROM seen
  WHERE seen.project IS NOT NULL
)
SELECT project FROM seen WHERE project IS NOT NULL;

-- name: alone_by_project
SELECT s.at, s.trace_id, s.entry
FROM steps AS s
WHERE s.alone = 1 AND s.project = :project AND (s.at, s.trace_id) < (:at, :id) AND s.at >= :since
  AND (:outcome = '' OR s.outcome = :outcome) AND (:user = '' OR s.user = :user) AND (:model = '' OR s.model = :model)
  AND NOT EXISTS (
    SELECT 1 FROM json_each(:wanted) AS w WHERE NOT EXISTS (
      SELECT 1 FROM facets AS f
      WHERE f.alone = 1 AND f.project = s.project AND f.name = json_extract(w.value, '$[0]')
        AND f.value = json_extract(w.value, '$[1]') AND f.at = s.at AND f.trace_id = s.trace_id
    )
  )
ORDER BY s.at DESC, s.trace_id DESC
LIMIT :limit;

-- name: alone_by_session
SELECT s.at, s.trace_id, s.entry
FROM steps AS s INDEXED BY steps_session
WHERE s.alone = 1 AND s.session_id = :session AND s.session_id <> '' AND s.project = :project AND (s.at, s.trace_id) < (:at, :id) AND s.at >= :since
  AND (:outcome = '' OR s.outcome = :outcome) AND (:user = '' OR s.user = :user) AND (:model = '' OR s.model = :model)
  AND NOT EXISTS (
    SELECT 1 FROM json_each(:wanted) AS w WHERE NOT EXISTS (
      SELECT 1 FROM facets AS f
      WHERE f.alone = 1 AND f.project = s.project AND f.name = json_extract(w.value, '$[0]')
        AND f.value = json_extract(w.value, '$[1]') AND f.at = s.at AND f.trace_id = s.trace_id
    )
  )
ORDER BY s.at DESC, s.trace_id DESC
LIMIT :limit;

-- name: alone_by_model
SELECT s.at, s.trace_id, s.entry
FROM steps AS s
WHERE s.alone = 1 AND s.project = :project AND s.model = :model AND s.model <> '' AND (s.at, s.trace_id) < (:at, :id) AND s.at >= :since
  AND (:outcome = '' OR s.outcome = :outcome) AND (:user = '' OR s.user = :user) AND (:model = '' OR s.model = :model)
  AND NOT EXISTS (
    SELECT 1 FROM json_each(:wanted) AS w WHERE NOT EXISTS (
      SELECT 1 FROM facets AS f
      WHERE f.alone = 1 AND f.project = s.project AND f.name = json_extract(w.value, '$[0]')
        AND f.value = json_extract(w.value, '$[1]') AND f.at = s.at AND f.trace_id = s.trace_id
    )
  )
ORDER BY s.at DESC, s.trace_id DESC
LIMIT :limit;

-- name: alone_by_user
SELECT s.at, s.trace_id, s.entry
FROM steps AS s
WHERE s.alone = 1 AND s.project = :project AND s.user = :user AND s.user <> '' AND (s.at, s.trace_id) < (:at, :id) AND s.at >= :since
  AND (:outcome = '' OR s.outcome = :outcome) AND (:user = '' OR s.user = :user) AND (:model = '' OR s.model = :model)
  AND NOT EXISTS (
    SELECT 1 FROM json_each(:wanted) AS w WHERE NOT EXISTS (
      SELECT 1 FROM facets AS f
      WHERE f.alone = 1 AND f.project = s.project AND f.name = json_extract(w.value, '$[0]')
        AND f.value = json_extract(w.value, '$[1]') AND f.at = s.at AND f.trace_id = s.trace_id
    )
  )
ORDER BY s.at DESC, s.trace_id DESC
LIMIT :limit;

-- Every outcome but the usual one has an index.
-- name: alone_by_outcome
SELECT s.at, s.trace_id, s.entry
FROM steps AS s
WHERE s.alone = 1 AND s.project = :project AND s.outcome = :outcome AND s.outcome <> 'answered' AND (s.at, s.trace_id) < (:at, :id) AND s.at >= :since
  AND (:outcome = '' OR s.outcome = :outcome) AND (:user = '' OR s.user = :user) AND (:model = '' OR s.model = :model)
  AND NOT EXISTS (
    SELECT 1 FROM json_each(:wanted) AS w WHERE NOT EXISTS (
      SELECT 1 FROM facets AS f
      WHERE f.alone = 1 AND f.project = s.project AND f.name = json_extract(w.value, '$[0]')
        AND f.value = json_extract(w.value, '$[1]') AND f.at = s.at AND f.trace_id = s.trace_id
    )
  )
ORDER BY s.at DESC, s.trace_id DESC
LIMIT :limit;

-- name: alone_by_facet
SELECT s.at, s.trace_id, s.entry
FROM facets AS d CROSS JOIN steps AS s INDEXED BY steps_id ON s.trace_id = d.trace_id
WHERE d.alone = 1 AND d.project = :project AND d.name = :name AND d.value = :value AND s.alone = 1 AND (d.at, d.trace_id) < (:at, :id)
  AND d.at >= :since
  AND (:outcome = '' OR s.outcome = :outcome) AND (:user = '' OR s.user = :user) AND (:model = '' OR s.model = :model)
  AND NOT EXISTS (
    SELECT 1 FROM json_each(:wanted) AS w WHERE NOT EXISTS (
      SELECT 1 FROM facets AS f
      WHERE f.alone = 1 AND f.project = s.project AND f.name = json_extract(w.value, '$[0]')
        AND f.value = json_extract(w.value, '$[1]') AND f.at = s.at AND f.trace_id = s.trace_id
    )
  )
ORDER BY d.at DESC, d.trace_id DESC
LIMIT :limit;

-- name: traces_by_project
SELECT t.at, t.id, NULL, t.implicit, t.org, t.project, t.key_id, t.metadata, t.revenue, t.steps, t.unpriced, t.cost,
  t.micros, t.outcome, t.session_id, t.user, t.sealed_at,
  (SELECT json_group_array(DISTINCT s.model) FROM steps AS s WHERE s.trace_id = t.id AND s.model <> '')
FROM traces AS t
WHERE t.project = :project AND (t.at, t.id) < (:at, :id) AND t.at >= :since
  AND (:outcome = '' OR t.outcome = :outcome)
ORDER BY t.at DESC, t.id DESC
LIMIT :limit;

-- name: traces_by_session
SELECT t.at, t.id, NULL, t.implicit, t.org, t.project, t.key_id, t.metadata, t.revenue, t.steps, t.unpriced, t.cost,
  t.micros, t.outcome, t.session_id, t.user, t.sealed_at,
  (SELECT json_group_array(DISTINCT s.model) FROM steps AS s WHERE s.trace_id = t.id AND s.model <> '')
FROM (SELECT DISTINCT trace_id FROM steps WHERE session_id = :session AND session_id <> '' AND alone = 0) AS d
  CROSS JOIN traces AS t ON t.id = d.trace_id
WHERE t.project = :project AND (t.at, t.id) < (:at, :id) AND t.at >= :since
  AND (:outcome = '' OR t.outcome = :outcome)
  AND NOT EXISTS (
    SELECT 1 FROM json_each(:wanted) AS w WHERE NOT EXISTS (
      SELECT 1 FROM facets AS f
      WHERE f.alone = 0 AND f.project = t.project AND f.name = json_extract(w.value, '$[0]')
        AND f.value = json_extract(w.value, '$[1]') AND f.at = t.at AND f.trace_id = t.id
    )
  )
ORDER BY t.at DESC, t.id DESC
LIMIT :limit;

-- name: traces_by_outcome
SELECT t.at, t.id, NULL, t.implicit, t.org, t.project, t.key_id, t.metadata, t.revenue, t.steps, t.unpriced, t.cost,
  t.micros, t.outcome, t.session_id, t.user, t.sealed_at,
  (SELECT json_group_array(DISTINCT s.model) FROM steps AS s WHERE s.trace_id = t.id AND s.model <> '')
FROM traces AS t
WHERE t.project = :project AND t.outcome = :outcome AND t.outcome <> 'answered' AND (t.at, t.id) < (:at, :id) AND t.at >= :since
  AND NOT EXISTS (
    SELECT 1 FROM json_each(:wanted) AS w WHERE NOT EXISTS (
      SELECT 1 FROM facets AS f
      WHERE f.alone = 0 AND f.project = t.project AND f.name = json_extract(w.value, '$[0]')
        AND f.value = json_extract(w.value, '$[1]') AND f.at = t.at AND f.trace_id = t.id
    )
  )
ORDER BY t.at DESC, t.id DESC
LIMIT :limit;

-- name: traces_by_facet
SELECT t.at, t.id, NULL, t.implicit, t.org, t.project, t.key_id, t.metadata, t.revenue, t.steps, t.unpriced, t.cost,
  t.micros, t.outcome, t.session_id, t.user, t.sealed_at,
  (SELECT json_group_array(DISTINCT s.model) FROM steps AS s WHERE s.trace_id = t.id AND s.model <> '')
FROM facets AS d CROSS JOIN traces AS t ON t.id = d.trace_id
WHERE d.alone = 0 AND d.project = :project AND d.name = :name AND d.value = :value AND (d.at, d.trace_id) < (:at, :id)
  AND d.at >= :since
  AND (:outcome = '' OR t.outcome = :outcome)
  AND NOT EXISTS (
    SELECT 1 FROM json_each(:wanted) AS w WHERE NOT EXISTS (
      SELECT 1 FROM facets AS f
      WHERE f.alone = 0 AND f.project = t.project AND f.name = json_extract(w.value, '$[0]')
        AND f.value = json_extract(w.value, '$[1]') AND f.at = t.at AND f.trace_id = t.id
    )
  )
ORDER BY d.at DESC, d.trace_id DESC
LIMIT :limit;

-- How many traces a filter may give, counted no further than matters for choosing among them.
-- name: size_alone_model
SELECT count(*) FROM (
  SELECT 1 FROM steps
  WHERE alone = 1 AND project = :project AND model = :model AND model <> ''
    AND at >= :since AND at <= :at
  LIMIT 5000
);

-- name: size_alone_user
SELECT count(*) FROM (
  SELECT 1 FROM steps
  WHERE alone = 1 AND project = :project AND "user" = :user AND "user" <> ''
    AND at >= :since AND at <= :at
  LIMIT 5000
);

-- name: size_alone_outcome
SELECT count(*) FROM (
  SELECT 1 FROM steps
  WHERE alone = 1 AND project = :project AND outcome = :outcome AND outcome <> 'answered'
    AND at >= :since AND at <= :at
  LIMIT 5000
);

-- name: size_alone_facet
SELECT count(*) FROM (
  SELECT 1 FROM facets
  WHERE alone = 1 AND project = :project AND name = :name AND value = :value
    AND at >= :since AND at <= :at
  LIMIT 5000
);

-- name: size_traces_facet
SELECT count(*) FROM (
  SELECT 1 FROM facets
  WHERE alone = 0 AND project = :project AND name = :name AND value = :value
    AND at >= :since AND at <= :at
  LIMIT 5000
);

-- name: size_traces_outcome
SELECT count(*) FROM (
  SELECT 1 FROM traces
  WHERE project = :project AND outcome = :outcome AND outcome <> 'answered'
    AND at >= :since AND at <= :at
  LIMIT 5000
);

-- name: trace
SELECT t.at, t.id, NULL, t.implicit, t.org, t.project, t.key_id, t.metadata, t.revenue, t.steps, t.unpriced, t.cost,
  t.micros, t.outcome, t.session_id, t.user, t.sealed_at,
  (SELECT json_group_array(DISTINCT s.model) FROM steps AS s WHERE s.trace_id = t.id AND s.model <> '')
FROM traces AS t
WHERE t.id = ?;

-- name: steps_of_trace
SELECT entry FROM steps WHERE trace_id = ? ORDER BY at, id LIMIT ?;

-- name: steps_of_session
SELECT entry FROM steps WHERE session_id = ? AND session_id <> '' ORDER BY turn, at, id LIMIT ?;

-- name: settled_of
SELECT account, amount FROM settled WHERE account IN (SELECT value FROM json_each(?));

-- name: settled_in
SELECT account, amount FROM settled WHERE period IN (SELECT value FROM json_each(?));

-- Calls that were refused, alone and on traces.
-- name: refused_since
SELECT entry FROM steps
WHERE alone = 1 AND project IN (SELECT value FROM json_each(:projects)) AND outcome = 'refused' AND outcome <> 'answered'
  AND at >= :since
UNION ALL
SELECT entry FROM steps
WHERE alone = 0 AND project IN (SELECT value FROM json_each(:projects)) AND at >= :since AND outcome = 'refused';

-- name: open_holds
SELECT entry FROM open_holds ORDER BY step_id;

-- Those of the journal that is folded here: of all, where no other is.
-- name: own_holds
SELECT entry FROM open_holds ORDER BY step_id;

-- The last turn of each session, the latest first.
-- name: live_sessions
SELECT max(at), entry FROM steps
WHERE alone IN (0, 1) AND project IN (SELECT value FROM json_each(:projects)) AND at >= :since
  AND session_id <> '' AND turn > 0
GROUP BY session_id
ORDER BY max(at) DESC
LIMIT :limit;

-- name: trace_state
SELECT project, metadata, revenue, implicit, sealed_at, cost, micros, steps, unpriced, at FROM traces WHERE id = ?;

-- name: kept
SELECT project, box, expires_at FROM kept WHERE kind = ? AND id = ? AND expires_at > ?;

-- What webhooks may want to know; the same only once.
-- name: happen
INSERT INTO happened (id, at, topic, project, webhook, data) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO NOTHING;

-- name: integrity
PRAGMA integrity_check(20);

-- name: counts
SELECT (SELECT count(*) FROM traces) + (SELECT count(*) FROM steps WHERE alone = 1), (SELECT count(*) FROM steps), (SELECT count(*) FROM open_holds),
  (SELECT count(*) FROM kept), (SELECT count(*) FROM settled);

-- Whether a reader was in the way of bringing all to the disk.
-- name: sync
PRAGMA wal_checkpoint(TRUNCATE);
