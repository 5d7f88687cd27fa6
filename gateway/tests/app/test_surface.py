"""The description of the API holds for the data plane, which lives in another process."""

import asyncio
import hashlib

import pytest

from gatepost_gateway.control import execution_shapes, surface
from gatepost_gateway.domain.snapshot import KeyEntry, KeyKind
from gatepost_gateway.edge.surfaces import native, simple
from gatepost_gateway.pipeline import executions, making, rounds

from ..pipeline.fakes import KEY, chat
from .test_dataplane import ask, asking, body, plane_of


def fields_of(shape) -> set[str]:
    return set(shape.__struct_fields__)


@pytest.mark.parametrize(
    ("described", "served"),
    [
        (surface.ChatNew, simple.SimpleChat),
        (surface.ChatMessage, simple.SimpleMessage),
        (surface.TraceNew, native.NewTrace),
        (surface.LogNew, native.NewLog),
        (execution_shapes.ExecutionNew, executions.Execution),
        (execution_shapes.ToolResult, executions.ToolResult),
        (execution_shapes.Approval, rounds.Approval),
        (surface.EmbeddingNew, making.EmbeddingWanted),
        (surface.ImageNew, making.ImageWanted),
    ],
)
def test_a_question_has_the_members_that_are_described(described, served):
    assert fields_of(described) == fields_of(served)


FOR_ADMINS = {"/metrics"}
"""What the data plane answers to admin keys, from anywhere but the machine itself."""


def test_every_described_route_is_served():
    plane, _ = plane_of()
    for route in surface.ROUTES:
        path = route.path.replace("{id}", "sandbox/echo" if "models" in route.path else "none")
        status, _, page = asking(plane, route.method, path, b"{}")
        assert status not in (405, 501), route.path
        assert b"nothing is at" not in page, route.path


def test_only_public_routes_answer_without_a_key():
    plane, _ = plane_of()
    for route in surface.ROUTES:
        path = route.path.replace("{id}", "none")
        status, _, _ = asking(plane, route.method, path, b"{}", None)
        assert (status == 401) is not route.public, route.path


FOR_OPERATORS = {"/metrics"}
"""What makes no call, and is read with an admin key."""


def test_an_admin_key_makes_no_calls():
    text = "gpa_adm_" + "a" * 32
    key = KeyEntry("adm", KeyKind.ADMIN, "a", hashlib.sha256(text.encode()).digest(), "org", "p")
    plane, _ = plane_of(keys=(key,))
    for route in surface.ROUTES:
        path = route.path.replace("{id}", "none")
        status, _, _ = asking(plane, route.method, path, b"{}", text)
        assert (status == 403) is not (route.public or route.path in FOR_ADMINS), route.path


def test_what_is_for_admins_is_for_no_runtime_key():
    plane, _ = plane_of()
    for path in FOR_ADMINS:
        assert asking(plane, "GET", path)[0] == 403


def test_answers_have_the_members_that_are_described():
    import msgspec

    plane, _ = plane_of()

    async def talk():
        opened = msgspec.json.decode((await ask(plane, "POST", "/api/v1/traces", b"{}", KEY))[2])
        asked = msgspec.json.encode({"trace_id": opened["id"], "input": "hi", "model": "sandbox/echo"})
        done = msgspec.json.decode((await ask(plane, "POST", "/api/v1/executions", asked, KEY))[2])
        sealed = await ask(plane, "PATCH", f"/api/v1/traces/{opened['id']}/complete", b"", KEY)
        return opened, done, msgspec.json.decode(sealed[2])

    opened, done, sealed = asyncio.run(talk())
    assert set(opened) == fields_of(surface.TraceOpen)
    assert set(done) <= fields_of(surface.ExecutionDone)
    assert set(sealed) == fields_of(surface.TraceDone)


def test_the_sandbox_is_always_there():
    plane, _ = plane_of()
    assert asking(plane, "POST", "/v1/chat/completions", body())[0] == 200
    assert chat()["model"] == "m"
