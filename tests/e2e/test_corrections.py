"""A call that was open when its gateway died is settled at the whole hold, until somebody says what it did cost."""

import asyncio
import json
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress

import httpx
import pytest

from e2e.load import MODEL
from e2e.money import nano
from e2e.running import Gateway, until
from e2e.upstream import Seen, Upstream, Wire


async def silent(seen: Seen, wire: Wire) -> None:
    await asyncio.sleep(60)


def _open_at_a_crash(gateway: Gateway, upstream: Upstream) -> str:
    """The trace of a call that was under way when everything was killed."""

    def call() -> None:
        with suppress(httpx.HTTPError):
            gateway.chat("billed", max_tokens=100)

    calling = threading.Thread(target=call)
    calling.start()
    until(lambda: upstream.seen)
    gateway.kill()
    calling.join(20)
    gateway.start()
    (row,) = gateway.get("/api/v1/traces")["items"]
    return row["id"]


def _budget(gateway: Gateway) -> tuple[int, int]:
    (budget,) = gateway.get("/api/v1/projects/default")["budgets"]
    return nano(budget["settled"]), nano(budget["held"])


def _headers(gateway: Gateway) -> int:
    """What the data plane's own ledger has settled."""
    refused = gateway.chat("dear").json()["error"]["limit"]
    return nano(refused["settled"])


@pytest.mark.parametrize("shared", [False, pytest.param(True, marks=pytest.mark.soak)])
def test_a_correction_is_the_truth_everywhere_and_for_good(gateways: Callable[..., Gateway], shared: bool) -> None:
    with ExitStack() as stack:
        upstream = stack.enter_context(Upstream(silent))
        env = {}
        if shared:
            from tests.postgres import running

            env = {"GATEPOST_STATE_URL": stack.enter_context(running()).url}
        model = {**MODEL, "base_url": f"{upstream.url}/v1"}
        dear = {**model, "id": "dear", "max_output": 10**9}
        config = {"models": [model, dear], "projects": [{"id": "default", "budgets": {"daily_usd": 10}}]}
        gateway = gateways(json.dumps(config), env=env)
        trace = _open_at_a_crash(gateway, upstream)
        (step,) = gateway.trace(trace)["steps"]
        held = nano(step["held"])
        assert (step["outcome"], step["estimated"], nano(step["settled"])) == ("interrupted", True, held)
        assert _budget(gateway) == (held, 0)
        for cost, note in (("0.0002", "the bill of today"), ("0.0001", "a better one"), ("0.0001", "again")):
            said = gateway.run("budget", "correct", trace, "--cost", cost, "--note", note).stdout
            assert f"cost {cost} USD; the trace costs {cost}" in said
            until(lambda cost=cost: _budget(gateway) == (nano(cost), 0))
            assert _headers(gateway) == nano(cost)
        _assert_refusals(gateway, trace, step["id"], held)
        for start in ("first", "second"):
            if start == "second":
                gateway.kill()
                gateway.start()
            assert _budget(gateway) == (nano("0.0001"), 0)
            assert _headers(gateway) == nano("0.0001")
            told = gateway.trace(trace)
            assert told["total_cost"] == "0.0001"
            assert [one["kind"] for one in told["steps"]] == ["run", "correction", "correction"]
            assert sum(nano(one["settled"]) for one in told["steps"]) == nano("0.0001")
            assert told["steps"][2]["message"].endswith(": a better one")
            assert "corrected at 20" in told["steps"][1]["message"]
        gateway.close()


def _assert_refusals(gateway: Gateway, trace: str, step: str, held: int) -> None:
    """Nothing else can be corrected, to nothing else, by nobody else."""
    place = f"/api/v1/traces/{trace}/steps/{step}/correction"
    too_much = gateway.post(place, {"cost_usd": str((held + 1) / 10**9)})
    assert (too_much.status_code, "what the call held" in too_much.text) == (422, True)
    for wrong in (
        {},
        {"cost_usd": "-1"},
        {"cost_usd": "0.0000000001"},
        {"cost_usd": "x"},
        {"cost_usd": "1", "by": "me"},
    ):
        assert gateway.post(place, wrong).status_code == 422, wrong
    assert gateway.post(place, {"cost_usd": "0"}, key=gateway.runtime_key).status_code == 403
    assert gateway.post(place.replace(step, "none"), {"cost_usd": "0"}).status_code == 404
    assert gateway.post(place.replace(trace, "none"), {"cost_usd": "0"}).status_code == 404
    refused = next(row for row in gateway.get("/api/v1/traces")["items"] if row["id"] != trace)
    (other,) = gateway.trace(refused["id"])["steps"]
    answer = gateway.post(f"/api/v1/traces/{refused['id']}/steps/{other['id']}/correction", {"cost_usd": "0"})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    failed = gateway.run("budget", "correct", refused["id"], "--cost", "0", code=1)
    assert "0 calls of the trace were open at a crash" in failed.stderr
