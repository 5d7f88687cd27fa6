-- What was said in calls whose project keeps it, masked; `entry` is the journal's.
-- Owner: fold.py. Retention: goes with its step.
CREATE TABLE bodies (
  trace_id TEXT NOT NULL,
  step_id TEXT NOT NULL,
  entry BLOB NOT NULL,
  PRIMARY KEY (trace_id, step_id)
) STRICT, WITHOUT ROWID;
