"""What SQLite alone does; the promises of the seam are in test_database.py."""

import sqlite3
import stat

import pytest

from gatepost_gateway.storage.database import DatabaseError, Sql
from gatepost_gateway.storage.sqlite_database import SqliteDatabase


def test_the_file_is_made_for_its_owner_alone(tmp_path):
    db = SqliteDatabase(tmp_path / "a.db", ("PRAGMA journal_mode = WAL",))
    assert stat.S_IMODE((tmp_path / "a.db").stat().st_mode) == 0o600
    assert db.one(Sql("PRAGMA journal_mode")) == ("wal",)
    db.close()


def test_what_is_no_database_is_said_when_it_is_opened(tmp_path):
    (tmp_path / "a.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(DatabaseError, match="not a database"):
        SqliteDatabase(tmp_path / "a.db", ("PRAGMA journal_mode = WAL",))
    with pytest.raises(OSError, match="directory"):
        SqliteDatabase(tmp_path, ())


def test_a_function_that_sql_may_call(tmp_path):
    db = SqliteDatabase(tmp_path / "a.db", ())
    db.teach("doubled", 1, lambda one: one * 2)
    assert db.one(Sql("SELECT doubled(21)")) == (42,)
    db.close()


def test_a_writer_that_somebody_else_is_does_not_break_what_is_read(tmp_path):
    db = SqliteDatabase(tmp_path / "a.db", ("PRAGMA journal_mode = WAL", "PRAGMA busy_timeout = 1"))
    db.script("CREATE TABLE a (x);")
    other = sqlite3.connect(tmp_path / "a.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatabaseError, match="locked"), db.transaction():
        pytest.fail("somebody else is writing")
    assert db.all(Sql("SELECT x FROM a")) == []
    other.close()
    db.close()
