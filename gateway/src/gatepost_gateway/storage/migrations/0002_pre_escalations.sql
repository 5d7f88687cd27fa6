-- What a rule held back for a person to decide. `entry` is `Escalated` as it stands in the journal; `status` is the last
-- turn's. `admits_until`: an approval admits one identical request until then, `admitted_step` is that request's.
-- Owner: fold.py makes and admits, escalations.py turns. Retention: 400 days after `at`.
CREATE TABLE escalations (
  id TEXT PRIMARY KEY,
  at INTEGER NOT NULL,
  project TEXT NOT NULL,
  status TEXT NOT NULL,
  expires_at INTEGER NOT NULL,
  admits_until INTEGER NOT NULL DEFAULT 0,
  admitted_step TEXT NOT NULL DEFAULT '',
  entry BLOB NOT NULL
) STRICT;

CREATE INDEX escalations_project ON escalations (project, at, id);

CREATE INDEX escalations_at ON escalations (at);

CREATE INDEX escalations_verdict ON escalations (admits_until) WHERE admits_until > 0;

-- Who turned an escalation, when, to what, and why: only ever added to.
-- Owner: escalations.py. Retention: goes with its escalation.
CREATE TABLE escalation_turns (
  escalation_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  by TEXT NOT NULL,
  status TEXT NOT NULL,
  note TEXT NOT NULL,
  PRIMARY KEY (escalation_id, at, status)
) STRICT, WITHOUT ROWID;
