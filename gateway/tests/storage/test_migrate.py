import re
import sqlite3
from contextlib import closing

import pytest

from gatepost_gateway.domain.clock import SystemClock
from gatepost_gateway.storage.faults import TooNew
from gatepost_gateway.storage.migrate import Phase, migrate, migrations
from gatepost_gateway.storage.queries import HOME, migrations_folder, statements

PRE, ALL = frozenset({Phase.PRE}), frozenset(Phase)


def shape(db):
    rows = db.execute(
        "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name"
    ).fetchall()
    return [(kind, name, re.sub(r"\s+", " ", sql).replace("IF NOT EXISTS ", "")) for kind, name, sql in rows]


def connect():
    return closing(sqlite3.connect(":memory:", isolation_level=None))


def run(db, folder, phases=PRE):
    return migrate(db, folder, phases, SystemClock(), folder)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "0001_pre_start.sql").write_text("CREATE TABLE a (x);\n-- why\nINSERT INTO a VALUES (';');\n")
    (tmp_path / "0002_pre_more.sql").write_text("CREATE TABLE b (y);\n")
    (tmp_path / "0003_post_less.sql").write_text("DROP TABLE a;\n")
    (tmp_path / "0004_pre_last.sql").write_text("CREATE TABLE c (z);\n")
    return tmp_path


def test_the_migrations_make_the_schema():
    with connect() as migrated, connect() as written:
        run(migrated, migrations_folder(), ALL)
        for statement in statements(HOME.joinpath("sql", "schema.sql").read_text()):
            written.execute(statement)
        assert shape(migrated) == shape(written)


def test_every_table_says_its_owner_and_retention():
    text = HOME.joinpath("sql", "schema.sql").read_text()
    for table in re.findall(r"CREATE TABLE (\w+)", text):
        before = text.partition(f"CREATE TABLE {table}")[0].rpartition("\n\n")[2]
        assert "Owner:" in before, table
        assert "Retention:" in before, table


def test_post_waits_until_it_is_asked_for(folder):
    with connect() as db:
        assert run(db, folder) == ["0001_pre_start.sql", "0002_pre_more.sql"]
        assert run(db, folder) == []
        assert run(db, folder, ALL) == ["0003_post_less.sql", "0004_pre_last.sql"]
        assert [name for _, name, _ in shape(db)] == ["b", "c", "migrations"]


def test_a_migration_runs_whole_or_not_at_all(folder):
    (folder / "0002_pre_more.sql").write_text("CREATE TABLE b (y);\nCREATE TABLE b (y);\n")
    with connect() as db:
        with pytest.raises(sqlite3.OperationalError):
            run(db, folder)
        assert [name for _, name, _ in shape(db)] == ["a", "migrations"]
        (folder / "0002_pre_more.sql").write_text("CREATE TABLE b (y);\n")
        assert run(db, folder) == ["0002_pre_more.sql"]


def test_the_version_before_works_with_pre_and_refuses_post(folder):
    with connect() as db:
        run(db, folder)
        (folder / "0002_pre_more.sql").unlink()
        assert run(db, folder) == []
        run(db, folder, ALL)
        (folder / "0003_post_less.sql").unlink()
        with pytest.raises(TooNew, match="0003_post_less"):
            run(db, folder)


def test_a_name_without_number_and_phase_is_refused(tmp_path):
    (tmp_path / "fix.sql").touch()
    with pytest.raises(ValueError, match=r"`fix\.sql`"):
        migrations(tmp_path)
