-- Rate limits in PostgreSQL, for several gateways that count together. Times are seconds since the epoch, by the
-- database's clock alone. Accounts name keys and users as the journal does.

-- name: migration_1
-- What came: pieces by account and tick of the grain. A tick counts until all of it is as old as the window.
CREATE TABLE gatepost_rates (
  account text NOT NULL, tick bigint NOT NULL, amount bigint NOT NULL, PRIMARY KEY (account, tick)
) WITH (fillfactor = 70);
CREATE INDEX gatepost_rates_tick ON gatepost_rates (tick);

-- What is under way: slots by account and gateway. They count while their gateway's lease runs.
CREATE TABLE gatepost_slots (
  account text NOT NULL, owner text NOT NULL, held bigint NOT NULL, PRIMARY KEY (account, owner)
) WITH (fillfactor = 70);
CREATE TABLE gatepost_owners (owner text PRIMARY KEY, until double precision NOT NULL);

-- Who has an account of his own, of limits that have one for each subject; and how many have.
CREATE TABLE gatepost_rate_subjects (account text PRIMARY KEY, grp text NOT NULL, at double precision NOT NULL);
CREATE INDEX gatepost_rate_subjects_at ON gatepost_rate_subjects (at);
CREATE INDEX gatepost_rate_subjects_grp ON gatepost_rate_subjects (grp);
CREATE TABLE gatepost_rate_groups (grp text PRIMARY KEY, subjects bigint NOT NULL);

-- Decides about what many calls ask, one after the other, each all or nothing.
--
-- `locks`: what is taken for this statement alone, in one order for everybody; what is then read is what others left.
-- `mine`, `mine_held`: the slots that this gateway holds now, where that has changed. `back_*`: what is given back.
-- `names`, `grps`, `slot`: the accounts, each once. `op`, `which`, `lim`, `amt`: what is asked of them, in the order of
-- the calls. The answer has where each account counts, and for each thing that was asked whether its limit would admit
-- it, what is left, and the seconds until more is.
CREATE FUNCTION gatepost_take(
  me text, lease double precision, grain double precision, span double precision, most bigint, locks text[],
  mine text[], mine_held bigint[], back_names text[], back_ticks bigint[], back_amounts bigint[],
  names text[], grps text[], slot boolean[], op int[], which int[], lim bigint[], amt bigint[],
  OUT tick bigint, OUT placed text[], OUT fits boolean[], OUT remaining bigint[], OUT wait double precision[]
) LANGUAGE plpgsql AS $$
DECLARE
  key bigint; now_at double precision; live bigint; first_at bigint; n int := cardinality(names); m int := cardinality(op);
  used bigint[] := array_fill(0::bigint, ARRAY[n]); added bigint[] := array_fill(0::bigint, ARRAY[n]);
  oldest bigint[] := array_fill(NULL::bigint, ARRAY[n]); canon int[];
  i int; j int; k int; c int; refused boolean; freed_at bigint; sum_of bigint;
