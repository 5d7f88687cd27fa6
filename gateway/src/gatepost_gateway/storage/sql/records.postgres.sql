-- What PostgreSQL says differently for storage/records.py, and what it alone needs. `gatepost.journal` is the journal
-- that the connection folds.

-- name: begin
INSERT INTO position DEFAULT VALUES ON CONFLICT DO NOTHING;

-- name: position
SELECT segment, "offset", entries FROM position WHERE journal = current_setting('gatepost.journal');

-- name: move_position
UPDATE position SET segment = :segment, "offset" = :offset, entries = entries + :entries
WHERE segment = :from_segment AND "offset" = :from_offset AND journal = current_setting('gatepost.journal');

-- name: days
SELECT days_there();

-- name: make_day
SELECT make_day(?);

-- name: add_project
INSERT INTO projects (project) VALUES (?) ON CONFLICT DO NOTHING;

-- name: add_body
INSERT INTO bodies (step_id, trace_id, entry, at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING;

-- name: steps_there
SELECT s.id
FROM json_array_elements(?::json) AS w (pair) JOIN steps AS s ON s.trace_id = w.pair ->> 0 AND s.id = w.pair ->> 1;

-- name: join_trace
UPDATE steps SET alone = 0 WHERE trace_id = ? AND alone = 1 RETURNING entry;

-- name: add_to_trace
INSERT INTO traces (
  id, at, implicit, org, project, key_id, steps, unpriced, cost, micros, outcome, session_id, "user", expires_at
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET
  steps = traces.steps + excluded.steps,
  unpriced = traces.unpriced + excluded.unpriced,
  cost = least(traces.cost + excluded.cost, 4000000000000000000),
  micros = least(traces.micros + excluded.micros, 4000000000000000000),
  outcome = coalesce(excluded.outcome, traces.outcome),
  session_id = coalesce(excluded.session_id, traces.session_id),
  "user" = coalesce(excluded."user", traces."user"),
  expires_at = greatest(traces.expires_at, excluded.expires_at);

-- name: settle
INSERT INTO settled (account, period, amount) VALUES (?, ?, ?)
ON CONFLICT (account, journal) DO UPDATE SET amount = least(settled.amount + excluded.amount, 4000000000000000000);

-- name: projects_alone
SELECT project FROM projects ORDER BY project;

-- name: projects_traces
SELECT project FROM projects ORDER BY project;

-- name: alone_by_project
SELECT s.at, s.trace_id, s.entry
FROM steps AS s
WHERE s.alone = 1 AND s.project = :project AND s.at <= :at AND (s.at, s.trace_id) < (:at, :id) AND s.at >= :since
  AND (:outcome = '' OR s.outcome = :outcome) AND (:user = '' OR s.user = :user) AND (:model = '' OR s.model = :model)
  AND NOT EXISTS (
    SELECT 1 FROM json_array_elements(:wanted::json) AS w (pair) WHERE NOT EXISTS (
      SELECT 1 FROM facets AS f
      WHERE f.alone = 1 AND f.project = s.project AND f.name = w.pair ->> 0
        AND f.value = w.pair ->> 1 AND f.at = s.at AND f.trace_id = s.trace_id
    )
  )
ORDER BY s.at DESC, s.trace_id DESC
LIMIT :limit;

-- name: alone_by_session
SELECT s.at, s.trace_id, s.entry
FROM steps AS s
WHERE s.alone = 1 AND s.session_id = :session AND s.session_id <> '' AND s.project = :project AND s.at <= :at AND (s.at, s.trace_id) < (:at, :id) AND s.at >= :since
  AND (:outcome = '' OR s.outcome = :outcome) AND (:user = '' OR s.user = :user) AND (:model = '' OR s.model = :model)
  AND NOT EXISTS (
    SELECT 1 FROM json_array_elements(:wanted::json) AS w (pair) WHERE NOT EXISTS (
      SELECT 1 FROM facets AS f
      WHERE f.alone = 1 AND f.project = s.project AND f.name = w.pair ->> 0
        AND f.value = w.pair ->> 1 AND f.at = s.at AND f.trace_id = s.trace_id
    )
  )
ORDER BY s.at DESC, s.trace_id DESC
LIMIT :limit;

-- name: alone_by_model
SELECT s.at, s.trace_id, s.entry
FROM steps AS s
WHERE s.alone = 1 AND s.project = :project
  AND s.model = :model AND s.model <> '' AND s.at <= :at AND (s.at, s.trace_id) < (:at, :id) AND s.at >= :since
  AND (:outcome = '' OR s.outcome = :outcome) AND (:user = '' OR s.user = :user) AND (:model = '' OR s.model = :model)
  AND NOT EXISTS (
    SELECT 1 FROM json_array_elements(:wanted::json) AS w (pair) WHERE NOT EXISTS (
      SELECT 1 FROM facets AS f
      WHERE f.alone = 1 AND f.project = s.project AND f.name = w.pair ->> 0
        AND f.value = w.pair ->> 1 AND f.at = s.at AND f.trace_id = s.trace_id
    )
  )
ORDER BY s.at DESC, s.trace_id DESC
LIMIT :limit;

-- name: alone_by_user
SELECT s.at, s.trace_id, s.entry
FROM steps AS s
WHERE s.alone = 1 AND s.project = :project AND s.user = :user AND s.user <> ''
  AND s.at <= :at AND (s.at, s.trace_id) < (:at, :id) AND s.at >= :since
  AND (:outcome = '' OR s.outcome = :outcome) AND (:user = '' OR s.user = :user) AND (:model = '' OR s.model = :model)
  AND NOT EXISTS (
    SELECT 1 FROM json_array_elements(:wanted::json) AS w (pair) WHERE NOT EXISTS (
      SELECT 1 FROM facets AS f
      WHERE f.alone = 1 AND f.project = s.project AND f.name = w.pair ->> 0
        AND f.value = w.pair ->> 1 AND f.at = s.at AND f.trace_id = s.trace_id
    )
  )
ORDER BY s.at DESC, s.trace_id DESC
LIMIT :limit;

-- name: alone_by_outcome
SELECT s.at, s.trace_id, s.entry
FROM steps AS s
WHERE s.alone = 1 AND s.project = :project AND s.outcome = :outcome AND s.outcome <> 'answered' AND s.at <= :at AND (s.at, s.trace_id) < (:at, :id) AND s.at >= :since
  AND (:outcome = '' OR s.outcome = :outcome) AND (:user = '' OR s.user = :user) AND (:model = '' OR s.model = :model)
  AND NOT EXISTS (
    SELECT 1 FROM json_array_elements(:wanted::json) AS w (pair) WHERE NOT EXISTS (
      SELECT 1 FROM facets AS f
      WHERE f.alone = 1 AND f.project = s.project AND f.name = w.pair ->> 0
        AND f.value = w.pair ->> 1 AND f.at = s.at AND f.trace_id = s.trace_id
    )
  )
ORDER BY s.at DESC, s.trace_id DESC
LIMIT :limit;

-- name: alone_by_facet
SELECT s.at, s.trace_id, s.entry
FROM facets AS d JOIN steps AS s ON s.trace_id = d.trace_id AND s.at = d.at
WHERE d.alone = 1 AND d.project = :project AND d.name = :name AND d.value = :value AND s.alone = 1 AND d.at <= :at AND (d.at, d.trace_id) < (:at, :id)
  AND d.at >= :since
  AND (:outcome = '' OR s.outcome = :outcome) AND (:user = '' OR s.user = :user) AND (:model = '' OR s.model = :model)
  AND NOT EXISTS (
    SELECT 1 FROM json_array_elements(:wanted::json) AS w (pair) WHERE NOT EXISTS (
      SELECT 1 FROM facets AS f
      WHERE f.alone = 1 AND f.project = s.project AND f.name = w.pair ->> 0
        AND f.value = w.pair ->> 1 AND f.at = s.at AND f.trace_id = s.trace_id
    )
  )
ORDER BY d.at DESC, d.trace_id DESC
LIMIT :limit;

-- name: traces_by_project
SELECT t.at, t.id, NULL::bytea, t.implicit, t.org, t.project, t.key_id, t.metadata, t.revenue, t.steps, t.unpriced, t.cost,
  t.micros, t.outcome, t.session_id, t.user, t.sealed_at,
  (SELECT coalesce(json_agg(DISTINCT s.model), '[]')::text FROM steps AS s WHERE s.trace_id = t.id AND s.model <> '')
FROM traces AS t
WHERE t.project = :project AND t.at <= :at AND (t.at, t.id) < (:at, :id) AND t.at >= :since
  AND (:outcome = '' OR t.outcome = :outcome)
ORDER BY t.at DESC, t.id DESC
LIMIT :limit;

-- name: traces_by_session
SELECT t.at, t.id, NULL::bytea, t.implicit, t.org, t.project, t.key_id, t.metadata, t.revenue, t.steps, t.unpriced, t.cost,
  t.micros, t.outcome, t.session_id, t.user, t.sealed_at,
  (SELECT coalesce(json_agg(DISTINCT s.model), '[]')::text FROM steps AS s WHERE s.trace_id = t.id AND s.model <> '')
FROM (SELECT DISTINCT trace_id FROM steps WHERE session_id = :session AND session_id <> '' AND alone = 0) AS d
  JOIN traces AS t ON t.id = d.trace_id
WHERE t.project = :project AND t.at <= :at AND (t.at, t.id) < (:at, :id) AND t.at >= :since
  AND (:outcome = '' OR t.outcome = :outcome)
  AND NOT EXISTS (
    SELECT 1 FROM json_array_elements(:wanted::json) AS w (pair) WHERE NOT EXISTS (
      SELECT 1 FROM facets AS f
      WHERE f.alone = 0 AND f.project = t.project AND f.name = w.pair ->> 0
        AND f.value = w.pair ->> 1 AND f.at = t.at AND f.trace_id = t.id
    )
  )
ORDER BY t.at DESC, t.id DESC
LIMIT :limit;

-- name: traces_by_outcome
SELECT t.at, t.id, NULL::bytea, t.implicit, t.org, t.project, t.key_id, t.metadata, t.revenue, t.steps, t.unpriced, t.cost,
  t.micros, t.outcome, t.session_id, t.user, t.sealed_at,
  (SELECT coalesce(json_agg(DISTINCT s.model), '[]')::text FROM steps AS s WHERE s.trace_id = t.id AND s.model <> '')
FROM traces AS t
WHERE t.project = :project AND t.outcome = :outcome AND t.outcome <> 'answered' AND t.at <= :at AND (t.at, t.id) < (:at, :id) AND t.at >= :since
  AND NOT EXISTS (
    SELECT 1 FROM json_array_elements(:wanted::json) AS w (pair) WHERE NOT EXISTS (
      SELECT 1 FROM facets AS f
      WHERE f.alone = 0 AND f.project = t.project AND f.name = w.pair ->> 0
        AND f.value = w.pair ->> 1 AND f.at = t.at AND f.trace_id = t.id
    )
  )
ORDER BY t.at DESC, t.id DESC
LIMIT :limit;

-- name: traces_by_facet
SELECT t.at, t.id, NULL::bytea, t.implicit, t.org, t.project, t.key_id, t.metadata, t.revenue, t.steps, t.unpriced, t.cost,
  t.micros, t.outcome, t.session_id, t.user, t.sealed_at,
  (SELECT coalesce(json_agg(DISTINCT s.model), '[]')::text FROM steps AS s WHERE s.trace_id = t.id AND s.model <> '')
FROM facets AS d JOIN traces AS t ON t.id = d.trace_id
WHERE d.alone = 0 AND d.project = :project AND d.name = :name AND d.value = :value AND d.at <= :at AND (d.at, d.trace_id) < (:at, :id)
  AND d.at >= :since
  AND (:outcome = '' OR t.outcome = :outcome)
  AND NOT EXISTS (
    SELECT 1 FROM json_array_elements(:wanted::json) AS w (pair) WHERE NOT EXISTS (
      SELECT 1 FROM facets AS f
      WHERE f.alone = 0 AND f.project = t.project AND f.name = w.pair ->> 0
        AND f.value = w.pair ->> 1 AND f.at = t.at AND f.trace_id = t.id
    )
  )
ORDER BY d.at DESC, d.trace_id DESC
LIMIT :limit;

-- name: size_alone_model
SELECT count(*) FROM (
  SELECT 1 FROM steps
  WHERE alone = 1 AND project = :project AND model = :model AND model <> ''
    AND at >= :since AND at <= :at
  LIMIT 5000
) AS found;

-- name: size_alone_user
SELECT count(*) FROM (
  SELECT 1 FROM steps
  WHERE alone = 1 AND project = :project AND "user" = :user AND "user" <> ''
    AND at >= :since AND at <= :at
  LIMIT 5000
) AS found;

-- name: size_alone_outcome
SELECT count(*) FROM (
  SELECT 1 FROM steps
  WHERE alone = 1 AND project = :project AND outcome = :outcome AND outcome <> 'answered'
    AND at >= :since AND at <= :at
  LIMIT 5000
) AS found;

-- name: size_alone_facet
SELECT count(*) FROM (
  SELECT 1 FROM facets
  WHERE alone = 1 AND project = :project AND name = :name AND value = :value
    AND at >= :since AND at <= :at
  LIMIT 5000
) AS found;

-- name: size_traces_facet
SELECT count(*) FROM (
  SELECT 1 FROM facets
  WHERE alone = 0 AND project = :project AND name = :name AND value = :value
    AND at >= :since AND at <= :at
  LIMIT 5000
) AS found;

-- name: size_traces_outcome
SELECT count(*) FROM (
  SELECT 1 FROM traces
  WHERE project = :project AND outcome = :outcome AND outcome <> 'answered'
    AND at >= :since AND at <= :at
  LIMIT 5000
) AS found;

-- name: trace
SELECT t.at, t.id, NULL::bytea, t.implicit, t.org, t.project, t.key_id, t.metadata, t.revenue, t.steps, t.unpriced, t.cost,
  t.micros, t.outcome, t.session_id, t.user, t.sealed_at,
  (SELECT coalesce(json_agg(DISTINCT s.model), '[]')::text FROM steps AS s WHERE s.trace_id = t.id AND s.model <> '')
FROM traces AS t
WHERE t.id = ?;

-- name: settled_of
SELECT account, sum(amount)::bigint FROM settled
WHERE account IN (SELECT json_array_elements_text(?::json)) GROUP BY account;

-- name: settled_in
SELECT account, sum(amount)::bigint FROM settled
WHERE period IN (SELECT json_array_elements_text(?::json)) GROUP BY account;

-- name: refused_since
SELECT entry FROM steps
WHERE project IN (SELECT json_array_elements_text(:projects::json)) AND at >= :since AND outcome = 'refused';

-- name: live_sessions
SELECT at, entry FROM (
  SELECT DISTINCT ON (session_id) session_id, at, entry FROM steps
  WHERE project IN (SELECT json_array_elements_text(:projects::json)) AND at >= :since AND session_id <> '' AND turn > 0
  ORDER BY session_id, at DESC
) AS last
ORDER BY at DESC
LIMIT :limit;

-- name: own_holds
SELECT entry FROM open_holds WHERE journal = current_setting('gatepost.journal') ORDER BY step_id;

-- PostgreSQL looks after its own files.
-- name: integrity
SELECT 'ok';

-- What is committed is on the disk.
-- name: sync
SELECT 0;

-- name: ask_others
SELECT ask_others();

-- name: others_behind
SELECT EXISTS (SELECT 1 FROM others_running() AS o JOIN position AS p ON p.journal = o.journal WHERE p.folded_at < ?);

-- name: say_folded
UPDATE position SET folded_at = :asked
WHERE folded_at < :asked AND journal = current_setting('gatepost.journal');
