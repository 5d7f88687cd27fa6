import asyncio
from pathlib import Path
from typing import Any

import pytest

from gatepost_gateway.control.plane import ControlPlane
from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.settings import ConfigurationError

from .house import ADMIN, RUNTIME, ask, make
from .tracing import run

HOME = "/api/v1/webhooks"
HOOK = {"id": "ops", "url": "https://x.test/in", "events": ["key.paused"], "thresholds": [90]}
SECRET = "file-secret-file-secret"
FILE = """
projects: [{id: default}]
webhooks: [{id: filed, url: 'https://x.test/file', secret: {env: HOOK_SECRET}}]
"""


def test_its_life(tmp_path: Path) -> None:
    async def story(plane: ControlPlane) -> None:
        made = await ask(plane, "POST", HOME, HOOK)
        assert made.status == 201
        secret = made.json["secret"]
        shown = await ask(plane, "GET", f"{HOME}/ops")
        assert shown.json == {
            "id": "ops", "url": "https://x.test/in", "events": ["key.paused"], "project": None, "thresholds": [90],
            "error_spikes": {"share": 0.2, "calm_share": 0.1, "calls": 20, "minutes": 5}, "enabled": True,
            "previous_secret_until": None, "managed_by": "api",
            "deliveries": {"pending": 0, "delivered": 0, "failed": 0, "dropped": 0},
        }  # fmt: skip
        assert (await ask(plane, "POST", HOME, HOOK)).status == 409
        turned = await ask(plane, "POST", f"{HOME}/ops/rotate", {"overlap_seconds": 60})
        assert turned.json["secret"] != secret
        assert turned.json["previous_secret_until"] is not None
        put = await ask(plane, "PUT", f"{HOME}/ops", {"url": "https://y.test", "enabled": False})
        assert (put.json["url"], put.json["enabled"], put.json["thresholds"]) == (
            "https://y.test",
            False,
            [50, 80, 100],
        )
        listed = await ask(plane, "GET", HOME)
        assert [one["id"] for one in listed.json["items"]] == ["ops"]
        for reply in (shown, put, listed):
            assert secret not in reply.body.decode()
            assert turned.json["secret"] not in reply.body.decode()
        data = b"".join(path.read_bytes() for path in (tmp_path / "data").rglob("*") if path.is_file())
        assert secret.encode() not in data
        assert (await ask(plane, "DELETE", f"{HOME}/ops")).status == 204
        assert (await ask(plane, "GET", f"{HOME}/ops")).status == 404

    run(tmp_path, [], story)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"url": "https://x.test", "event": ["key.paused"]}, "unknown key `event`"),
        ({"url": "file:///etc/passwd"}, "http"),
        ({"url": "https://x.test", "project": "nope"}, "does not exist"),
        ({"url": "https://x.test", "id": "a b"}, "letters"),
    ],
)
def test_mistakes(tmp_path: Path, body: Any, words: str) -> None:
    async def story(plane: ControlPlane) -> None:
        reply = await ask(plane, "POST", HOME, body)
        assert reply.status == 422
        assert words in reply.body.decode()

    run(tmp_path, [], story)


def test_a_test_and_its_delivery(tmp_path: Path) -> None:
    async def story(plane: ControlPlane) -> None:
        await ask(plane, "POST", HOME, HOOK)
        sent = await ask(plane, "POST", f"{HOME}/ops/test")
        assert sent.status == 202
        assert plane.records is not None
        outbox, hooks = plane.records.outbox, [hook for hook, _ in plane.webhooks.all()]
        outbox.spread(outbox.happened(), hooks, plane.clock.micros())
        (one,) = (await ask(plane, "GET", f"{HOME}/ops/deliveries?state=pending&limit=5")).json["items"]
        assert (one["event_id"], one["type"], one["state"]) == (sent.json["event_id"], "webhook.test", "pending")
        assert one["event"]["id"] == one["event_id"]
        assert (await ask(plane, "GET", f"{HOME}/ops")).json["deliveries"]["pending"] == 1
        for query in ("state=lost", "limit=0", "limit=x", "before=soon"):
            assert (await ask(plane, "GET", f"{HOME}/ops/deliveries?{query}")).status == 400
        assert (await ask(plane, "GET", f"{HOME}/none/deliveries")).status == 404

    run(tmp_path, [], story)


