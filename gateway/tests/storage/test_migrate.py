import re
import threading
from contextlib import closing
from itertools import count

import pytest

from gatepost_gateway.domain.clock import SystemClock
from gatepost_gateway.storage.database import DatabaseError, Dialect, Sql
from gatepost_gateway.storage.faults import TooNew
from gatepost_gateway.storage.migrate import Phase, migrate, migrations
from gatepost_gateway.storage.queries import HOME, migrations_folder, migrations_of
from gatepost_gateway.storage.sqlite_database import SqliteDatabase

PRE, ALL = frozenset({Phase.PRE}), frozenset(Phase)


def shape(db):
    rows = db.all(Sql("SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name"))
    return [(kind, name, re.sub(r"\s+", " ", sql).replace("IF NOT EXISTS ", "")) for kind, name, sql in rows]


@pytest.fixture
def connect(tmp_path):
    names = count()
    return lambda: closing(SqliteDatabase(tmp_path / f"{next(names)}.db", ()))


def run(db, folder, phases=PRE):
    return migrate(db, folder, phases, SystemClock(), folder)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "0001_pre_start.sql").write_text("CREATE TABLE a (x);\n-- why\nINSERT INTO a VALUES (';');\n")
    (tmp_path / "0002_pre_more.sql").write_text("CREATE TABLE b (y);\n")
    (tmp_path / "0003_post_less.sql").write_text("DROP TABLE a;\n")
    (tmp_path / "0004_pre_last.sql").write_text("CREATE TABLE c (z);\n")
    return tmp_path


def test_the_migrations_make_the_schema(connect):
    with connect() as migrated, connect() as written:
        run(migrated, migrations_folder(), ALL)
        written.script(HOME.joinpath("sql", "schema.sql").read_text())
        assert shape(migrated) == shape(written)


COLUMNS = Sql(
    "SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid),"
    " a.attcollation FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
    " LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum"
    " WHERE c.relnamespace = 'gatepost'::regnamespace AND a.attnum > 0 AND c.relkind IN ('r', 'p') ORDER BY 1, a.attnum"
)
OTHERS = (
    Sql("SELECT indexdef FROM pg_indexes WHERE schemaname = 'gatepost' ORDER BY 1"),
    Sql("SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'gatepost'::regnamespace ORDER BY 1"),
    Sql(
        "SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
        " WHERE c.relnamespace = 'gatepost'::regnamespace ORDER BY 1"
    ),
    Sql(
        "SELECT c.relname, pg_get_expr(c.relpartbound, c.oid), pg_get_partkeydef(c.oid) FROM pg_class c"
        " WHERE c.relnamespace = 'gatepost'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY 1"
    ),
)


def test_in_postgresql_too(postgres):
    migrated, written = (postgres.open(postgres.fresh()) for _ in range(2))
    ran = run(migrated, migrations_of(Dialect.POSTGRES, HOME), ALL)
    assert run(migrated, migrations_of(Dialect.POSTGRES, HOME), ALL) == []
    assert ran[0] == "0001_pre_start.sql"
    written.script("CREATE SCHEMA gatepost;" + HOME.joinpath("sql", "schema.postgres.sql").read_text())
    for query in (COLUMNS, *OTHERS):
        found = [written.all(query), migrated.all(query)]
        assert found[0] == found[1]
        assert found[0]


def test_many_that_begin_at_once_make_it_once(postgres):
    url = postgres.fresh()
    ran: list[object] = []

    def begin() -> None:
        db = postgres.open(url)
        try:
            ran.append(run(db, migrations_of(Dialect.POSTGRES, HOME), ALL))
        except BaseException as error:
            ran.append(error)

    threads = [threading.Thread(target=begin) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not [one for one in ran if isinstance(one, BaseException)]
    assert postgres.open(url).one(Sql("SELECT count(*) FROM migrations")) == (1,)


@pytest.mark.parametrize("schema", ["schema.sql", "schema.postgres.sql"])
def test_every_table_says_its_owner_and_retention(schema):
    text = HOME.joinpath("sql", schema).read_text()
    for table in re.findall(r"^CREATE TABLE (\w+)", text, re.MULTILINE):
        before = re.split(rf"CREATE TABLE {table}\b", text)[0].rpartition("\n\n")[2]
        assert "Owner:" in before, table
        assert "Retention:" in before, table


def test_post_waits_until_it_is_asked_for(folder, connect):
    with connect() as db:
        assert run(db, folder) == ["0001_pre_start.sql", "0002_pre_more.sql"]
        assert run(db, folder) == []
        assert run(db, folder, ALL) == ["0003_post_less.sql", "0004_pre_last.sql"]
        assert [name for _, name, _ in shape(db)] == ["b", "c", "migrations"]


def test_a_migration_runs_whole_or_not_at_all(folder, connect):
    (folder / "0002_pre_more.sql").write_text("CREATE TABLE b (y);\nCREATE TABLE b (y);\n")
    with connect() as db:
        with pytest.raises(DatabaseError):
            run(db, folder)
        assert [name for _, name, _ in shape(db)] == ["a", "migrations"]
        (folder / "0002_pre_more.sql").write_text("CREATE TABLE b (y);\n")
        assert run(db, folder) == ["0002_pre_more.sql"]


def test_the_version_before_works_with_pre_and_refuses_post(folder, connect):
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
