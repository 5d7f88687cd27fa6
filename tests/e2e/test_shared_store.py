"""Two gateways over one PostgreSQL (`server.store_url`): one configuration, one set of keys, one set of records."""

import base64
import os
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from signal import SIGKILL
from typing import Any

import httpx
import pytest

from e2e.running import Gateway, until

MASTER = base64.b64encode(os.urandom(32)).decode()
FILE = """
server: {store_url: {env: STORE_AT}}
fallbacks: {}
policies: {chain: [{name: ask, kind: keyword, terms: [zeppelin], action: escalate}]}
"""


@pytest.fixture(scope="module")
def env(cluster: Any) -> dict[str, str]:
    return {"STORE_AT": cluster.url, "GATEPOST_MASTER_KEY": MASTER}


@pytest.fixture(scope="module")
def both(gateways: Callable[..., Gateway], env: dict[str, str]) -> list[Gateway]:
    made = [gateways(FILE, env=env, start=False) for _ in range(2)]
    with ThreadPoolExecutor(2) as pool:  # on an empty database, at the same time
        list(pool.map(Gateway.start, made))
    return made


def trace_of(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    return answer.headers["x-gatepost-trace-id"]


def marked(mark: str) -> dict[str, str]:
    return {"X-Gatepost-Property-Mark": mark}


def key_of(gateway: Gateway) -> dict[str, Any]:
    made = gateway.post("/api/v1/keys", {"name": "shared"})
    assert made.status_code == 201, made.text
    return made.json()


def test_what_one_has_answered_the_other_shows_at_once(both: list[Gateway], show: Callable[[str], None]) -> None:
    one, two = both
    took = []
    for number in range(20):
        trace_id = trace_of((one, two)[number % 2].chat(text=f"number {number}"))
        began = time.monotonic()
        detail = (two, one)[number % 2].trace(trace_id)
        took.append(time.monotonic() - began)
        assert len(detail["steps"]) == 1
    took.sort()
    show(f"a trace of the other gateway: {took[10] * 1000:.0f} ms in the middle, {took[-1] * 1000:.0f} at most")


def test_a_trace_goes_on_at_the_other_gateway(both: list[Gateway]) -> None:
    one, two = both
    made = one.request("POST", "/api/v1/traces", json={"metadata": {"user_id": "u"}}, key=one.runtime_key)
    trace_id = made.json()["id"]
    body = {"trace_id": trace_id, "input": "Hello.", "model": "sandbox/echo"}
    for gateway in (two, one):
        done = gateway.request("POST", "/api/v1/executions", json=body, key=gateway.runtime_key)
        assert done.status_code in (200, 201), done.text
    assert [len(gateway.trace(trace_id)["steps"]) for gateway in both] == [2, 2]


def test_a_key_of_one_is_good_at_the_other_until_it_is_revoked(
    both: list[Gateway], show: Callable[[str], None]
) -> None:
    one, two = both
    reached: dict[str, float] = {}
    made = key_of(one)
    began = time.monotonic()
    until(lambda: two.chat(key=made["key"]).status_code == 200)
    reached["made"] = time.monotonic() - began
    assert one.post(f"/api/v1/keys/{made['id']}/revoke").status_code == 200
    began = time.monotonic()
    until(lambda: two.chat(key=made["key"]).status_code == 401)
    reached["revoked"] = time.monotonic() - began
    # The bound is 2 s; a machine that is busy with other things is not what is asked about here.
    assert max(reached.values()) < 2.0
    show(
        "a key reaches the other gateway: "
        + ", ".join(f"{name} {took * 1000:.0f} ms" for name, took in reached.items())
    )
    assert two.post(f"/api/v1/keys/{made['id']}/resume").status_code == 409  # it knows before it writes


def test_an_approval_admits_one_request_at_all_gateways_together(both: list[Gateway]) -> None:
    def status(gateway: Gateway, text: str) -> int:
        return gateway.chat(text=text).status_code

    for number in range(4):
        text = f"zeppelin {number}"
        waits = both[0].chat(text=text)
        assert (waits.status_code, waits.json()["error"]["code"]) == (409, "escalation_required")
        name = waits.json()["error"]["message"].rpartition("(escalation ")[2].rstrip(")")
        until(lambda name=name: both[1].request("GET", f"/api/v1/escalations/{name}").status_code == 200)
        assert both[number % 2].post(f"/api/v1/escalations/{name}/approve").status_code == 200
        with ThreadPoolExecutor(8) as pool:
            answers = pool.map(status, both * 4, [text] * 8)
        # The other one may not have heard of it yet; both together let one through, and no more later.
        got = [*answers, *(status(gateway, text) for gateway in both)]
        assert sorted(got) == [200] + [409] * 9


def test_writers_at_both_take_turns(both: list[Gateway]) -> None:
    def write(number: int) -> int:
        body = {"id": f"m{number}", "identifier": f"m{number}", "provider": "sandbox"}
        return both[number % 2].post("/api/v1/models", body).status_code

    before = both[0].get("/api/v1/versions")["items"][0]["number"]
    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(write, range(12))) == {201}
    numbers = [one["number"] for one in both[1].get("/api/v1/versions")["items"]]
    assert numbers[0] == before + 12
    assert numbers == list(range(numbers[0], 0, -1))
    names = {f"m{number}" for number in range(12)}
    for gateway in both:
        until(lambda gateway=gateway: names <= {one["id"] for one in gateway.get("/api/v1/models")["items"]})


