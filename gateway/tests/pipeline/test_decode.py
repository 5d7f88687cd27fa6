import pytest

from gatepost_gateway.domain.chat import DialectName, Operation
from gatepost_gateway.domain.errors import CallerError
from gatepost_gateway.pipeline.decode import decode

from .fakes import House, chat, run, snapshot_of


def test_the_callers_bytes_are_kept():
    inbound = House(snapshot_of()).inbound(b'{ "model":"m", "messages":[] }')
    asked = decode(inbound)
    assert asked.body is inbound.body
    assert (asked.operation, asked.dialect, asked.model) == (Operation.CHAT, DialectName.OPENAI_CHAT, "m")


def test_a_bad_body_is_refused_recorded_and_asked_of_nobody():
    house = House(snapshot_of())
    with pytest.raises(CallerError):
        run(house.call(chat(max_tokens="5")))
    assert (house.record.status, house.record.outcome, house.record.cost) == (400, "refused", None)
    assert house.recorder.opened == []
