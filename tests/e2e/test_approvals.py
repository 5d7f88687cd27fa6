"""Calls of tool servers that wait for an approval: the real gateway, and the fake that applications test with."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import gatepost
from e2e.running import Gateway
from e2e.tool_servers import ToolServer, obedient, plan, tool_server
from e2e.upstream import Upstream
from gatepost.testing import FakeGateway

OWN = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
Calls = list[tuple[str, dict[str, Any]]]


class Real:
    """A gateway, a model and a tool server, each a process or a socket of its own."""

    def __init__(self, gateway: Gateway, documents: ToolServer) -> None:
        self.client = gatepost.Client(gateway.runtime_key, base_url=gateway.base_url, retries=0)
        self._gateway = gateway
        self._documents = documents
        self._before = len(documents.used("delete_file"))

    def tool(self, **more: Any) -> dict[str, Any]:
        return self._documents.tool(**more)

    def says(self, *rounds: Calls) -> str:
        """Lets the model ask for these calls; what to ask it for that."""
        return plan(*rounds)

    @property
    def deleted(self) -> list[str]:
        return [one["path"] for one in self._documents.used("delete_file")[self._before :]]

    def story(self, trace_id: str) -> list[tuple[str, str, str | None]]:
        self._gateway.trace(trace_id)  # waits until all of it is there
        return _story(self.client.traces.get(trace_id))


class Fake:
    """The same in memory."""

    def __init__(self) -> None:
        self.deleted: list[str] = []
        self._gateway = FakeGateway()
        self._gateway.serves(
            "documents",
            {"search": lambda said: f"3 documents about {said['query']}", "delete_file": self._delete},
        )
        self.client = self._gateway.client()

    def tool(self, **more: Any) -> dict[str, Any]:
        return {"type": "mcp", "server_label": "documents", "server_url": "https://tools.test/mcp", **more}

    def says(self, *rounds: Calls) -> str:
        for calls in rounds:
            self._gateway.calls_tools(*calls)
        return "as told"

    def story(self, trace_id: str) -> list[tuple[str, str, str | None]]:
        return _story(self.client.traces.get(trace_id))

    def _delete(self, said: Any) -> str:
        self.deleted.append(said["path"])
        return f"{said['path']} is gone"


def _story(trace: gatepost.TraceDetail) -> list[tuple[str, str, str | None]]:
    return [(one.kind, str(one.outcome), one.error) for one in trace.steps]


@pytest.fixture(scope="module")
def running(
    gateways: Callable[..., Gateway], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Gateway, ToolServer]]:
    with Upstream(obedient) as upstream, tool_server("documents", tmp_path_factory.mktemp("documents")) as documents:
        model = {"id": "worker", "identifier": "w", "provider": "openai", "base_url": f"{upstream.url}/v1"}
        config = {
            "server": {"egress": {"allow": ["127.0.0.1/32"]}},
            "models": [model],
            "projects": [{"id": "default", "default_model": "worker"}],
        }
        yield gateways(json.dumps(config)), documents


@pytest.fixture(params=["real", "fake"])
def side(request: pytest.FixtureRequest) -> Iterator[Real | Fake]:
    made = Fake() if request.param == "fake" else Real(*request.getfixturevalue("running"))
    with made.client:
        yield made


RUN, CALL, RESULT = ("run", "answered", None), ("tool_call", "answered", None), ("tool_result", "answered", None)
DENIED = ("tool_call", "refused", "approval_denied")


def test_a_call_waits_is_made_when_it_is_approved_and_not_when_it_is_denied(side: Real | Fake) -> None:
    client, trace = side.client, side.client.traces.create().id
    asked = side.says([("delete_file", {"path": "/a"}), ("delete_file", {"path": "/b"})])
    first = client.execute(trace, asked, tools=[side.tool(require_approval="always")])
    assert (first.status, first.approvals_pending, first.tool_calls, first.output) == (
        "approvals_pending", True, [], None,
    )  # fmt: skip
    assert [(one.server_label, one.name, one.arguments) for one in first.approvals] == [
        ("documents", "delete_file", {"path": "/a"}),
        ("documents", "delete_file", {"path": "/b"}),
    ]
    one, other = [{"id": call.id, "approve": True} for call in first.approvals]
    for wrong in ([], [one], [one, one], [one, other, {"id": "nobody", "approve": True}]):
        with pytest.raises(gatepost.ValidationError) as caught:
            client.execute(trace, parent_step_id=first.step_id, approvals=wrong)
        assert caught.value.code == "validation_failed"
    assert (side.deleted, side.story(trace)) == ([], [RUN])
    said = [one, {**other, "approve": False, "reason": "it is needed"}]
    done = client.execute(trace, parent_step_id=first.step_id, approvals=said)
    assert (done.output or "").endswith("error: the call was not approved: it is needed")
    assert (done.status, done.approvals, done.rounds) == (None, [], 1)
    assert side.deleted == ["/a"]
    assert side.story(trace) == [RUN, CALL, DENIED, RESULT, RUN]
    with pytest.raises(gatepost.NotFoundError) as gone:
        client.execute(trace, parent_step_id=first.step_id, approvals=said)
    assert gone.value.code == "step_not_found"
    assert side.deleted == ["/a"]


def test_what_needs_no_approval_is_done_at_once_and_own_functions_wait_beside_it(side: Real | Fake) -> None:
    client, trace = side.client, side.client.traces.create().id
    asked = side.says(
        [("search", {"query": "cats"})],
        [("search", {"query": "dogs"}), ("delete_file", {"path": "/c"}), ("weather", {"city": "Rome"})],
    )
    tool = side.tool(require_approval={"never": {"tool_names": ["search"]}}, allowed_tools=["search", "delete_file"])
    first = client.execute(trace, asked, tools=[tool, OWN])
    assert (first.status, first.rounds) == ("tool_calls_pending", 2)
    assert [(one.name, one.arguments) for one in first.tool_calls] == [("weather", {"city": "Rome"})]
    assert [one.name for one in first.approvals] == ["delete_file"]
    assert side.story(trace) == [RUN, CALL, RESULT, RUN, CALL, RESULT]
    results = [{"tool_call_id": first.tool_calls[0].id, "content": "rain"}]
    approvals = [{"id": first.approvals[0].id, "approve": True}]
    for half in ({"tool_results": results}, {"approvals": approvals}):
        with pytest.raises(gatepost.ValidationError):
            client.execute(trace, parent_step_id=first.step_id, **half)
    done = client.execute(trace, parent_step_id=first.step_id, tool_results=results, approvals=approvals)
    assert (done.output or "").endswith("/c is gone")
    assert side.deleted == ["/c"]


def test_a_stream_ends_with_what_waits(side: Real | Fake) -> None:
    client, trace = side.client, side.client.traces.create().id
    asked = side.says([("delete_file", {"path": "/d"})])
    with client.execute_stream(trace, asked, tools=[side.tool(require_approval="always")]) as stream:
        assert list(stream) == []
        waiting = stream.result
    assert (waiting.status, [one.name for one in waiting.approvals]) == ("approvals_pending", ["delete_file"])
    said = [{"id": waiting.approvals[0].id, "approve": True}]
    with client.execute_stream(trace, parent_step_id=waiting.step_id, approvals=said) as stream:
        assert "".join(stream).endswith("/d is gone")
    assert side.deleted == ["/d"]


@pytest.mark.parametrize("said", [{}, {"parent_step_id": "x"}, {"approvals": []}, {"input": "x", "tool_results": []}])
def test_questions_that_cannot_be_are_refused_alike(side: Real | Fake, said: dict[str, Any]) -> None:
    with pytest.raises(gatepost.ValidationError):
        side.client.execute(side.client.traces.create().id, **said)
