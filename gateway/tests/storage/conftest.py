"""What the tests of storage share: both databases."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gatepost_gateway.storage.database import Database

from ..postgres import Cluster, Missing
from . import making, stores


@pytest.fixture(scope="session")
def postgres() -> Iterator[stores.Postgres]:
    yield from stores.started()


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


@pytest.fixture(scope="package")
def cluster() -> Iterator[Cluster]:
    """One for all of them: who stops it starts it again."""
    with ExitStack() as stack:
        try:
            held = stack.enter_context(Cluster())
        except Missing as missing:
            if os.environ.get("CI") == "true":
                pytest.fail(str(missing), pytrace=False)
            pytest.skip(str(missing))
        yield held
