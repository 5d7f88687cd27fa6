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

-- name: identity_add
INSERT INTO identity_log (seq, at, by, event) VALUES (?, ?, ?, ?);

-- name: identity_seq
SELECT coalesce(max(seq), 0) FROM identity_log;
