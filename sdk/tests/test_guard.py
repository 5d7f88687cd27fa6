"""Guarded functions, plain and asynchronous, against the fake gateway."""

import asyncio
import inspect
import logging

import pytest

import gatepost
from gatepost.testing import KEY


@pytest.fixture(params=["plain", "async", "async with an AsyncClient"])
def kind(request):
    return request.param


@pytest.fixture
def guarded(kind, gateway):
    """Makes a guarded function of the kind: `guarded(**options)` gives (call, ran)."""

    def make(**options):
        ran = []
        client = gateway.async_client() if "AsyncClient" in kind else gateway.client()
        options.setdefault("client", client)
        if kind == "plain":

            @gatepost.guard(**options)
            def refund(account, amount=1, *, note=""):
                """Gives money back."""
                ran.append((account, amount, note))
                return amount

            return refund, ran

        @gatepost.guard(**options)
        async def refund(account, amount=1, *, note=""):
            """Gives money back."""
            ran.append((account, amount, note))
            return amount

        return (lambda *args, **named: asyncio.run(refund(*args, **named))), ran

    return make


def test_what_is_allowed_runs(guarded, gateway):
    refund, ran = guarded(capability="billing.refund")
    assert refund("a-1", 5, note="late") == 5
    assert ran == [("a-1", 5, "late")]
    asked = gateway.seen[-1]
    assert (asked.path, asked.body["capability"]) == ("/v1/execute", "billing.refund")
    assert asked.body["payload"] == {"account": "a-1", "amount": 5, "note": "late"}
    assert asked.body["sdk"]["language"] == "python"


def test_what_is_blocked_does_not_run(guarded, gateway):
    refund, ran = guarded(capability="billing.refund")
    gateway.blocks("too much")
    with pytest.raises(gatepost.BlockedError, match=r"`billing\.refund` may not run: too much") as blocked:
        refund("a-1")
    assert (blocked.value.code, blocked.value.trace_id) == ("policy_violation", "trace-1")
    assert ran == []


def test_what_is_redacted_runs_with_what_is_left(guarded, gateway):
    refund, ran = guarded()
    gateway.redacts({"account": "a-1", "note": "[EMAIL]"})
    refund("a-1", note="ann@example.com")
    assert ran == [("a-1", 1, "[EMAIL]")]


def test_observing_stops_nothing(guarded, gateway, caplog):
    refund, ran = guarded(mode="observe", capability="refund")
    gateway.blocks("too much")
    with caplog.at_level(logging.INFO, "gatepost.guard"):
        refund("a-1")
        gateway.fails(500, times=3)
        refund("a-2")
    assert [account for account, _, _ in ran] == ["a-1", "a-2"]
    assert "would be blocked: too much" in caplog.text
    assert "runs unjudged" in caplog.text


def test_without_a_gateway_it_does_not_run(guarded, gateway):
    refund, ran = guarded()
    gateway.down = True
    with pytest.raises(gatepost.GatewayError):
        refund("a-1")
    assert ran == []


def test_it_may_fail_open(guarded, gateway, caplog):
    refund, ran = guarded(fail_open=True)
    gateway.down = True
    refund("a-1")
    assert len(ran) == 1
    assert "runs unjudged" in caplog.text
    gateway.down = False
    gateway.fails(500, times=3)
    with pytest.raises(gatepost.ServerError):
        refund("a-1")


def test_a_payload_of_ones_own(guarded, gateway):
    refund, ran = guarded(payload=lambda account, amount: {"cents": amount * 100})
    refund("a-1", 2)
    assert gateway.seen[-1].body["payload"] == {"cents": 200}
    gateway.redacts({"cents": 1})
    with pytest.raises(gatepost.BlockedError, match="not its arguments"):
        refund("a-1", 2)
    assert len(ran) == 1


def test_the_session_and_the_agent_go_along(guarded, gateway):
    refund, _ = guarded()
    with gatepost.agent("clerk"):
        refund("a-1")
    asked = gateway.seen[-1]
    assert asked.body["identity"] == {"type": "agent", "id": "clerk"}
    assert asked.headers["x-gatepost-session-path"] == "clerk"


def test_methods_are_asked_about_without_their_self(gateway):
    class Desk:
        @gatepost.guard(client=gateway.client())
        def open(self, what):
            return what

    assert Desk().open("mail") == "mail"
    assert gateway.seen[-1].body["payload"] == {"what": "mail"}
    assert gateway.seen[-1].body["capability"].endswith("Desk.open")


def test_without_parentheses_and_with_the_processs_defaults(monkeypatch):
    gatepost.configure(mock=True)

    @gatepost.guard
    def add(a, b):
        """Adds."""
        return a + b

    @gatepost.guard
    async def later(a):
        return a

    assert (add(1, 2), asyncio.run(later(3)), add.__doc__, add.__name__) == (3, 3, "Adds.", "add")
    assert inspect.iscoroutinefunction(later)
    gatepost.configure(api_key=KEY, base_url="http://127.0.0.1:9", retries=0)
    with pytest.raises(gatepost.ConnectionError):
        add(1, 2)


def test_wrong_arguments_are_a_type_error_before_anybody_is_asked(gateway):
    @gatepost.guard(client=gateway.client())
    def add(a, b):
        return a + b

    with pytest.raises(TypeError):
        add(1)
    assert gateway.seen == []


def test_a_plain_function_needs_a_plain_client(gateway):
    with pytest.raises(TypeError, match="AsyncClient"):
        gatepost.guard(client=gateway.async_client())(lambda: None)
