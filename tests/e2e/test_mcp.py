"""Executions with real tool servers, through a real gateway and through the SDK."""

import asyncio
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest

import gatepost
from e2e.running import Gateway, until
from e2e.tool_servers import ToolServer, obedient, plan, tool_server
from e2e.upstream import Seen, Upstream, Wire

CANARY = "canary-of-a-tool-server-" + "c" * 24
OWN = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}
RULES = [
    {"name": "no-deletes", "kind": "agent-firewall", "blocked_tools": ["delete_*"]},
    {"name": "scrub", "kind": "pii-detector", "action": "redact"},
    {"name": "no-injection", "kind": "prompt-injection", "response": {"action": "block"}},
]
REGO = """package gatepost.policy

import rego.v1

deny contains "no limits above ten" if {
    some message in input.messages
    some call in message.tool_calls
    json.unmarshal(call.function.arguments).limit > 10
}
"""


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with Upstream(obedient) as one:
        yield one


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ToolServer]:
    with tool_server("documents", tmp_path_factory.mktemp("documents")) as one:
        yield one


@pytest.fixture(scope="module")
def archive() -> Iterator[Upstream]:
    """A second server, with one tool of the same name, that shakes hands in the older way."""

    async def answer(seen: Seen, wire: Wire) -> None:
        asked = seen.json
        me = {"name": "archive", "version": "1"}
        results = {
            "initialize": {"protocolVersion": "2025-06-18", "capabilities": {}, "serverInfo": me},
            "tools/list": {"tools": [{"name": "search", "inputSchema": {"type": "object"}}]},
            "tools/call": {"content": [{"type": "text", "text": f"kept: {asked.get('params')}"}]},
        }  # fmt: skip
        said = {"jsonrpc": "2.0", "id": asked.get("id")}
        if "id" not in asked:
            await wire.plain(b"", 202)
        elif asked["method"] in results:
            await wire.plain({**said, "result": results[asked["method"]]})
        else:
            await wire.plain({**said, "error": {"code": -32601, "message": "no such method"}})

    with Upstream(answer) as one:
        yield one


@pytest.fixture(scope="module")
def gateway(upstream: Upstream, gateways: Callable[..., Gateway]) -> Gateway:
    model = {
        "id": "worker", "identifier": "w", "provider": "openai", "base_url": f"{upstream.url}/v1",
        "input_cost_per_1k": 0.01, "output_cost_per_1k": 0.03, "max_output": 100,
    }  # fmt: skip
    config = {
        "server": {"egress": {"allow": ["127.0.0.1/32"]}},
        "models": [model],
        "projects": [
            {"id": "default", "default_model": "worker", "budgets": {"daily_usd": 20}, "store_bodies": True},
            {"id": "ruled", "default_model": "worker", "policies": {"chain": RULES}},
            {"id": "rego", "default_model": "worker", "request_policy": {"file": "limits.rego"}},
            {"id": "poor", "default_model": "worker", "budgets": {"daily_usd": 0.04}},
        ],
        "retries": {"attempts": 1},
    }
    made = gateways(json.dumps(config), start=False)
    (made.folder / "limits.rego").write_text(REGO)
    return made.start()


@pytest.fixture
def client(gateway: Gateway) -> Iterator[gatepost.Client]:
    with gatepost.Client(gateway.runtime_key, base_url=gateway.base_url, retries=0) as one:
        yield one


@pytest.fixture(scope="module")
def clients(gateway: Gateway) -> Iterator[Callable[[str], gatepost.Client]]:
    """Clients of other projects."""
    made: dict[str, gatepost.Client] = {}

    def of(project: str) -> gatepost.Client:
        if project not in made:
            key = gateway.post("/api/v1/keys", {"name": project, "kind": "runtime", "project": project}).json()["key"]
            made[project] = gatepost.Client(key, base_url=gateway.base_url, retries=0)
        return made[project]

    yield of
    for one in made.values():
        one.close()


def kinds(gateway: Gateway, trace: str) -> list[tuple[str, str]]:
    return [(one["kind"], one["outcome"]) for one in gateway.trace(trace)["steps"]]


def hanging(documents: ToolServer) -> list[bool]:
    """The calls of the tool that never ends: whether each was left."""
    notes = documents.used("hangs")
    left = sum(1 for one in notes if "left" in one)
    return [number < left for number in range(len(notes) - left)]


