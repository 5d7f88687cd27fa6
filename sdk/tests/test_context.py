"""Sessions and agents: what calls say of them, and where they end."""

import asyncio
import threading
from uuid import UUID

import pytest

import gatepost

ID = "0192d3a0-0000-4000-8000-000000000001"


def sent(gateway):
    return {name: value for name, value in gateway.seen[-1].headers.items() if name.startswith("x-gatepost-")}


def test_calls_inside_belong_to_the_session(shell, gateway):
    client = shell.of(gateway)
    with gatepost.session(ID, path="workflows/summarise", properties={"user-tier": "enterprise"}) as opened:
        assert gatepost.current_session() is opened
        shell.run(client.traces.create())
    assert sent(gateway) == {
        "x-gatepost-session-id": ID,
        "x-gatepost-session-path": "workflows/summarise",
        "x-gatepost-property-user-tier": "enterprise",
    }
    shell.run(client.traces.create())
    assert sent(gateway) == {}


def test_sessions_inside_sessions_go_on(gateway):
    client = gateway.client()
    with gatepost.session(path="a", properties={"x": "1"}) as outer:
        assert str(UUID(outer.id)) == outer.id
        with gatepost.session(path="b", properties={"y": "2"}) as inner:
            assert inner.id == outer.id
            client.ping()
            assert sent(gateway)["x-gatepost-session-path"] == "a/b"
            assert sent(gateway)["x-gatepost-property-x"] == "1"
        assert gatepost.current_session() is outer
    assert gatepost.current_session() is None


def test_agents_make_a_path(gateway):
    client = gateway.client()
    with gatepost.agent("planner"), gatepost.agent("researcher", role="reader") as inner:
        assert inner.depth == 1
        client.ping()
        assert sent(gateway)["x-gatepost-session-path"] == "planner/researcher"
        assert sent(gateway)["x-gatepost-property-agent"] == "researcher"
        assert sent(gateway)["x-gatepost-property-agent-role".replace("agent-role", "agent_role")] == "reader"
    assert gatepost.current_agent() is None


def test_what_surrounds_wins_over_a_clients_headers(gateway):
    client = gateway.client(headers={"X-Gatepost-Session-Id": ID})
    client.ping()
    assert sent(gateway) == {"x-gatepost-session-id": ID}
    with gatepost.session() as opened:
        client.ping()
    assert sent(gateway) == {"x-gatepost-session-id": opened.id}


def test_tasks_take_it_along_and_threads_do_not():
    seen = {}

    async def look(name):
        await asyncio.sleep(0)
        seen[name] = gatepost.current_session().id

    async def work(name):
        with gatepost.session() as opened:
            await asyncio.gather(look(name), look(name))
            assert seen[name] == opened.id

    async def both():
        await asyncio.gather(work("a"), work("b"))

    asyncio.run(both())
    assert seen["a"] != seen["b"]
    with gatepost.session():
        found = []
        thread = threading.Thread(target=lambda: found.append(gatepost.current_session()))
        thread.start()
        thread.join()
        assert found == [None]


@pytest.mark.parametrize(
    ("work", "said"),
    [
        (lambda: gatepost.session("nonsense"), "UUID"),
        (lambda: gatepost.session(path="a\r\nb"), "path"),
        (lambda: gatepost.session(properties={"policy_x": "1"}), "property"),
        (lambda: gatepost.session(properties={"a b": "1"}), "property"),
        (lambda: gatepost.session(properties={"a": "x" * 513}), "512"),
        (lambda: gatepost.session(properties={"a": "x\n"}), "512"),
        (lambda: gatepost.agent("two words"), "agent"),
        (lambda: gatepost.agent("a", role="x\n"), "512"),
    ],
)
def test_what_no_header_can_carry_is_refused(work, said):
    with pytest.raises(gatepost.ConfigurationError, match=said), work():
        pass
    assert gatepost.current_session() is None
    assert gatepost.current_agent() is None