def test_counts_are_of_both(both: list[Gateway]) -> None:
    mark = uuid.uuid4().hex
    for number in range(6):
        trace_of(both[number % 2].chat(headers=marked(mark)))

    def counted() -> list[int]:
        return [len(gateway.get(f"/api/v1/traces?property=mark:{mark}")["items"]) for gateway in both]

    until(lambda: sum(counted()) >= 12)
    assert counted() == [6, 6]


def test_a_control_plane_that_is_killed_while_it_folds_takes_each_call_once(both: list[Gateway]) -> None:
    one, two = both
    mark = uuid.uuid4().hex
    for number in range(30):
        trace_of(one.chat(headers=marked(mark)))
        if number % 10 == 5:
            os.kill(one.control_pid(), SIGKILL)
    found = until(
        lambda: (
            (page := two.get(f"/api/v1/traces?property=mark:{mark}&limit=100")["items"]) and len(page) >= 30 and page
        ),
        20,
    )
    assert len({row["id"] for row in found}) == len(found) == 30


def test_a_gateway_that_is_killed_leaves_nothing_behind_but_its_journal(both: list[Gateway]) -> None:
    one, two = both
    mark = uuid.uuid4().hex
    traces = [trace_of(one.chat(headers=marked(mark))) for _ in range(5)]
    one.kill()
    assert two.chat().status_code == 200
    assert two.request("GET", f"/api/v1/traces/{uuid.uuid4()}").status_code == 404  # and nobody waits for the dead
    one.start()
    for trace_id in traces:
        assert len(two.trace(trace_id)["steps"]) == 1


def test_another_file_is_refused_while_the_others_serve(
    gateways: Callable[..., Gateway], both: list[Gateway], env: dict[str, str]
) -> None:
    other = gateways(FILE + "tiers: {simple: sandbox/echo}\n", env=env, start=False)
    refused = other.run("serve", code=1)
    assert "tiers" in refused.stderr
    assert "gatepost apply" in refused.stderr
    (both[0].folder / "gatepost.yaml").write_text(other.config)
    both[0].run("apply", "-f", "gatepost.yaml", code=2)  # it warns of what is read at a start alone
    other.start()
    assert other.chat().status_code == 200
    other.stop()


def test_another_master_key_is_refused(
    gateways: Callable[..., Gateway], both: list[Gateway], env: dict[str, str]
) -> None:
    strange = {**env, "GATEPOST_MASTER_KEY": base64.b64encode(os.urandom(32)).decode()}
    for given in (strange, {"STORE_AT": env["STORE_AT"]}):
        refused = gateways(both[0].config, env=given, start=False).run("serve", code=1)
        assert "master" in refused.stderr
        assert "every gateway on one store" in refused.stderr


def test_calls_go_on_while_the_database_is_away(both: list[Gateway], cluster: Any) -> None:
    one, two = both
    mark = uuid.uuid4().hex
    cluster.stop()
    try:
        answers = [gateway.chat(headers=marked(mark)) for gateway in both * 3]
        assert {answer.status_code for answer in answers} == {200}
        refused = one.post("/api/v1/keys", {"name": "no"})
        assert refused.status_code == 503, refused.text
        assert one.request("GET", f"/api/v1/traces/{trace_of(answers[0])}").status_code == 503
        goes_on = {"model": "sandbox/echo", "input": "Hello.", "previous_response_id": f"resp_{uuid.uuid4().hex}"}
        asked = one.post("/v1/responses", goes_on, key=one.runtime_key)
        assert (asked.status_code, asked.json()["error"]["code"]) == (503, "records_unavailable"), asked.text
        os.kill(two.control_pid(), SIGKILL)
        assert two.chat(headers=marked(mark)).status_code == 200
    finally:
        cluster.start()
    until(lambda: len(one.get(f"/api/v1/traces?property=mark:{mark}")["items"]) == 7, 30)
    assert until(lambda: one.post("/api/v1/keys", {"name": "yes"}).status_code == 201)
    until(lambda: two.request("GET", "/api/v1/keys").status_code == 200, 30)
    # A fold that failed is tried again after five seconds; until then health says so.
    until(lambda: all(gateway.get("/health")["status"] == "healthy" for gateway in both), 30)


def test_commands_say_the_right_thing(both: list[Gateway]) -> None:
    one = both[0]
    refused = one.run("backup", str(one.folder / "copy"), code=1)
    assert "pg_dump" in refused.stderr
    assert not (one.folder / "copy").exists()
    found = {row["part"]: row for row in one.run_json("doctor")["findings"]}
    assert (found["store"]["status"], found["records"]["status"]) == ("ok", "ok")
    assert "1 other" in found["store"]["detail"]
    assert "config.db" not in {path.name for path in one.data.iterdir()}
    one.stop()
    assert one.run_json("db", "upgrade") == {"PostgreSQL": []}
    assert one.run_json("keys", "list")
    one.start()


def test_an_address_where_nobody_is_stops_the_start(gateways: Callable[..., Gateway]) -> None:
    for url, words in (("postgresql://u:pa55word@127.0.0.1:9/none", "does not answer"), ("redis://x", "postgresql://")):
        done = gateways(start=False, env={"GATEPOST_STORE_URL": url}).run("serve", code=1)
        assert words in done.stderr
        assert "pa55word" not in done.stderr
