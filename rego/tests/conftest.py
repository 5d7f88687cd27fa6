"""Where shared test data lies."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def fixtures() -> Path:
    """Give the folder of test data, or skip with a notice where there is none."""
    root = Path(__file__).resolve().parents[2]
    folder = Path(os.environ.get("GATEPOST_FIXTURES", root.parent / "shared" / "fixtures"))
    if not folder.is_dir():
        pytest.skip(f"no test data at {folder}; name its folder in GATEPOST_FIXTURES")
    return folder
