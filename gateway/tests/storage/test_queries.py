import re

import pytest

from gatepost_gateway.domain.errors import GatewayFault
from gatepost_gateway.storage import records, retention
from gatepost_gateway.storage.database import Dialect, Sql
from gatepost_gateway.storage.postgres_database import numbered
from gatepost_gateway.storage.queries import HOME, Queries, statements


@pytest.mark.parametrize(
    ("file", "users"),
    [
        ("records.sql", ["records.py", "backup.py"]),
        ("records.postgres.sql", ["records.py", "days.py"]),
        ("retention.postgres.sql", ["retention.py"]),
        ("config.postgres.sql", ["config.py"]),
        ("retention.sql", ["retention.py"]),
        ("escalations.sql", ["escalations.py"]),
        ("rollups.sql", ["rollups.py", "metrics.py", "retention.py"]),
        ("became.sql", ["became.py"]),
        ("postgres.sql", ["postgres.py"]),
        ("postgres_ledger.sql", ["postgres_ledger.py"]),
    ],
)
def test_every_query_is_used_and_every_use_is_there(file, users):
    text = "".join(HOME.joinpath(user).read_text() for user in users)
    said = [re.sub(r"\{.*?\}", r"\\w+", one) for one in re.findall(r'f?"([\w{}\[\]]+)"', text)]
    for name in Queries(file).names():
        assert any(re.fullmatch(one, name) for one in said if one != r"\w+"), name


FILES = (
    "became.sql",
    "reseal.sql",
    "outbox.sql",
    "records.sql",
    "retention.sql",
    "escalations.sql",
    "rollups.sql",
    "bodies.sql",
)


def test_every_query_is_one_that_sqlite_takes(tmp_path):
    taken = 0
    with records.Records(tmp_path / "records.db") as opened:
        retention.Retention(opened)
        with opened.reading() as db:
            for file in FILES:
                queries = Queries(file)
                for name in queries.names():
                    text = queries[name]
                    values = (1,) * text.count("?") or dict.fromkeys(re.findall(r":([a-z_]+)", text), "1")
                    taken += bool(db.all(Sql("EXPLAIN " + text), values))
    assert taken == sum(len(list(Queries(file).names())) for file in FILES)


def test_every_query_is_one_that_postgresql_takes(postgres):
    db = postgres.open(postgres.fresh())
    opened = records.Records(db)
    retention.Retention(opened)
    refused = {}
    for file in (*FILES, "config.sql", "migrate.sql"):
        queries = Queries(file, Dialect.POSTGRES)
        for name in queries.names():
            if not name.startswith("make_"):
                try:
                    db.script(f"PREPARE taken AS {numbered(queries[name])[0]}")
                    db.script("DEALLOCATE taken")
                except GatewayFault as error:
                    refused[file, name] = error
    opened.close()
    assert refused == {}


def test_what_is_said_twice_is_said_in_both():
    for file in HOME.joinpath("sql").iterdir():
        if file.name.endswith(".postgres.sql") and "schema" not in file.name:
            shared = set(Queries(file.name.replace(".postgres", "")).names())
            assert shared & set(Queries(file.name).names()), file.name


def test_statements_end_where_sqlite_says():
    script = "-- a; comment\nCREATE TABLE a (x);\n\nINSERT INTO a\nVALUES (';');\n"
    assert statements(script) == ["CREATE TABLE a (x);", "INSERT INTO a\nVALUES (';');"]
