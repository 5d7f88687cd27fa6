-- Calls added up by the minute, the hour and the day (`grain` in seconds, `bucket` its start), by one dimension each:
-- `name` is `provider`, `model`, `user`, `status`, `key`, `feature`, `metadata:<key>`, or '' for all calls together.
-- Money in nano-dollars, `micros` over the `timed` calls, `buckets` their histogram (storage/histogram.py).
-- Owner: fold.py. Retention: minutes 3 days, hours 100 days, days 800 days.
CREATE TABLE rollups (
  grain INTEGER NOT NULL,
  project TEXT NOT NULL,
  name TEXT NOT NULL,
  bucket INTEGER NOT NULL,
  value TEXT NOT NULL,
  requests INTEGER NOT NULL,
  errors INTEGER NOT NULL,
  hits INTEGER NOT NULL,
  prompt INTEGER NOT NULL,
  completion INTEGER NOT NULL,
  cost INTEGER NOT NULL,
  unpriced INTEGER NOT NULL,
  revenue INTEGER NOT NULL,
  micros INTEGER NOT NULL,
  timed INTEGER NOT NULL,
  buckets BLOB NOT NULL,
  PRIMARY KEY (grain, project, name, bucket, value)
) STRICT, WITHOUT ROWID;

CREATE INDEX rollups_age ON rollups (grain, bucket);

-- Who was there on which day (days since 1970 in UTC), for each feature and ('') for all.
-- Owner: fold.py. Retention: 800 days.
CREATE TABLE activity (
  project TEXT NOT NULL,
  feature TEXT NOT NULL,
  user TEXT NOT NULL,
  day INTEGER NOT NULL,
  PRIMARY KEY (project, feature, user, day)
) STRICT, WITHOUT ROWID;

CREATE INDEX activity_age ON activity (day);
