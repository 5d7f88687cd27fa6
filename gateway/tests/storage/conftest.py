"""What the tests of storage share: both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gatepost_gateway.storage.database import Database

from . import making, stores


@pytest.fixture(params=["sqlite", "postgres"])
def home(request: pytest.FixtureRequest) -> Iterator[stores.Opener]:
    """Opens the home that stands for a file; the same file again is the same home."""
    if request.param == "sqlite":
        yield lambda path: path
        return
    postgres: stores.Postgres = request.getfixturevalue("postgres")
    there: dict[Path, str] = {}

    def opened(path: Path) -> Path | Database:
        if path not in there:
            there[path] = postgres.fresh()
        return postgres.open(there[path])

    making.HOMES.append(opened)
    yield opened
    making.HOMES.pop()
    postgres.close()