BEGIN
  FOR key IN SELECT DISTINCT hashtextextended(one, 2) AS h FROM unnest(locks) AS one ORDER BY h LOOP
    PERFORM pg_advisory_xact_lock(key);
  END LOOP;
  now_at := extract(epoch FROM clock_timestamp());
  tick := floor(now_at / grain);
  live := floor((now_at - span) / grain);
  placed := names;
  fits := array_fill(false, ARRAY[m]);
  remaining := array_fill(0::bigint, ARRAY[m]);
  wait := array_fill(0::double precision, ARRAY[m]);

  IF lease > 0 THEN
    INSERT INTO gatepost_owners VALUES (me, now_at + lease) ON CONFLICT (owner) DO UPDATE SET until = excluded.until;
  END IF;
  IF cardinality(mine) > 0 THEN
    DELETE FROM gatepost_slots AS s USING unnest(mine, mine_held) AS said (account, held)
    WHERE s.owner = me AND s.account = said.account AND said.held = 0;
    INSERT INTO gatepost_slots SELECT account, me, held FROM unnest(mine, mine_held) AS said (account, held) WHERE held > 0
    ON CONFLICT (account, owner) DO UPDATE SET held = excluded.held;
  END IF;
  IF cardinality(back_names) > 0 THEN
    UPDATE gatepost_rates AS r SET amount = greatest(0, r.amount - said.amount)
    FROM unnest(back_names, back_ticks, back_amounts) AS said (account, tick, amount)
    WHERE r.account = said.account AND r.tick = said.tick AND r.tick >= live;
  END IF;

  canon := ARRAY(SELECT generate_series(1, n));
  UPDATE gatepost_rate_subjects AS s SET at = now_at WHERE s.account = ANY (names) AND s.at < now_at - 30;
  FOR i IN
    SELECT u.at FROM unnest(names, grps) WITH ORDINALITY AS u (account, grp, at)
    WHERE u.grp IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM gatepost_rate_subjects AS s WHERE s.account = u.account)
  LOOP
    INSERT INTO gatepost_rate_groups VALUES (grps[i], 1)
    ON CONFLICT (grp) DO UPDATE SET subjects = gatepost_rate_groups.subjects + 1
      WHERE gatepost_rate_groups.subjects < most;
    IF FOUND THEN
      INSERT INTO gatepost_rate_subjects VALUES (names[i], grps[i], now_at) ON CONFLICT (account) DO NOTHING;
    ELSE
      placed[i] := grps[i];
      FOR c IN 1 .. i LOOP
        IF placed[c] = placed[i] AND slot[c] = slot[i] THEN canon[i] := c; EXIT; END IF;
      END LOOP;
    END IF;
  END LOOP;

  FOR i IN 1 .. n LOOP
    CONTINUE WHEN canon[i] <> i;
    IF slot[i] THEN
      used[i] := (
        SELECT coalesce(sum(s.held), 0) FROM gatepost_slots AS s JOIN gatepost_owners AS o USING (owner)
        WHERE s.account = placed[i] AND o.until > now_at
      );
    ELSE
      SELECT coalesce(sum(r.amount), 0), min(r.tick) FILTER (WHERE r.amount > 0) INTO sum_of, first_at
      FROM gatepost_rates AS r WHERE r.account = placed[i] AND r.tick >= live;
      used[i] := sum_of;
      oldest[i] := first_at;
    END IF;
  END LOOP;

  j := 1;
  WHILE j <= m LOOP
    refused := false;
    k := j;
    WHILE k <= m AND op[k] = op[j] LOOP
      c := canon[which[k]];
      fits[k] := used[c] + added[c] + amt[k] <= lim[k];
      refused := refused OR NOT fits[k];
      k := k + 1;
    END LOOP;
    FOR i IN j .. k - 1 LOOP
      c := canon[which[i]];
      IF NOT refused THEN added[c] := added[c] + amt[i]; END IF;
      remaining[i] := greatest(0, lim[i] - used[c] - added[c]);
      IF slot[c] THEN
        wait[i] := 0;
      ELSIF fits[i] THEN
        first_at := coalesce(oldest[c], CASE WHEN added[c] > 0 THEN tick END);
        wait[i] := coalesce((first_at + 1) * grain + span - now_at, 0);
      ELSIF amt[i] > lim[i] THEN
        wait[i] := span;
      ELSE
        SELECT min(w.tick) INTO freed_at FROM (
          SELECT r.tick, sum(r.amount) OVER (ORDER BY r.tick) AS freed
          FROM gatepost_rates AS r WHERE r.account = placed[c] AND r.tick >= live
        ) AS w WHERE w.freed >= used[c] + added[c] + amt[i] - lim[i];
        wait[i] := (coalesce(freed_at, tick) + 1) * grain + span - now_at;
      END IF;
    END LOOP;
    j := k;
  END LOOP;

  INSERT INTO gatepost_rates SELECT placed[u], tick, added[u] FROM generate_series(1, n) AS u WHERE added[u] > 0 AND NOT slot[u]
  ON CONFLICT ON CONSTRAINT gatepost_rates_pkey DO UPDATE SET amount = gatepost_rates.amount + excluded.amount;
  INSERT INTO gatepost_slots SELECT placed[u], me, added[u] FROM generate_series(1, n) AS u WHERE added[u] > 0 AND slot[u]
  ON CONFLICT (account, owner) DO UPDATE SET held = gatepost_slots.held + excluded.held;
END $$;

-- Under the lock of the group, as those who take: what it counts is what there is.
CREATE FUNCTION gatepost_count_group(g text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(g, 2));
  UPDATE gatepost_rate_groups SET subjects = (SELECT count(*) FROM gatepost_rate_subjects WHERE grp = g) WHERE grp = g;
  DELETE FROM gatepost_rate_groups WHERE grp = g AND subjects = 0;
END $$;

-- name: take
SELECT tick, placed, fits, remaining, wait
FROM gatepost_take($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18);

-- What is swept is far outside of the window: nobody counts or gives back there any more.
-- name: sweep_rates
DELETE FROM gatepost_rates WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM gatepost_rates WHERE tick < floor((extract(epoch FROM clock_timestamp()) - $1::float8) / $2::float8)
  FOR UPDATE SKIP LOCKED
));

-- name: sweep_subjects
DELETE FROM gatepost_rate_subjects WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM gatepost_rate_subjects WHERE at < extract(epoch FROM clock_timestamp()) - $1::float8
  FOR UPDATE SKIP LOCKED
));

-- name: groups
SELECT grp FROM gatepost_rate_groups ORDER BY grp;

-- name: count_group
SELECT gatepost_count_group($1);

-- name: sweep_owners
WITH gone AS (DELETE FROM gatepost_owners WHERE until < extract(epoch FROM clock_timestamp()) - $1::float8 RETURNING owner)
DELETE FROM gatepost_slots AS s USING gone WHERE s.owner = gone.owner;

-- name: leave_slots
DELETE FROM gatepost_slots WHERE owner = $1;

-- name: leave
DELETE FROM gatepost_owners WHERE owner = $1;