def test_a_model_uses_the_tools_of_a_server(
    gateway: Gateway, client: gatepost.Client, documents: ToolServer, upstream: Upstream
) -> None:
    trace = client.traces.create(metadata={"intent": "summarization"})
    before = len(upstream.seen)
    asked = plan([("search", {"query": "cats"})], [("search", {"query": "dogs", "limit": 1})])
    result = client.execute(trace.id, input=asked, tools=[documents.tool(require_approval="never")])
    assert result.output == "They say: 3 documents about cats | 1 documents about dogs"
    assert (result.status, result.tool_calls, result.approvals, result.rounds) == (None, [], [], 3)
    assert result.cost == Decimal("0.0055")
    first = upstream.seen[before].json["tools"]
    [search] = [one["function"] for one in first if one["function"]["name"] == "search"]
    assert search["description"] == "Searches documents."
    assert search["parameters"]["properties"]["limit"] == {"default": 3, "title": "Limit", "type": "integer"}
    assert documents.url not in json.dumps(first)
    story = gateway.trace(trace.id)
    assert kinds(gateway, trace.id) == [
        ("run", "answered"),
        *[("tool_call", "answered"), ("tool_result", "answered"), ("run", "answered")] * 2,
    ]
    call, answer = story["steps"][1:3]
    assert (call["tool_calls"], call["model_asked"]) == (["search"], "mcp:documents")
    assert call["parent_step_id"] == story["steps"][0]["id"]
    assert answer["parent_step_id"] == call["id"]
    assert json.loads(call["tools"][0]["text"]) == {"query": "cats"}
    assert answer["tools"][0] == {
        "step_type": "tool_result", "call_id": "call_0_0", "tool_name": "search",
        "text": "3 documents about cats", "cut": False, "status": "success",
    }  # fmt: skip
    assert {one["session_id"] for one in story["steps"]} == {story["session_id"]}
    sealed = client.traces.complete(trace.id)
    assert (sealed.steps, sealed.total_cost) == (7, Decimal("0.0055"))


def test_the_async_client_does_the_same(gateway: Gateway, documents: ToolServer) -> None:
    async def main() -> gatepost.ExecuteResult:
        async with gatepost.AsyncClient(gateway.runtime_key, base_url=gateway.base_url, retries=0) as client:
            trace = await client.traces.create()
            return await client.execute(trace.id, input=plan([("search", {"query": "owls"})]), tools=[documents.tool()])

    assert asyncio.run(main()).output == "They say: 3 documents about owls"


def test_what_a_tool_calls_a_failure_is_told_to_the_model(client: gatepost.Client, documents: ToolServer) -> None:
    trace = client.traces.create()
    asked = plan([("breaks", {}), ("contact", {"name": "Jane"}), ("nonsense", {}), ("search", {"wrong": 1})])
    said = client.execute(trace.id, input=asked, tools=[documents.tool()]).output or ""
    assert said.startswith("They say: error: ")
    assert "[image, not shown]" in said
    assert "error: there is no tool of this name" in said
    assert "1 validation error" in said


def test_calls_of_one_turn_run_side_by_side(gateway: Gateway, client: gatepost.Client, documents: ToolServer) -> None:
    trace = client.traces.create()
    asked = plan([("meets", {"name": name, "count": 3}) for name in ("Ada", "Bob", "Cyd")])
    result = client.execute(trace.id, input=asked, tools=[documents.tool()])
    assert result.output == "They say: Ada met 2 | Bob met 2 | Cyd met 2"
    assert [kind for kind, _ in kinds(gateway, trace.id)] == [
        "run", *["tool_call"] * 3, *["tool_result"] * 3, "run",
    ]  # fmt: skip


def test_tools_of_one_name_do_not_meet(
    client: gatepost.Client, documents: ToolServer, archive: Upstream, upstream: Upstream
) -> None:
    trace = client.traces.create()
    asked = plan([("archive__search", {"query": "old"}), ("documents__search", {"query": "new"}), ("weather", {})])
    old = {"type": "mcp", "server_label": "archive", "server_url": f"{archive.url}/mcp"}
    tools = [documents.tool(allowed_tools=["search"]), old, OWN]
    first = client.execute(trace.id, input=asked, tools=tools)
    names = [one["function"]["name"] for one in upstream.last().json["tools"]]
    assert names == ["weather", "documents__search", "archive__search"]
    assert (first.status, [one.name for one in first.tool_calls]) == ("tool_calls_pending", ["weather"])
    assert documents.used("search")[-1]["query"] == "new"
    assert archive.last().json["params"]["name"] == "search"
    results = [{"tool_call_id": first.tool_calls[0].id, "content": "rain"}]
    done = client.execute(trace.id, parent_step_id=first.step_id, tool_results=results)
    assert done.output is not None
    assert "'arguments': {'query': 'old'}" in done.output
    assert done.output.endswith("3 documents about new | rain")


