"""The measurement of the SDK works; what it says is not judged here."""

import pytest

from bench import sdk


def test_it_measures_both_ways_and_the_imports(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sdk, "CALLS", 2)
    monkeypatch.setattr(sdk, "IMPORTS", 1)
    sdk.main(1)
    said = capsys.readouterr().out
    for line in ("bare httpx", "gatepost", "overhead", "import httpx, pydantic", "import gatepost; gatepost.Client"):
        assert f"\n{line}" in f"\n{said}"
