from pathlib import Path

import pytest

from gatepost_gateway.cli.replaying import since
from gatepost_gateway.domain.errors import CallerError

from .commands import Here


def test_a_span_or_a_time() -> None:
    assert since("2026-11-20T08:00:00Z") == "2026-11-20T08:00:00Z"
    assert since("7d") < since("12h") < since("30m")
    with pytest.raises(CallerError):
        since("soon")


def test_without_calls_nothing_would_change(here: Here) -> None:
    here("apply", "-f", "file.yaml")
    Path("draft.yaml").write_text("policies: {chain: [{name: a, kind: redactor}]}\n")
    code, out, _ = here("policy", "replay", "--policy", "draft.yaml")
    assert (code, out.splitlines()[0]) == (0, "0 calls looked at: 0 would end as they did")
    Path("draft.yaml").write_text("policies: {chain: [{name: a, kind: redacter}]}\n")
    assert here("policy", "replay", "--policy", "draft.yaml")[0] == 1
