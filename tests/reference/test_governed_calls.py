"""The page of the governed SDK: every sample, against a gateway process, which stands in the agent's place too."""

import contextlib
import json
import os
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
import uvicorn
from django.apps import AppConfig
from e2e.certificates import certificate
from e2e.running import Gateway, free_port, until
from e2e.tool_servers import ToolServer, tool_server
from e2e.upstream import Upstream
from fastapi import FastAPI
from openai import OpenAI

import gatepost
from reference.catalogue import SDK
from reference.conftest import BROUGHT, INJECTION, Stage
from reference.provider import WORDS

SAID = "".join(WORDS)
NOBODY = "http://127.0.0.1:9"


@contextlib.contextmanager
def served(app: FastAPI) -> Iterator[tuple[FastAPI, str]]:
    """The application under a real server, with its lifespan."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="on"))

        def run() -> None:
            with contextlib.suppress(SystemExit):  # its word for a lifespan that failed
                server.run(sockets=[sock])

        thread = threading.Thread(target=run)
        thread.start()
        try:
            until(lambda: server.started or not thread.is_alive())
            assert server.started, "it did not start"
            yield app, f"http://127.0.0.1:{sock.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture
def stage(staged: Callable[[str], Stage]) -> Stage:
    return staged(SDK)


@pytest.fixture
def client(gateway: Gateway) -> Iterator[gatepost.Client]:
    with gatepost.Client(gateway.runtime_key, base_url=gateway.base_url) as one:
        yield one


@pytest.fixture(scope="module")
def documents(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ToolServer]:
    with tool_server("documents", tmp_path_factory.mktemp("documents")) as one:
        yield one


@pytest.fixture
def trace(client: gatepost.Client) -> gatepost.Trace:
    return client.traces.create()


def test_a_client_from_configure(stage: Stage) -> None:
    with stage.perform(24)["client"] as client:
        assert client.ping()["status"] == "ok"


def test_a_trace_and_a_call(stage: Stage, client: gatepost.Client) -> None:
    made = stage.perform(41, client=client)
    assert made["result"].output == SAID
    seen = client.traces.get(made["trace"].id)
    assert (seen.metadata["intent"], seen.steps[0].model) == ("translation", "gpt-4o-mini")


def test_what_a_result_has(stage: Stage, client: gatepost.Client, trace: gatepost.Trace) -> None:
    result = client.execute(trace_id=trace.id, input="hi")
    stage.perform(52, result=result)
    assert (result.model, result.status, result.tool_calls, result.bypass) == ("gpt-4o-mini", None, [], False)
    assert result.raw["step_id"] == result.step_id


def test_a_block_is_a_result(stage: Stage, client: gatepost.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[str, str]] = []

    def log(reason: str, step_id: str) -> None:
        told.append((reason, step_id))

    assert stage.perform(81, client=client, log_governance_event=log)["returned"] == {"output": SAID}
    real = client.execute
    monkeypatch.setattr(client, "execute", lambda trace_id, input: real(trace_id, INJECTION))
    assert stage.perform_again(81, client=client, log_governance_event=log)["returned"] is None
    ((reason, step_id),) = told
    assert reason
    assert step_id


def test_the_tool_loop(stage: Stage, client: gatepost.Client) -> None:
    asked: list[tuple[str, Any]] = []

    def dispatch(name: str, arguments: Any) -> Any:
        asked.append((name, arguments))
        return {"celsius": 18}

    made = stage.perform(93, client=client, dispatch_tool=dispatch)
    assert asked == [("get_weather", {"city": "London"})]
    assert made["result"].output == '{"celsius": 18}'


def test_a_service_with_mcp_tools(
    stage: Stage, documents: ToolServer, upstream: Upstream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCS_MCP_URL", documents.url)
    service = stage.perform(131, gatepost=gatepost, os=os)["DocumentService"]("u_123")
    result = service.summarise("d-7")
    assert result.output
    offered = [tool["function"]["name"] for tool in upstream.last().json["tools"]]
    assert offered
    seen = service.client.traces.get(result.trace_id)
    assert seen.metadata == {"user_id": "u_123", "intent": "summarization"}
    assert "tool_call" in [step.kind for step in seen.steps]


def test_fastapi_keeps_one_client(stage: Stage) -> None:
    made = stage.perform(156, gatepost=gatepost)
    with served(FastAPI(lifespan=made["lifespan"])) as (app, _):
        assert app.state.gatepost.ping()["status"] == "ok"


def test_several_steps(stage: Stage, client: gatepost.Client) -> None:
    made = stage.perform(168, client=client)
    assert made["step2"].output == SAID
    sealed = client.traces.get(made["trace"].id)
    assert (sealed.status, sealed.step_count, sealed.revenue) == ("completed", 2, Decimal(2))
    assert sealed.gross_margin == Decimal(2) - 2 * Decimal("0.00002")


def test_vectors(stage: Stage, client: gatepost.Client, capsys: pytest.CaptureFixture[str]) -> None:
    stage.perform(186, client=client)
    assert capsys.readouterr().out == "2\n6\n"
    with pytest.raises(gatepost.ValidationError):
        client.embeddings.create(client.traces.create().id, input=[], model="text-embedding-3-small")


def test_metadata_for_analytics(stage: Stage, client: gatepost.Client) -> None:
    made = stage.perform(203, client=client)
    assert client.traces.get(made["trace"].id).metadata["feature"] == "sales_assistant"
    rows = until(lambda: client.metrics(range="1h", group_by="user").breakdown)
    assert "u_123" in {row.key for row in rows}


def test_failing_open(
    stage: Stage, upstream: Upstream, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with stage.perform(223, gatepost=gatepost, os=os)["client"]:
        assert capsys.readouterr().out == "False\n"
    monkeypatch.setenv("GATEPOST_BASE_URL", NOBODY)
    with stage.perform_again(223, gatepost=gatepost, os=os)["client"]:
        assert capsys.readouterr().out == "True\n"
    assert upstream.last().headers["authorization"] == f"Bearer {BROUGHT}"


def test_a_test_project(stage: Stage) -> None:
    with stage.perform(245)["client"] as client:
        assert client.execute(client.traces.create().id, "hi").output == SAID


def test_a_simulation(stage: Stage, client: gatepost.Client, upstream: Upstream) -> None:
    before = len(upstream.seen)
    result = stage.perform(261, client=client)["result"]
    assert result.status == "resolved"
    assert result.estimated_cost > 0
    assert len(upstream.seen) == before


def test_a_check(stage: Stage, client: gatepost.Client, trace: gatepost.Trace) -> None:
    assert stage.perform(267, client=client, trace=trace, user_input="hi")["returned"] is None
    refused = stage.perform_again(267, client=client, trace=trace, user_input=INJECTION)["returned"]
    assert refused == ({"error": "Request blocked"}, 403)


def test_offline(stage: Stage, gateway: Gateway, key_of: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEPOST_ENV", "test")
    stage.perform(275, gatepost=gatepost, os=os)
    with gatepost.Client() as client:
        before = gateway.get("/api/v1/traces?limit=1")["items"]
        trace = client.traces.create()
        assert client.execute(trace.id, "hi").offline
        assert gateway.get("/api/v1/traces?limit=1")["items"] == before
    monkeypatch.setenv("GATEPOST_API_KEY", key_of("poor"))
    stage.perform_again(275, gatepost=gatepost, os=os)
    with pytest.raises(gatepost.ConfigurationError) as refused:
        gatepost.Client()
    assert refused.value.code == "offline_not_allowed"
    monkeypatch.delenv("GATEPOST_ENV")
    stage.perform_again(275, gatepost=gatepost, os=os)
    with gatepost.Client() as online:
        assert online.traces.create().get("offline") is None


def test_the_error_branches(stage: Stage, gateway: Gateway, key_of: Callable[[str], str]) -> None:
    def play(client: gatepost.Client) -> Any:
        return stage.perform_again(298, client=client, gatepost=gatepost)["returned"]

    def asking(key: str, base_url: str = gateway.base_url) -> gatepost.Client:
        return gatepost.Client(key, base_url=base_url, retries=0)

    with asking(gateway.runtime_key) as well:
        assert stage.perform(298, client=well, gatepost=gatepost)["returned"] is None
    with asking(gateway.runtime_key) as away:
        trace = away.traces.create()
        gone = away.with_options(base_url=f"http://127.0.0.1:{free_port()}")
        gone.traces.create = lambda metadata: trace  # type: ignore[method-assign]
        assert play(gone) == ({"error": "AI service temporarily unavailable."}, 503)
    with asking(key_of("tied")) as tied:
        tied.execute(tied.traces.create().id, "hi")
        assert play(tied) is None
    with asking(key_of("looping")) as looping:
        trace = looping.traces.create()
        looping.traces.create = lambda metadata: trace  # type: ignore[method-assign]
        for _ in range(4):
            looping.execute(trace.id, "...")
        with pytest.raises(gatepost.RateLimitError) as loop:
            looping.execute(trace.id, "...")
        assert loop.value.code == "LOOP_DETECTED"
        assert play(looping) is None
    with asking("gp_nobody_" + "x" * 30) as stranger:
        stranger.traces.create = lambda metadata: trace  # type: ignore[method-assign]
        assert play(stranger) is None


def test_the_agents_client_and_ping(stage: Stage) -> None:
    with stage.perform(320)["client"] as client:
        assert client.ping()["status"] == "ok"


def test_the_sdk_pointed_at_the_agent(stage: Stage, gateway: Gateway) -> None:
    stage.perform(345)
    with gatepost.Client() as client:
        assert client.base_url == gateway.base_url
        assert client.execute(client.traces.create().id, "hi").output == SAID


def test_a_tighter_timeout(stage: Stage) -> None:
    stage.perform(405, os=os, gatepost=gatepost)
    with gatepost.Client() as client:
        assert client._settings.seconds == 5.0


def test_whether_the_agent_is_up(stage: Stage) -> None:
    command, _, said = stage.text(413).partition("\n")
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True, timeout=20)
    theirs = json.loads(said.removeprefix("# → "))
    ours = json.loads(done.stdout)
    assert set(ours) == set(theirs)
    assert ours["status"] == theirs["status"]


def test_fastapi_checks_at_the_start(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    made = stage.perform(418, FastAPI=FastAPI)
    with served(FastAPI(lifespan=made["lifespan"])) as (app, address):
        assert app.state.gatepost.ping()["status"] == "ok"
        assert httpx.get(f"{address}/openapi.json").status_code == 200
    monkeypatch.setenv("GATEPOST_BASE_URL", NOBODY)
    with pytest.raises(AssertionError, match="did not start"), served(FastAPI(lifespan=made["lifespan"])):
        pass


def test_django_checks_at_the_start(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    class Settings:
        DEBUG = False

    made = stage.perform(429, AppConfig=AppConfig, settings=Settings)
    config = made["AIConfig"]("ai", gatepost)
    config.ready()
    monkeypatch.setenv("GATEPOST_BASE_URL", NOBODY)
    with pytest.raises(gatepost.ConnectionError):
        config.ready()
    Settings.DEBUG = True
    config.ready()


def test_openais_client_through_the_agent(stage: Stage) -> None:
    made = stage.perform(439, os=os)
    made["client"].close()
    assert made["response"].choices[0].message.content == SAID


@pytest.mark.filterwarnings("ignore:.verify=<str>. is deprecated:DeprecationWarning")
def test_openais_client_with_a_private_ca(stage: Stage, gateways: Callable[..., Gateway], tmp_path: Path) -> None:
    certificate(tmp_path)
    config = {"server": {"tls": {"cert": "cert.pem", "key": "key.pem"}}}
    agent = gateways(json.dumps(config), folder=tmp_path, start=False)
    agent.scheme = "https"
    agent.start()
    stage.tls, stage.ca = agent.base_url, str(tmp_path / "cert.pem")
    with stage.perform(451, os=os)["client"] as client:
        said = client.chat.completions.create(model="sandbox/echo", messages=[{"role": "user", "content": "sealed"}])
        assert said.choices[0].message.content == "sealed"
    with (
        OpenAI(base_url=f"{agent.base_url}/v1", api_key=stage.key, max_retries=0) as stranger,
        pytest.raises(openai.APIConnectionError),
    ):
        stranger.models.list()