def test_an_approval_is_asked_for_and_survives_a_restart(
    gateway: Gateway, client: gatepost.Client, documents: ToolServer
) -> None:
    trace = client.traces.create()
    tool = documents.tool(require_approval={"always": {"tool_names": ["delete_file"]}}, headers={"X-Shelf-Key": CANARY})
    asked = plan([("delete_file", {"path": "/a"}), ("search", {"query": "b"}), ("delete_file", {"path": "/c"})])
    first = client.execute(trace.id, input=asked, tools=[tool])
    assert (first.status, first.approvals_pending, first.tool_calls) == ("approvals_pending", True, [])
    waiting = [(one.server_label, one.name, one.arguments) for one in first.approvals]
    assert waiting == [("documents", "delete_file", {"path": "/a"}), ("documents", "delete_file", {"path": "/c"})]
    assert documents.used("delete_file") == []
    with pytest.raises(gatepost.ValidationError, match="each call"):
        client.execute(trace.id, parent_step_id=first.step_id, approvals=[])
    other = client.traces.create()
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(client.execute, other.id, input=plan([("hangs", {})]), tools=[documents.tool()])
        until(lambda: hanging(documents))
        gateway.kill()
        with pytest.raises(gatepost.GatewayError):
            asking.result(30)
    gateway.start()
    # What was sent is written, and that nobody knows what came of it.
    assert kinds(gateway, other.id) == [("run", "answered"), ("tool_call", "answered")]
    assert gateway.get("/health")["open_holds"] == 0
    said = [
        {"id": first.approvals[0].id, "approve": True},
        {"id": first.approvals[1].id, "approve": False, "reason": "it is needed"},
    ]
    done = client.execute(trace.id, parent_step_id=first.step_id, approvals=said)
    assert done.output is not None
    assert sorted(done.output.removeprefix("They say: ").split(" | ")) == [
        "/a is gone", "3 documents about b", "error: the call was not approved: it is needed",
    ]  # fmt: skip
    assert [one["path"] for one in documents.used("delete_file")] == ["/a"]
    assert [one["headers"].get("x-shelf-key") for one in documents.notes if "headers" in one][-1] == CANARY
    with pytest.raises(gatepost.NotFoundError, match="does not wait"):
        client.execute(trace.id, parent_step_id=first.step_id, approvals=said)
    steps = gateway.trace(trace.id)["steps"]
    words = [one["reason"] for step in steps for one in step["decisions"] if one["kind"] == "approval"]
    assert words == ["approved by the caller", "denied by the caller"]
    assert any(one["error"] == "approval_denied" for one in steps)
    story = gateway.run("explain", trace.id).stdout
    assert "tool `delete_file` of mcp:documents" in story


def test_policy_stops_a_call_and_a_result(
    gateway: Gateway, clients: Callable[[str], gatepost.Client], documents: ToolServer
) -> None:
    client = clients("ruled")
    tools = [documents.tool(allowed_tools=["search", "contact", "poisoned"])]
    trace = client.traces.create()
    done = client.execute(trace.id, input=plan([("contact", {"name": "mail joe@example.com"})]), tools=tools)
    assert "joe@example.com" not in json.dumps(documents.used("contact")[-1])
    assert "jane.roe@example.com" not in (done.output or "")
    blocked = client.execute(client.traces.create().id, input=plan([("poisoned", {})]), tools=tools)
    assert (blocked.blocked, blocked.output) == (True, None)
    assert blocked.raw["policy"] == "no-injection"
    for offered in ({}, {"allowed_tools": ["delete_file"]}):
        deleted = client.execute(
            client.traces.create().id, input=plan([("delete_file", {"path": "/x"})]), tools=[documents.tool(**offered)]
        )
        assert (deleted.blocked, deleted.raw["policy"]) == (True, "no-deletes")
    assert not any(one["path"] == "/x" for one in documents.used("delete_file"))


def test_a_policy_in_rego_sees_the_arguments(clients: Callable[[str], gatepost.Client], documents: ToolServer) -> None:
    client = clients("rego")
    blocked = client.execute(
        client.traces.create().id, input=plan([("search", {"query": "x", "limit": 11})]), tools=[documents.tool()]
    )
    assert (blocked.blocked, "no limits above ten" in (blocked.reason or "")) == (True, True)
    assert not any(one["limit"] == 11 for one in documents.used("search"))


def test_a_budget_holds_over_all_rounds(
    gateway: Gateway, clients: Callable[[str], gatepost.Client], documents: ToolServer
) -> None:
    client = clients("poor")
    trace = client.traces.create()
    with pytest.raises(gatepost.BudgetExceededError):
        client.execute(trace.id, input="again and again", tools=[documents.tool(allowed_tools=["search"])])
    story = gateway.trace(trace.id)
    assert 1 < len([one for one in story["steps"] if one["kind"] == "run"]) < 16
    assert Decimal(story["total_cost"]) <= Decimal("0.04")
    assert gateway.get("/health")["open_holds"] == 0


