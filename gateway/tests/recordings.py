"""Where the recorded traffic and the wire vectors are: GATEPOST_FIXTURES, or beside the repository."""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

_BESIDE = Path(__file__).resolve().parents[2].parent / "shared" / "fixtures"


@cache
def rows(name: str) -> tuple[dict[str, Any], ...]:
    """The rows of a fixture file; none where the fixtures are not."""
    path = Path(os.environ.get("GATEPOST_FIXTURES") or _BESIDE) / name
    if not path.is_file():
        return ()
    return tuple(json.loads(line) for line in path.read_text().splitlines())


def need(name: str) -> tuple[dict[str, Any], ...]:
    """The same for one test: skips it with a notice without them."""
    found = rows(name)
    if not found:
        pytest.skip(f"{name} is not here: set GATEPOST_FIXTURES")
    return found
