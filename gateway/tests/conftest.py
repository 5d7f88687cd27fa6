"""What every test of the gateway shares."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# The same examples on every run, and no clock in them: a test that fails, fails again.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Any]:
    """A PostgreSQL for all of them: who stops it starts it again."""
    from .postgres import running

    with running() as held:
        yield held


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """Databases in another, which nobody stops."""
    from .storage.stores import started

    yield from started()


@pytest.fixture
def fixtures() -> Callable[..., Path]:
    """Finds a path among the recordings that real providers left, by its parts."""
    return find


def find(*parts: str) -> Path:
    """A path among the recordings that real providers left: where GATEPOST_FIXTURES says, or beside the repository.

    Without them the test is skipped, except under continuous integration, where a skip would hide something.
    """
    said = os.environ.get("GATEPOST_FIXTURES")
    root = Path(said) if said else Path(__file__).resolve().parents[2].parent / "shared" / "fixtures"
    path = root.joinpath(*parts)
    if not path.exists():
        notice = f"{path} is not here: set GATEPOST_FIXTURES to the folder of the recordings"
        if os.environ.get("CI") == "true":
            pytest.fail(notice)
        pytest.skip(notice)
    return path
