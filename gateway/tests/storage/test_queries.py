import re

import pytest

from gatepost_gateway.storage import records, retention
from gatepost_gateway.storage.queries import HOME, Queries, statements


@pytest.mark.parametrize(
    ("file", "users"),
    [
        ("records.sql", ["records.py", "backup.py"]),
        ("retention.sql", ["retention.py"]),
        ("escalations.sql", ["escalations.py"]),
        ("rollups.sql", ["rollups.py", "metrics.py", "retention.py"]),
    ],
)
def test_every_query_is_used_and_every_use_is_there(file, users):
    text = "".join(HOME.joinpath(user).read_text() for user in users)
    said = [re.sub(r"\{.*?\}", r"\\w+", one) for one in re.findall(r'f?"([\w{}\[\]]+)"', text)]
    for name in Queries(file).names():
        assert any(re.fullmatch(one, name) for one in said if one != r"\w+"), name


def test_every_query_is_one_that_sqlite_takes(tmp_path):
    with records.Records(tmp_path / "records.db") as opened:
        retention.Retention(opened)
        with opened.reading() as db:
            for file in ("records.sql", "retention.sql", "escalations.sql", "rollups.sql"):
                queries = Queries(file)
                for name in queries.names():
                    text = queries[name]
                    count = text.count("?")
                    names = [
                        "now",
                        "status",
                        "admits_until",
                        "by",
                        "note",
                        "grain",
                        "start",
                        "end",
                        "before",
                        "feature",
                        "first",
                        "last",
                        "length",
                        "limit",
                        "open_before",
                        "period",
                        "project",
                        "at",
                        "id",
                        "since",
                        "outcome",
                        "session",
                        "wanted",
                        "name",
                        "value",
                        "user",
                        "model",
                        "projects",
                    ]
                    values = (1,) * count if count else dict.fromkeys(names, "1")
                    db.execute("EXPLAIN " + text, values).fetchall()


def test_statements_end_where_sqlite_says():
    script = "-- a; comment\nCREATE TABLE a (x);\n\nINSERT INTO a\nVALUES (';');\n"
    assert statements(script) == ["CREATE TABLE a (x);", "INSERT INTO a\nVALUES (';');"]
