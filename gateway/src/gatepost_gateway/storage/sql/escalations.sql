-- Queries of storage/escalations.py.

-- name: turn
UPDATE escalations SET status = :status, admits_until = :admits_until WHERE id = :id;

-- name: add_turn
INSERT INTO escalation_turns (escalation_id, at, by, status, note) VALUES (:id, :at, :by, :status, :note);

-- name: one
SELECT status, expires_at, admits_until, admitted_step, entry FROM escalations WHERE id = ?;

-- name: turns
SELECT escalation_id, at, by, status, note FROM escalation_turns
WHERE escalation_id IN (SELECT value FROM json_each(?)) ORDER BY at;

-- The newest first. Nobody has turned what is queued or claimed after its end: it has expired.
-- name: page_of_all
SELECT status, expires_at, admits_until, admitted_step, entry FROM escalations
WHERE at < :before
  AND (:status = '' OR CASE WHEN status IN ('queued', 'claimed') AND expires_at <= :now THEN 'expired' ELSE status END
       = :status)
ORDER BY at DESC, id DESC LIMIT :limit;

-- name: page_of_project
SELECT status, expires_at, admits_until, admitted_step, entry FROM escalations
WHERE project = :project AND at < :before
  AND (:status = '' OR CASE WHEN status IN ('queued', 'claimed') AND expires_at <= :now THEN 'expired' ELSE status END
       = :status)
ORDER BY at DESC, id DESC LIMIT :limit;

-- What the data plane must know: verdicts that still hold, and are not used up.
-- name: verdicts
SELECT status, admits_until, entry FROM escalations WHERE admits_until > ? AND admitted_step = '';
