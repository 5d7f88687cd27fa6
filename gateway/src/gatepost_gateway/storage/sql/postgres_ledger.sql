-- The ledger in PostgreSQL, for several gateways that spend from the same budgets. Money in nano-dollars.
--
-- Whoever changes accounts locks in one order: holds, groups, accounts, each by name. So nobody waits in a circle. New
-- holds come last; only a hold that is ruled out (`rule_out`) can be in their way, and that waits for nothing.

-- name: migration_1
-- `seen`: when the gateway was last there, by this database's own clock. `run`: which start of it; an older one gets no
-- holds any more.
CREATE TABLE gatepost_gateways (
  id text COLLATE "C" PRIMARY KEY, run text NOT NULL, seen timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE gatepost_accounts (
  account text COLLATE "C" PRIMARY KEY, settled bigint NOT NULL DEFAULT 0, held bigint NOT NULL DEFAULT 0,
  closed boolean NOT NULL DEFAULT false
) WITH (fillfactor = 50);

-- How many accounts a limit has in a period, one a subject.
CREATE TABLE gatepost_account_groups (name text COLLATE "C" PRIMARY KEY, members int NOT NULL DEFAULT 0);

-- A hold is a row until it is settled by who knows what it cost. One whose gateway went away keeps its row: `settled` is
-- what is presumed, until the truth comes. A row without accounts is a hold that can never be given.
CREATE TABLE gatepost_holds (
  id text COLLATE "C" PRIMARY KEY, gateway text NOT NULL, run text NOT NULL, accounts text[] NOT NULL,
  amounts bigint[] NOT NULL, settled bigint, at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX gatepost_holds_gateway ON gatepost_holds (gateway);

-- Of the accounts of subjects that are not there yet, each gets one, or where there are too many, its group's.
CREATE FUNCTION gatepost_place(names text[], groups text[], most int) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
  growing text[] := ARRAY(
    SELECT DISTINCT g FROM unnest(names, groups) AS asked (n, g)
    WHERE g IS NOT NULL AND NOT EXISTS (SELECT 1 FROM gatepost_accounts WHERE account = n) ORDER BY g
  );
BEGIN
  IF cardinality(growing) = 0 THEN
    RETURN names;
  END IF;
  INSERT INTO gatepost_account_groups (name) SELECT g FROM unnest(growing) AS g ORDER BY g ON CONFLICT DO NOTHING;
  PERFORM 1 FROM gatepost_account_groups WHERE name = ANY (growing) ORDER BY name FOR UPDATE;
  FOR i IN 1 .. cardinality(names) LOOP
    CONTINUE WHEN groups[i] IS NULL OR EXISTS (SELECT 1 FROM gatepost_accounts WHERE account = names[i]);
    UPDATE gatepost_account_groups SET members = members + 1 WHERE name = groups[i] AND members < most;
    IF FOUND THEN
      INSERT INTO gatepost_accounts (account) VALUES (names[i]) ON CONFLICT DO NOTHING;
    ELSE
      names[i] := groups[i];
    END IF;
  END LOOP;
  RETURN names;
END $$;

-- Puts what a hold cost in the place of what it held, or of what was presumed. `kept`: presumed only, the row stays.
CREATE FUNCTION gatepost_settle(ids text[], costs bigint[], kept boolean[]) RETURNS void LANGUAGE sql AS $$
  UPDATE gatepost_accounts AS a
  SET held = a.held - change.held, settled = least(a.settled + change.settled, 4e18)::bigint
  FROM (
    SELECT of_it.name, sum(CASE WHEN h.settled IS NULL THEN of_it.amount ELSE 0 END)::bigint AS held,
      sum(said.cost - coalesce(h.settled, 0)) AS settled
    FROM unnest(ids, costs) AS said (id, cost) JOIN gatepost_holds AS h ON h.id = said.id
    CROSS JOIN LATERAL unnest(h.accounts, h.amounts) AS of_it (name, amount)
    GROUP BY of_it.name
  ) AS change
  WHERE a.account = change.name;
  DELETE FROM gatepost_holds AS h USING unnest(ids, kept) AS said (id, kept)
  WHERE h.id = said.id AND NOT said.kept AND h.accounts <> '{}';
  UPDATE gatepost_holds AS h SET settled = said.cost FROM unnest(ids, costs, kept) AS said (id, cost, kept)
  WHERE h.id = said.id AND said.kept AND h.accounts <> '{}';
$$;

-- One batch of one gateway: what is settled makes room first, then holds are given in the order they were asked for, each
-- with all of its claims or none. Hold n has the claims up to `h_ends[n]`. The answer has an element a hold: what its
-- accounts have now, or which claim did not fit and why; null when it was ruled out. All of it is null for a gateway of
-- which a later start took the place.
CREATE FUNCTION gatepost_ledger(
  me text, my_run text, s_ids text[], s_costs bigint[], s_kept boolean[],
  h_ids text[], h_ends int[], c_names text[], c_groups text[], c_limits bigint[], c_amounts bigint[], most int
) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE
  answers jsonb := '[]';
  from_claim int := 1;
  to_claim int;
  odd record;
BEGIN
  IF cardinality(h_ids) > 0 AND NOT EXISTS (SELECT 1 FROM gatepost_gateways WHERE id = me AND run = my_run) THEN
    answers := NULL;
    h_ids := '{}'; c_names := '{}'; c_groups := '{}';
  END IF;
  PERFORM 1 FROM gatepost_holds WHERE id = ANY (s_ids) ORDER BY id FOR UPDATE;
  IF cardinality(h_ids) > 0 THEN
    c_names := gatepost_place(c_names, c_groups, most);
    INSERT INTO gatepost_accounts (account) SELECT DISTINCT n FROM unnest(c_names) AS n ORDER BY n ON CONFLICT DO NOTHING;
  END IF;
  PERFORM 1 FROM gatepost_accounts
  WHERE account = ANY (c_names || ARRAY(SELECT unnest(accounts) FROM gatepost_holds WHERE id = ANY (s_ids)))
  ORDER BY account FOR UPDATE;
  IF cardinality(s_ids) > 0 THEN
    PERFORM gatepost_settle(s_ids, s_costs, s_kept);
  END IF;
  FOR n IN 1 .. cardinality(h_ids) LOOP
    to_claim := h_ends[n];
    SELECT c.place - 1 AS place, a.account, a.settled, a.held, a.closed INTO odd
    FROM unnest(c_names[from_claim:to_claim], c_limits[from_claim:to_claim], c_amounts[from_claim:to_claim])
      WITH ORDINALITY AS c (name, limited, amount, place)
    LEFT JOIN gatepost_accounts AS a ON a.account = c.name
    WHERE a.account IS NULL OR a.closed OR a.settled + a.held + c.amount > c.limited
    ORDER BY c.place LIMIT 1;
    IF FOUND THEN
      answers := answers || jsonb_build_array(
        CASE WHEN odd.account IS NULL THEN 'null'
        ELSE jsonb_build_array(odd.place, odd.account, odd.settled, odd.held, odd.closed) END
      );
    ELSE
      INSERT INTO gatepost_holds (id, gateway, run, accounts, amounts)
      VALUES (h_ids[n], me, my_run, c_names[from_claim:to_claim], c_amounts[from_claim:to_claim])
      ON CONFLICT DO NOTHING;
      IF FOUND THEN
        UPDATE gatepost_accounts AS a SET held = a.held + c.amount
        FROM (
          SELECT u.name, sum(u.amount)::bigint AS amount
          FROM unnest(c_names[from_claim:to_claim], c_amounts[from_claim:to_claim]) AS u (name, amount) GROUP BY u.name
        ) AS c
        WHERE a.account = c.name;
        answers := answers || jsonb_build_array((
          SELECT jsonb_agg(jsonb_build_array(a.account, a.settled, a.held) ORDER BY c.place)
          FROM unnest(c_names[from_claim:to_claim]) WITH ORDINALITY AS c (name, place)
          JOIN gatepost_accounts AS a ON a.account = c.name
        ));
      ELSE
        answers := answers || '[null]';
      END IF;
    END IF;
    from_claim := to_claim + 1;
  END LOOP;
  RETURN answers;
END $$;

-- Settles, at the whole hold, what gateways that were not seen for so many seconds have left open; how many holds and for
-- which gateways.
CREATE FUNCTION gatepost_reap(unseen float8, most int) RETURNS TABLE (gone text, holds bigint) LANGUAGE plpgsql AS $$
DECLARE
  ids text[];
  costs bigint[];
BEGIN
  SELECT array_agg(one.id), array_agg(one.cost) INTO ids, costs
  FROM (
    SELECT h.id, (SELECT max(a) FROM unnest(h.amounts) AS a) AS cost
    FROM gatepost_holds AS h JOIN gatepost_gateways AS g ON g.id = h.gateway
    WHERE h.settled IS NULL AND g.seen < now() - make_interval(secs => unseen)
    ORDER BY h.id LIMIT most FOR UPDATE OF h SKIP LOCKED
  ) AS one;
  IF ids IS NOT NULL THEN
    PERFORM gatepost_ledger('', '', ids, costs, array_fill(true, ARRAY[cardinality(ids)]), '{}', '{}', '{}', '{}', '{}', '{}', 0);
    RETURN QUERY SELECT h.gateway, count(*) FROM gatepost_holds AS h WHERE h.id = ANY (ids) GROUP BY h.gateway;
  END IF;
END $$;

-- What a gateway has spent before it shared its budgets comes with it, once.
CREATE FUNCTION gatepost_join(me text, my_run text, names text[], spent bigint[], shut text[]) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO gatepost_gateways (id, run) VALUES (me, my_run) ON CONFLICT DO NOTHING;
  IF NOT FOUND THEN
    UPDATE gatepost_gateways SET run = my_run, seen = now() WHERE id = me;
    RETURN;
  END IF;
  INSERT INTO gatepost_accounts AS a (account, settled)
  SELECT u.name, u.amount FROM unnest(names, spent) AS u (name, amount) ORDER BY u.name
  ON CONFLICT (account) DO UPDATE SET settled = least(a.settled::numeric + excluded.settled, 4e18)::bigint;
  INSERT INTO gatepost_accounts (account, closed) SELECT u.name, true FROM unnest(shut) AS u (name) ORDER BY u.name
  ON CONFLICT (account) DO UPDATE SET closed = true;
END $$;

-- name: join
SELECT gatepost_join($1, $2, $3, $4, $5);

-- name: batch
SELECT gatepost_ledger($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12);

-- name: close
INSERT INTO gatepost_accounts (account, closed) SELECT u.name, true FROM unnest($1::text[]) AS u (name) ORDER BY u.name
ON CONFLICT (account) DO UPDATE SET closed = true;

-- Holds that were asked for and never answered: one that was not given yet never will be.
-- name: rule_out
INSERT INTO gatepost_holds (id, gateway, run, accounts, amounts)
SELECT u.id, $2, $3, '{}', '{}' FROM unnest($1::text[]) AS u (id) ORDER BY u.id
ON CONFLICT DO NOTHING;

-- name: beat
UPDATE gatepost_gateways SET seen = now() WHERE id = $1 AND run = $2;

-- name: reap
SELECT gone, holds FROM gatepost_reap($1, $2);

-- What earlier starts of a gateway have left: open, or settled at what was presumed.
-- name: left_open
SELECT id FROM gatepost_holds WHERE gateway = $1 AND run <> $2 AND accounts <> '{}' AND id > $3 ORDER BY id LIMIT $4;

-- name: used
SELECT account, settled, held FROM gatepost_accounts WHERE account = ANY ($1);

-- Accounts whose period has been over for two days, by this database's own clock. An account without a period stays.
-- name: sweep_accounts
WITH past AS (SELECT now() AT TIME ZONE 'utc' - interval '2 days' AS at),
gone AS (
  DELETE FROM gatepost_accounts USING past
  WHERE held = 0 AND CASE length(substring(account from '@([^@]*)$'))
    WHEN 13 THEN substring(account from '@([^@]*)$') < to_char(past.at, 'YYYY-MM-DD"T"HH24')
    WHEN 10 THEN substring(account from '@([^@]*)$') < to_char(past.at, 'YYYY-MM-DD')
    WHEN 7 THEN substring(account from '@([^@]*)$') < to_char(past.at, 'YYYY-MM')
    ELSE false END
  RETURNING 1
)
SELECT count(*) FROM gone;

-- name: sweep_groups
DELETE FROM gatepost_account_groups
WHERE CASE length(substring(name from '@([^@]*)$'))
  WHEN 13 THEN substring(name from '@([^@]*)$') < to_char(now() AT TIME ZONE 'utc' - interval '2 days', 'YYYY-MM-DD"T"HH24')
  WHEN 10 THEN substring(name from '@([^@]*)$') < to_char(now() AT TIME ZONE 'utc' - interval '2 days', 'YYYY-MM-DD')
  WHEN 7 THEN substring(name from '@([^@]*)$') < to_char(now() AT TIME ZONE 'utc' - interval '2 days', 'YYYY-MM')
  ELSE false END;

-- What was presumed can be corrected for as long as a period lasts, and then some.
-- name: sweep_holds
DELETE FROM gatepost_holds WHERE (settled IS NOT NULL OR accounts = '{}') AND at < now() - interval '62 days';