def test_without_records_there_is_nothing_to_send_from(tmp_path: Path) -> None:
    async def go() -> None:
        plane = make(tmp_path)
        await ask(plane, "POST", HOME, HOOK)
        assert (await ask(plane, "POST", f"{HOME}/ops/test")).status == 503
        plane.close()

    asyncio.run(go())


def test_a_projects_owner_sees_and_makes_its_own(tmp_path: Path) -> None:
    async def story(plane: ControlPlane) -> None:
        await ask(plane, "POST", HOME, HOOK)
        for org in ("o", "q"):
            await ask(plane, "POST", "/api/v1/orgs", {"id": org, "name": org})
            await ask(plane, "POST", f"/api/v1/orgs/{org}/projects", {"id": f"{org}-p", "name": "p"})
        member = await ask(plane, "POST", "/api/v1/orgs/o/members", {"email": "a@x.test", "role": "admin"})
        path = f"/api/v1/orgs/o/members/{member.json['id']}/keys"
        key = (await ask(plane, "POST", path, {"name": "k", "project": "o-p"})).json["key"]
        mine = await ask(plane, "POST", HOME, {"id": "mine", "url": "https://x.test"}, key=key)
        assert (mine.status, mine.json["project"]) == (201, "o-p")
        foreign = await ask(plane, "POST", HOME, {"url": "https://x.test", "project": "q-p"}, key=key)
        assert foreign.status == 403
        assert [one["id"] for one in (await ask(plane, "GET", HOME, key=key)).json["items"]] == ["mine"]
        for method, more in (
            ("GET", ""),
            ("DELETE", ""),
            ("POST", "/test"),
            ("POST", "/rotate"),
            ("GET", "/deliveries"),
        ):
            assert (await ask(plane, method, f"{HOME}/ops{more}", key=key)).status == 404
        moved = await ask(plane, "PUT", f"{HOME}/mine", {"url": "https://y.test"}, key=key)
        assert moved.json["project"] == "o-p", "it does not become everybody's"
        assert (await ask(plane, "GET", HOME, key=RUNTIME)).status == 403
        assert len((await ask(plane, "GET", HOME, key=ADMIN)).json["items"]) == 2

    run(tmp_path, [], story)


def test_the_file_owns_what_it_declares(tmp_path: Path) -> None:
    async def go() -> None:
        plane = make(tmp_path, FILE, variables={"HOOK_SECRET": SECRET})
        hook, owner = plane.webhooks.get("filed", None)
        assert owner == "file"
        assert [plane.vault.open(one).reveal() for one in hook.signing(0)] == [SECRET]
        assert (await ask(plane, "DELETE", f"{HOME}/filed")).json["code"] == "managed_by_file"
        versions = await ask(plane, "GET", "/api/v1/versions/2")
        assert versions.json["document"]["webhooks"][0]["secret"] == "from the variable HOOK_SECRET"
        assert SECRET not in versions.body.decode()
        before = plane.configuration.current.version.number
        plane.close()
        plane = make(tmp_path, FILE, variables={"HOOK_SECRET": SECRET})
        assert plane.configuration.current.version.number == before, "the same secret is no change"
        plane.close()
        plane = make(tmp_path, FILE, variables={"HOOK_SECRET": SECRET + "2"})
        diff = await ask(plane, "GET", f"/api/v1/versions/{before}/diff/{before + 1}")
        assert "another key" in diff.body.decode()
        plane.close()

    asyncio.run(go())


@pytest.mark.parametrize(
    ("variables", "words"), [({}, "no secret to sign with"), ({"HOOK_SECRET": "short"}, "fewer than 16")]
)
def test_a_secret_of_the_file_must_be_there_and_long(tmp_path: Path, variables: dict[str, str], words: str) -> None:
    with pytest.raises((ConfigurationError, CallerError)) as caught:
        make(tmp_path, FILE, variables=variables)
    assert words in str(caught.value)
    assert "gatepost.yaml:3" in str(caught.value)
