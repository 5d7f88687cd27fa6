-- Loops in PostgreSQL, for several gateways: what each trace or session asked last, as a keyed hash, and when. Times are
-- seconds since the epoch, by the database's clock.

-- name: migration_1
CREATE TABLE gatepost_loops (
  owner text PRIMARY KEY, mark bytea NOT NULL, times double precision[] NOT NULL, until double precision NOT NULL
);
CREATE INDEX gatepost_loops_until ON gatepost_loops (until);

-- Many questions, one after the other; those of one owner in their order. `wait`: until it would be one less.
CREATE FUNCTION gatepost_repeated(
  owners text[], marks bytea[], seconds double precision[], most int[], OUT count int[], OUT wait double precision[]
) LANGUAGE plpgsql AS $$
DECLARE key bigint; now_at double precision; i int; n int; known bytea; asked double precision[];
BEGIN
  FOR key IN SELECT DISTINCT hashtextextended(one, 3) AS h FROM unnest(owners) AS one ORDER BY h LOOP
    PERFORM pg_advisory_xact_lock(key);
  END LOOP;
  now_at := extract(epoch FROM clock_timestamp());
  FOR i IN 1 .. cardinality(owners) LOOP
    SELECT l.mark, l.times INTO known, asked FROM gatepost_loops AS l WHERE l.owner = owners[i];
    IF known IS DISTINCT FROM marks[i] THEN asked := '{}'; END IF;
    asked := ARRAY(SELECT t FROM unnest(asked) AS t WHERE t > now_at - seconds[i] ORDER BY t) || now_at;
    n := cardinality(asked);
    asked := asked[greatest(1, n - most[i] + 1):];
    n := cardinality(asked);
    INSERT INTO gatepost_loops AS l VALUES (owners[i], marks[i], asked, now_at + seconds[i])
    ON CONFLICT (owner) DO UPDATE SET mark = excluded.mark, times = excluded.times, until = excluded.until;
    count[i] := n;
    wait[i] := asked[least(2, n)] + seconds[i] - now_at;
  END LOOP;
END $$;

-- name: repeated
SELECT count, wait FROM gatepost_repeated($1, $2, $3, $4);

-- name: sweep
DELETE FROM gatepost_loops WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM gatepost_loops WHERE until < extract(epoch FROM clock_timestamp()) FOR UPDATE SKIP LOCKED
));
