import pytest

from gatepost_gateway.domain.errors import GatewayFault
from gatepost_gateway.pipeline.collected import Collected, first_message

from .fakes import run


@pytest.mark.parametrize("body", [b'{"choices":[]}', b'{"choices":[{}]}', b'{"choices":[{"message":null}]}'])
def test_an_answer_without_a_message_is_an_empty_one(body):
    assert first_message(body) == {}


def test_each_call_has_an_id_of_its_own():
    body = b'{"choices":[{"message":{"tool_calls":[{"id":"a"},{"id":"a"},{"id":null},{}]}}]}'
    assert [one["id"] for one in first_message(body)["tool_calls"]] == ["a", "call_1", "call_2", "call_3"]


def test_it_keeps_a_whole_answer_and_takes_no_stream():
    outlet = Collected()
    run(outlet.whole(200, (), b"all of it"))
    assert outlet.body == b"all of it"
    for work in (outlet.begin(()), outlet.alive(), outlet.drain(), outlet.end(b"")):
        with pytest.raises(GatewayFault):
            run(work)
    with pytest.raises(GatewayFault):
        outlet.push(b"")
