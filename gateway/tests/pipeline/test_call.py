from msgspec import structs

from .fakes import KEY, House, chat, snapshot_of


def opened(**more):
    house = House(snapshot_of())
    return house.exchange.open(structs.replace(house.inbound(chat()), **more))


def test_every_answer_names_its_request_and_its_trace():
    call = opened()
    assert dict(call.ids) == {b"x-request-id": b"req-1", b"x-gatepost-trace-id": call.record.trace_id.encode()}
    call.record.session_id = "s"
    assert dict(call.ids)[b"x-gatepost-session-id"] == b"s"


def test_warnings_are_plain_text_on_one_line():
    call = opened()
    call.record.warnings = ("ä one", "two")
    assert dict(call.ids)[b"x-gatepost-warnings"] == b"? one; two"


def test_a_call_keeps_the_trace_that_was_named_and_its_snapshot():
    call = opened(trace_id="t", parent_step_id="s")
    assert (call.record.trace_id, call.record.implicit, call.record.parent_step_id) == ("t", False, "s")
    assert call.record.config_version == 7


def test_a_call_does_not_show_its_keys():
    call = opened()
    assert KEY not in repr(call.inbound)
    assert KEY not in repr(call)
