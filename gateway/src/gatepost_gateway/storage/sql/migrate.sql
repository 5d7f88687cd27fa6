-- Queries of storage/migrate.py.

-- name: make_table
CREATE TABLE IF NOT EXISTS migrations (name TEXT PRIMARY KEY, at INTEGER NOT NULL) STRICT;

-- name: done
SELECT name FROM migrations;

-- name: ran
SELECT 1 FROM migrations WHERE name = ?;

-- name: note
INSERT INTO migrations (name, at) VALUES (?, ?);
