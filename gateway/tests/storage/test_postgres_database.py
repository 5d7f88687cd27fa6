"""What PostgreSQL alone does; the promises of the seam are in test_database.py."""

import threading
from contextlib import suppress

import pytest

from gatepost_gateway.domain.secret import Secret
from gatepost_gateway.storage.database import DatabaseError, Sql
from gatepost_gateway.storage.postgres_database import PostgresDatabase, numbered

from ..postgres import Cluster
from .stores import Postgres, value

MAKE = "CREATE SCHEMA gatepost; CREATE TABLE a (x bigint PRIMARY KEY, y text)"
ADD = Sql("INSERT INTO a (x, y) VALUES (?, ?)")
ME = "SELECT pg_backend_pid()"


def test_places_are_numbered_and_casts_stay():
    assert numbered("a = ? AND b = ?::json") == ("a = $1 AND b = $2::json", ("", ""))
    assert numbered("a = :one OR :two::text = :one") == ("a = $1 OR $2::text = $1", ("one", "two"))


def test_a_lost_connection_is_made_again(postgres: Postgres):
    url = postgres.fresh()
    db, other = postgres.open(url), postgres.open(url)
    db.script(MAKE)
    lost = value(db, ME)
    other.one(Sql("SELECT pg_terminate_backend(?)"), (lost,))
    with suppress(DatabaseError):  # it is asked before it knows
        value(db, ME)
    assert value(db, ME) != lost


def test_what_was_being_written_when_the_connection_went_is_not_there(postgres: Postgres):
    url = postgres.fresh()
    db, other = postgres.open(url), postgres.open(url)
    db.script(MAKE)

    def write() -> None:
        with db.transaction():
            db.run(ADD, (1, "a"))
            other.one(Sql("SELECT pg_terminate_backend(?)"), (value(db, ME),))
            while True:  # until it is seen: what comes next is never written by itself
                db.run(ADD, (2, "b"))
                db.run(Sql("DELETE FROM a WHERE x = 2"))

    with pytest.raises(DatabaseError, match="does not answer"):
        write()
    assert value(db, "SELECT count(*) FROM a") == 0


def test_a_turn_that_was_taken_is_waited_for_and_goes_with_its_connection(postgres: Postgres):
    url = postgres.fresh()
    one, two, third = (postgres.open(url) for _ in range(3))
    one.take("t")
    order: list[str] = []

    def wait() -> None:
        two.take("t")
        order.append("two")
        two.give("t")

    waiting = threading.Thread(target=wait)
    waiting.start()
    while not third.all(Sql("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")):
        pass
    order.append("one")
    one.give("t")
    waiting.join()
    assert order == ["one", "two"]
    one.take("t")
    third.one(Sql("SELECT pg_terminate_backend(?)"), (value(one, ME),))
    two.take("t")
    with pytest.raises(DatabaseError):  # nothing goes on without its turn
        list(iter(lambda: value(one, ME), None))
    one.give("t")
    assert value(one, "SELECT 1") == 1
    two.give("t")


def test_a_text_with_nul_is_stored_without_it(postgres: Postgres):
    db = postgres.open(postgres.fresh())
    db.script(MAKE)
    db.run(ADD, (1, "a\0b"))
    db.many(ADD, [(2, "\0")])
    assert db.all(Sql("SELECT x FROM a WHERE y = ANY(?::text[])"), (["a\0b"],)) == [(1,)]
    assert db.all(Sql("SELECT x FROM a WHERE y = ? OR y = ? ORDER BY x"), ("a\0b", "\ufffd")) == [(1,), (2,)]


@pytest.mark.parametrize(
    "url", ["postgresql://u:pa55word@127.0.0.1:9/none", "postgresql://u:pa55word@/x?host=/nowhere"]
)
def test_an_address_where_nobody_is_says_so_without_the_address(url: str):
    db = PostgresDatabase(Secret(url))
    with pytest.raises(DatabaseError, match="does not answer") as caught:
        db.one(Sql("SELECT 1"))
    assert "pa55word" not in str(caught.value)
    db.close()


def test_a_server_that_was_away_is_found_again():
    with Cluster() as cluster:
        db = PostgresDatabase(Secret(cluster.url))
        assert value(db, "SELECT 1") == 1
        cluster.stop()
        for _ in range(2):
            with pytest.raises(DatabaseError):
                db.one(Sql("SELECT 1"))
        cluster.start()
        assert value(db, "SELECT 1") == 1
        db.close()
