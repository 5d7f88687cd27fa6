"""Two gateways over one PostgreSQL: a conversation goes on wherever its next turn comes in."""

import base64
import os
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from e2e.running import Gateway

MASTER = base64.b64encode(os.urandom(32)).decode()


@pytest.fixture(scope="module")
def both(gateways: Callable[..., Gateway], cluster: Any) -> list[Gateway]:
    config = "server: {state_url: {env: SESSIONS_AT}}\n"
    env = {"SESSIONS_AT": cluster.url, "GATEPOST_MASTER_KEY": MASTER}
    return [gateways(config, env=env) for _ in range(2)]


def turn(*said: str) -> list[Any]:
    return [{"role": ("user", "assistant")[number % 2], "content": text} for number, text in enumerate(said)]


def words(answer: httpx.Response) -> str:
    return answer.json()["choices"][0]["message"]["content"]


def test_a_conversation_goes_on_at_the_other_gateway(both: list[Gateway]) -> None:
    said = [f"Hello {uuid.uuid4()}"]
    places = []
    for number in range(4):
        gateway = both[number % 2]
        answer = gateway.chat(messages=turn(*said))
        said += [words(answer), "And then?"]
        places.append((answer.headers["x-gatepost-session-id"], gateway.step(answer)["turn"]))
    assert places == [(places[0][0], number) for number in (1, 2, 3, 4)]


def test_a_user_is_in_one_session_at_both(both: list[Gateway]) -> None:
    user = str(uuid.uuid4())
    answers = [gateway.chat(user=user) for gateway in both * 2]
    assert len({answer.headers["x-gatepost-session-id"] for answer in answers}) == 1


def test_turns_of_a_named_session_are_counted_once_over_both(both: list[Gateway]) -> None:
    session = str(uuid.uuid4())

    def one(number: int) -> int:
        gateway = both[number % 2]
        return gateway.step(gateway.chat(headers={"X-Gatepost-Session-Id": session}))["turn"]

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(one, range(24))) == list(range(1, 25))


def test_a_database_that_went_away_is_a_503_and_comes_back(both: list[Gateway], cluster: Any) -> None:
    cluster.stop()
    refused = both[0].chat(headers={"X-Gatepost-Session-Id": str(uuid.uuid4())})
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "state_unavailable")
    assert both[0].chat().status_code == 200  # a new conversation asks nothing, and what it leaves is only missed
    cluster.start()
    assert both[0].chat(headers={"X-Gatepost-Session-Id": str(uuid.uuid4())}).status_code == 200


def test_an_address_that_is_none_stops_the_start(gateways: Callable[..., Gateway]) -> None:
    for env, word in (
        ({"GATEPOST_STATE_URL": "postgresql://u:pa55word@127.0.0.1:9/none"}, "does not answer"),
        ({"GATEPOST_STATE_URL": "redis://127.0.0.1"}, "postgresql://"),
    ):
        gateway = gateways(start=False, env=env)
        done = gateway.run("serve", code=None)
        assert done.returncode != 0
        assert word in done.stderr
        assert "pa55word" not in done.stderr
