"""The promises of the seam, held by both databases."""

from pathlib import Path

import pytest

from gatepost_gateway.storage.database import Database, DatabaseError, RefusedError, Sql
from gatepost_gateway.storage.sqlite_database import SqliteDatabase

from .stores import Opener, value

MAKE = "CREATE SCHEMA IF NOT EXISTS gatepost; CREATE TABLE a (x bigint PRIMARY KEY, y text NOT NULL);"
ADD = Sql("INSERT INTO a (x, y) VALUES (?, ?)")


@pytest.fixture
def db(home: Opener, tmp_path):
    found = home(tmp_path / "a.db")
    opened: Database = SqliteDatabase(found, ()) if isinstance(found, Path) else found
    opened.script(MAKE.partition("; ")[2] if isinstance(opened, SqliteDatabase) else MAKE)
    yield opened
    opened.close()


def test_values_stand_in_their_order_or_by_name(db):
    assert db.run(ADD, (1, "one")) == 1
    db.many(ADD, [(2, "two"), (3, "three")])
    db.many(ADD, [])
    assert db.all(Sql("SELECT x, y FROM a WHERE x >= :low AND (x = :low OR y <> :word) ORDER BY x"),
                  {"low": 2, "word": "one", "more": 9}) == [(2, "two"), (3, "three")]  # fmt: skip
    assert db.one(Sql("SELECT y FROM a WHERE x = ?"), (9,)) is None
    assert db.run(Sql("DELETE FROM a WHERE x > ?"), (1,)) == 2


def test_a_transaction_is_whole_or_nothing(db):
    def write(*values):
        with db.transaction("turn"):
            db.run(ADD, (1, "one"))
            db.run(ADD, values)

    with pytest.raises(DatabaseError):
        write(object(), "no number")
    with pytest.raises(RefusedError):
        write(1, "again")
    assert value(db, "SELECT count(*) FROM a") == 0
    with db.transaction("turn"):
        db.run(ADD, (1, "one"))
    assert value(db, "SELECT count(*) FROM a") == 1


def test_what_the_tables_refuse_and_what_is_wrong_are_told_apart(db):
    for values in ((1, None), (2**63, "large")):
        with pytest.raises(RefusedError):
            db.run(ADD, values)
    with pytest.raises(DatabaseError) as caught:
        db.all(Sql("SELECT nothing FROM nowhere"))
    assert not isinstance(caught.value, RefusedError)
    assert value(db, "SELECT count(*) FROM a") == 0


def test_nothing_is_asked_of_what_is_closed(db):
    db.close()
    with pytest.raises(DatabaseError, match="closed"):
        db.one(Sql("SELECT 1"))
