from pathlib import Path
from typing import Any

import pytest

from gatepost_gateway.domain.records import Escalated

from .house import RUNTIME, ask
from .tracing import AT, run


def held(number: int, **said: Any) -> Escalated:
    base: dict[str, Any] = {
        "id": f"e{number}",
        "at": AT + number,
        "expires_at": AT + 10**15,
        "fingerprint": f"f{number}",
        "step_id": f"step-{number}",
        "trace_id": f"trace-{number}",
        "org": "default",
        "project": "default",
        "key_id": "runt1me",
        "rule": "ask-a-person",
        "kind": "human-oversight",
        "phase": "request",
        "config_version": 1,
    }
    return Escalated(**{**base, **said})


def test_the_queue_is_listed_shown_and_turned(tmp_path: Path) -> None:
    async def story(plane: Any) -> None:
        page = (await ask(plane, "GET", "/api/v1/escalations")).json["items"]
        assert [(one["id"], one["status"], one["rule"]) for one in page] == [
            ("e2", "queued", "ask-a-person"),
            ("e1", "queued", "ask-a-person"),
        ]
        claimed = await ask(plane, "POST", "/api/v1/escalations/e1/claim", {"note": "looking"})
        assert claimed.json["history"][0]["note"] == "looking"
        approved = (await ask(plane, "POST", "/api/v1/escalations/e1/approve")).json
        assert approved["status"] == "approved"
        assert approved["admits_until"] is not None
        assert plane.snapshot.verdicts["f1"].approved
        again = await ask(plane, "POST", "/api/v1/escalations/e1/deny")
        assert (again.status, again.json["code"]) == (409, "conflict")
        denied = await ask(plane, "POST", "/api/v1/escalations/e2/deny")
        assert denied.json["admits_until"] is None
        assert not plane.snapshot.verdicts["f2"].approved
        resolved = await ask(plane, "POST", "/api/v1/escalations/e2/resolve", {"note": "done"})
        assert resolved.json["status"] == "resolved"
        assert "f2" not in plane.snapshot.verdicts
        assert [
            one["id"] for one in (await ask(plane, "GET", "/api/v1/escalations?status=approved")).json["items"]
        ] == ["e1"]

    run(tmp_path, [held(1), held(2)], story)


def test_a_runtime_key_sees_its_own_and_decides_nothing(tmp_path: Path) -> None:
    async def story(plane: Any) -> None:
        own = (await ask(plane, "GET", "/api/v1/escalations", key=RUNTIME)).json["items"]
        assert [one["id"] for one in own] == ["e1"]
        assert (await ask(plane, "GET", "/api/v1/escalations/e2", key=RUNTIME)).status == 404
        assert (await ask(plane, "GET", "/api/v1/escalations?project=other", key=RUNTIME)).status == 403
        assert (await ask(plane, "POST", "/api/v1/escalations/e1/approve", key=RUNTIME)).status == 403
        assert not plane.snapshot.verdicts

    run(tmp_path, [held(1), held(2, project="other")], story)


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "status=fine", "before=soon"])
def test_bad_filters_are_told(tmp_path: Path, query: str) -> None:
    async def story(plane: Any) -> None:
        reply = await ask(plane, "GET", f"/api/v1/escalations?{query}")
        assert (reply.status, reply.json["code"]) == (400, "invalid_request")
        assert query.partition("=")[0] in reply.json["error"]

    run(tmp_path, [], story)


def test_an_absent_one_is_404(tmp_path: Path) -> None:
    async def story(plane: Any) -> None:
        for method, path in (("GET", "nobody"), ("POST", "nobody/approve")):
            assert (await ask(plane, method, f"/api/v1/escalations/{path}")).status == 404

    run(tmp_path, [], story)
