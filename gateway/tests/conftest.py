"""What every test of the gateway shares."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples on every run, and no clock in them: a test that fails, fails again.
settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")


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
