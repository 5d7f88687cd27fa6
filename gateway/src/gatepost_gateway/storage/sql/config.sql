-- Queries of storage/config.py.

-- name: version_latest
SELECT number, at, by, note, digest, document FROM versions ORDER BY number DESC LIMIT 1;

-- name: version_get
SELECT number, at, by, note, digest, document FROM versions WHERE number = ?;

-- name: version_list
SELECT number, at, by, note, digest FROM versions ORDER BY number DESC LIMIT ?;

-- name: version_add
INSERT INTO versions (number, at, by, note, digest, document) VALUES (?, ?, ?, ?, ?, ?);

-- name: version_number
SELECT coalesce(max(number), 0) FROM versions;

-- name: identity_all
SELECT seq, at, event FROM identity_log ORDER BY seq;

-- name: identity_since
SELECT seq, at, by, event FROM identity_log WHERE seq > ? ORDER BY seq;

-- name: identity_add
INSERT INTO identity_log (seq, at, by, event) VALUES (?, ?, ?, ?);

-- name: identity_seq
SELECT coalesce(max(seq), 0) FROM identity_log;

-- name: resealing
INSERT INTO resealing (id) VALUES (1);

-- name: resealed
DELETE FROM resealing;

-- name: version_documents
SELECT number, document FROM versions ORDER BY number;

-- name: version_reseal
UPDATE versions SET document = ? WHERE number = ?;

-- name: identity_reseal
UPDATE identity_log SET event = ? WHERE seq = ?;

-- name: derived
SELECT label, master, box FROM derived;

-- name: derived_keep
INSERT INTO derived (label, master, box) VALUES (?, ?, ?)
ON CONFLICT (label) DO UPDATE SET master = excluded.master, box = excluded.box;

-- name: check
PRAGMA quick_check(10);

-- What is overwritten from here on does not stay in the file.
-- name: forget_whole
PRAGMA secure_delete = ON;

-- name: checkpoint
PRAGMA wal_checkpoint(TRUNCATE);
