-- What rules count, in PostgreSQL: what each gateway added, in the order in which it was said. Every gateway reads what the
-- others added, and keeps the sums itself.

-- name: migration_1
CREATE TABLE gatepost_counts (
  seq bigint PRIMARY KEY, owner text NOT NULL, account text NOT NULL, amount bigint NOT NULL,
  seconds double precision NOT NULL, at double precision NOT NULL
);
CREATE INDEX gatepost_counts_until ON gatepost_counts ((at + seconds));
CREATE SEQUENCE gatepost_counts_order;

-- One at a time: who reads up to a number has missed none below it.
CREATE FUNCTION gatepost_add(me text, accounts text[], amounts bigint[], lives double precision[], ages double precision[])
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  -- Numbers that somebody has read are never given again, not even after a crash; nobody waits for this.
  PERFORM set_config('synchronous_commit', 'on', true);
  PERFORM pg_advisory_xact_lock(hashtextextended('gatepost counts', 4));
  INSERT INTO gatepost_counts
  SELECT nextval('gatepost_counts_order'), me, account, amount, seconds, extract(epoch FROM clock_timestamp()) - age
  FROM unnest(accounts, amounts, lives, ages) AS said (account, amount, seconds, age);
END $$;

-- name: add
SELECT gatepost_add($1, $2, $3, $4, $5);

-- name: read
SELECT seq, account, amount, seconds, extract(epoch FROM clock_timestamp())::float8 - at AS age
FROM gatepost_counts WHERE seq > $1 AND owner <> $2 AND at + seconds > extract(epoch FROM clock_timestamp())
ORDER BY seq LIMIT $3;

-- name: last
SELECT coalesce(max(seq), 0) FROM gatepost_counts;

-- What there was before, in the sixtieths of each account's time in which sums are kept.
-- name: before
SELECT account, sum(amount)::bigint AS amount, seconds, extract(epoch FROM clock_timestamp())::float8 - max(at) AS age
FROM gatepost_counts WHERE seq <= $1 AND at + seconds > extract(epoch FROM clock_timestamp())
GROUP BY account, seconds, floor(at / seconds * 60) ORDER BY max(at);

-- name: sweep
DELETE FROM gatepost_counts WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM gatepost_counts WHERE at + seconds < extract(epoch FROM clock_timestamp()) - 5 FOR UPDATE SKIP LOCKED
));
