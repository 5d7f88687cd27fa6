-- Queries of storage/outbox.py.

-- name: happened
SELECT id, at, topic, project, data, webhook FROM happened ORDER BY at, id LIMIT ?;

-- name: unhappen
DELETE FROM happened WHERE id = ?;

-- How far was looked: what happens while nobody wants to know is not told later.
-- name: forget_looks
DELETE FROM told WHERE name IN ('identities', 'escalations');

-- name: deliver
INSERT INTO deliveries (webhook, event_id, at, topic, body, state, attempts, next_at)
VALUES (:webhook, :event_id, :at, :topic, :body, 'pending', 0, :next_at)
ON CONFLICT (webhook, event_id) DO NOTHING;

-- name: pending
SELECT count(*) FROM deliveries WHERE webhook = ? AND state = 'pending';

-- name: due
SELECT webhook, event_id, at, topic, body, state, attempts, next_at, answered, trouble, done_at FROM deliveries
WHERE webhook = :webhook AND state = 'pending' AND next_at <= :now ORDER BY next_at LIMIT :limit;

-- Nobody else takes it before `until`.
-- name: claim
UPDATE deliveries SET next_at = :until, attempts = attempts + 1
WHERE webhook = :webhook AND event_id = :event_id AND state = 'pending' AND next_at = :next_at;

-- name: settle
UPDATE deliveries
SET state = :state, next_at = :next_at, answered = :answered, trouble = :trouble, done_at = :done_at
WHERE webhook = :webhook AND event_id = :event_id AND state = 'pending';

-- name: count
INSERT INTO delivery_counts (webhook, outcome, amount) VALUES (:webhook, :outcome, :amount)
ON CONFLICT (webhook, outcome) DO UPDATE SET amount = delivery_counts.amount + excluded.amount;

-- name: counts
SELECT outcome, amount FROM delivery_counts WHERE webhook = ?;

-- name: page
SELECT webhook, event_id, at, topic, body, state, attempts, next_at, answered, trouble, done_at FROM deliveries
WHERE webhook = :webhook AND at < :before AND (:state = '' OR state = :state)
ORDER BY at DESC, event_id DESC LIMIT :limit;

-- name: drop_old
DELETE FROM deliveries WHERE state <> 'pending' AND at < :before;

-- name: drop_many
DELETE FROM deliveries WHERE webhook = :webhook AND state <> 'pending' AND at < (
  SELECT coalesce(min(at), 0) FROM (
    SELECT at FROM deliveries WHERE webhook = :webhook AND state <> 'pending' ORDER BY at DESC LIMIT :most
  ) AS newest
);

-- name: drop_webhook
DELETE FROM deliveries WHERE webhook = ?;

-- name: drop_counts
DELETE FROM delivery_counts WHERE webhook = ?;

-- name: webhooks
SELECT DISTINCT webhook FROM deliveries;

-- name: told
SELECT name, value FROM told WHERE name IN (SELECT value FROM json_each(?));

-- name: tell
INSERT INTO told (name, value, at) VALUES (:name, :value, :at)
ON CONFLICT (name) DO UPDATE SET value = excluded.value, at = excluded.at;

-- name: drop_told
DELETE FROM told WHERE at < ?;

-- Escalations whose time ran out between two moments, and that nobody turned.
-- name: expired
SELECT entry FROM escalations
WHERE status IN ('queued', 'claimed') AND expires_at > :since AND expires_at <= :now ORDER BY expires_at LIMIT 1000;

-- Calls and errors of each project from one minute on.
-- name: errors
SELECT project, sum(requests), sum(errors) FROM rollups
WHERE grain = 60 AND bucket >= :start AND name = '' GROUP BY project;