def test_a_model_that_never_stops_is_stopped(client: gatepost.Client, documents: ToolServer) -> None:
    trace = client.traces.create()
    with pytest.raises(gatepost.ValidationError, match="16 rounds") as caught:
        client.execute(trace.id, input="again and again", tools=[documents.tool(allowed_tools=["search"])])
    assert caught.value.code == "tool_rounds_exceeded"


def test_a_caller_that_leaves_ends_the_call_of_the_tool(gateway: Gateway, documents: ToolServer) -> None:
    with gatepost.Client(gateway.runtime_key, base_url=gateway.base_url, retries=0, timeout=60) as client:
        trace = client.traces.create()
    before = len(hanging(documents))

    async def main() -> None:
        async with gatepost.AsyncClient(gateway.runtime_key, base_url=gateway.base_url, retries=0) as client:
            asking = asyncio.ensure_future(
                client.execute(trace.id, input=plan([("hangs", {})]), tools=[documents.tool()])
            )
            while len(hanging(documents)) == before:
                await asyncio.sleep(0.02)
            asking.cancel()
            await asyncio.wait([asking])

    asyncio.run(main())
    until(lambda: all(was_left for was_left in hanging(documents)))
    until(lambda: kinds(gateway, trace.id)[-1] == ("tool_result", "abandoned"))
    assert gateway.get("/health")["open_holds"] == 0


def test_a_stream_tells_what_the_tools_brought(
    gateway: Gateway, client: gatepost.Client, documents: ToolServer
) -> None:
    trace = client.traces.create()
    asked = {"trace_id": trace.id, "input": plan([("search", {"query": "elks"})]), "tools": [documents.tool()]}
    answer = gateway.post("/api/v1/executions", {**asked, "stream": True}, key=gateway.runtime_key)
    events = [one.split("\n") for one in answer.text.split("\n\n") if one]
    said = [(kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for kind, data in events]
    text = "".join(page["text"] for kind, page in said if kind == "text")
    assert text == said[-1][1]["output"] == "They say: 3 documents about elks"
    assert (said[-1][0], said[-1][1]["rounds"]) == ("result", 2)
    assert [kind for kind, _ in kinds(gateway, trace.id)] == ["run", "tool_call", "tool_result", "run"]


def test_a_private_address_is_refused(gateway: Gateway, client: gatepost.Client, documents: ToolServer) -> None:
    trace = client.traces.create()
    before = len(documents.notes)
    elsewhere = documents.url.replace("127.0.0.1", "127.0.0.2")  # only the first is listed
    for url in (elsewhere, "http://10.1.2.3/mcp", "http://[::1]:1/", "http://169.254.169.254/latest"):
        with pytest.raises(gatepost.ValidationError, match="may not be called") as caught:
            client.execute(trace.id, input="x", tools=[documents.tool() | {"server_url": url}])
        assert caught.value.code == "egress_refused"
    assert len(documents.notes) == before
    assert gateway.trace(trace.id)["steps"] == []


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/moves", "egress_refused"),
        ("/refuses", "mcp_failed"),
        ("/garbles", "mcp_failed"),
        ("/cuts", "mcp_unreachable"),
    ],
)
def test_a_server_that_misbehaves_is_a_typed_error(
    gateway: Gateway, client: gatepost.Client, documents: ToolServer, path: str, code: str
) -> None:
    async def answer(seen: Any, wire: Any) -> None:
        match seen.target.partition("?")[0]:
            case "/moves":
                await wire.plain(b"", 307, [("location", documents.url)])
            case "/refuses":
                await wire.plain({"error": f"{seen.headers['authorization']} is no good"}, 401)
            case "/garbles":
                await wire.plain(b'{"jsonrpc": "2.0", "id": 7, "result": "lies"}')
            case _:
                await wire.begin(200, [("content-type", "application/json")])
                await wire.chunk(b'{"jsonrpc"')
                wire.reset()

    with Upstream(answer) as liar:
        tool = {
            "type": "mcp", "server_label": "liar", "server_url": f"{liar.url}{path}?key={CANARY}",
            "headers": {"Authorization": f"Bearer {CANARY}"},
        }  # fmt: skip
        with pytest.raises(gatepost.ServerError) as caught:
            client.execute(client.traces.create().id, input="x", tools=[tool])
    assert caught.value.code == code
    assert "`liar`" in str(caught.value)
    assert CANARY not in str(caught.value)


def test_no_secret_of_a_tool_server_stays_behind(gateway: Gateway) -> None:
    """After all of the above."""
    page = json.dumps(gateway.get("/api/v1/traces?limit=100"))
    assert CANARY not in page
    gateway.stop()
    kept = {
        str(path): path.read_bytes() for folder in (gateway.data, gateway.folder) for path in folder.rglob("*")
        if path.is_file()
    }  # fmt: skip
    assert len(kept) > 5
    assert [path for path, data in kept.items() if CANARY.encode() in data] == []
    assert str(gateway.log_path) in kept
