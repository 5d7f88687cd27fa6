import pytest

from gatepost_gateway.domain import ids
from gatepost_gateway.domain.errors import CallerError, Code, Forbidden, LimitExceeded
from gatepost_gateway.domain.governance import Principal
from gatepost_gateway.domain.records import Closed
from gatepost_gateway.domain.snapshot import RateLimits
from gatepost_gateway.pipeline.bind import bind, bind_step, own_headers

from .fakes import House, chat, run, snapshot_of

OURS = Principal("k1", "org", "p")
BOT = Principal("k1", "org", "p", "bot")


def bound(headers=None, principal=OURS, house=None, **more):
    house = house or House(snapshot_of(**more))
    wire = {name.encode(): value.encode() for name, value in (headers or {}).items()}
    call = house.exchange.open(house.inbound(chat(), wire))
    run(bind(call, principal, house.sessions, house.rates))
    return call


def record_of(headers=None, **more) -> Closed:
    return bound(headers, **more).record


def test_the_principal_and_the_callers_words_are_noted():
    record = record_of({"x-user-id": "ann", "x-request-source": "web", "x-correlation-id": "c-1"}, principal=BOT)
    assert (record.org, record.project, record.proxy, record.key_id) == ("org", "p", "bot", "k1")
    assert (record.user, record.request_source, record.correlation_id) == ("ann", "web", "c-1")
    assert record_of().user is None


def test_a_call_without_a_session_begins_one():
    record = record_of()
    assert ids.is_uuid(record.session_id)
    assert record.turn == 1


def test_a_session_is_continued_whatever_the_case_of_its_id():
    house, name = House(snapshot_of()), ids.new()
    records = [record_of({"x-gatepost-session-id": one}, house=house) for one in (name, name.upper())]
    assert [(record.session_id, record.turn) for record in records] == [(name, 1), (name, 2)]


def test_the_session_of_an_answer_can_be_continued():
    house = House(snapshot_of())
    first = record_of(house=house)
    assert record_of({"x-gatepost-session-id": first.session_id}, house=house).turn == 2


@pytest.mark.parametrize("name", ["", "x", "1234", "0190163d-8694-739b-aea5-966c26f8ad9g", "../" * 20])
def test_a_session_id_that_is_no_uuid_is_refused(name):
    with pytest.raises(CallerError, match="X-Gatepost-Session-Id") as caught:
        bound({"x-gatepost-session-id": name})
    assert (caught.value.status, caught.value.code) == (400, Code.INVALID_SESSION)


def test_the_session_of_another_proxy_is_refused():
    house = House(snapshot_of())
    made = record_of(house=house, principal=BOT).session_id
    named = ids.new()
    bound({"x-gatepost-session-id": named}, house=house, principal=BOT)
    for session in (made, named):
        with pytest.raises(Forbidden, match="another project or proxy") as caught:
            bound({"x-gatepost-session-id": session}, house=house)
        assert caught.value.code is Code.FOREIGN_SESSION
        assert bound({"x-gatepost-session-id": session}, house=house, principal=BOT).record.turn == 2


def test_parents_and_flows_are_uuids():
    parent, flow = ids.new(), ids.new()
    record = record_of(
        {"x-gatepost-parent-trace-id": parent.upper(), "x-gatepost-flow-id": flow, "x-gatepost-session-path": "/a/b"}
    )
    assert (record.parent_trace_id, record.flow_id, record.session_path) == (parent, flow, "/a/b")
    assert record_of({"x-gatepost-trace-flow-id": flow}).flow_id == flow
    for name in ("x-gatepost-parent-trace-id", "x-gatepost-flow-id"):
        with pytest.raises(CallerError, match="not a UUID") as caught:
            bound({name: "nonsense"})
        assert caught.value.status == 400


def test_words_of_any_length_and_bytes_are_cut_to_fit():
    record = record_of({"x-user-id": "x" * 5000, "x-gatepost-session-path": "y" * 5000, "x-request-source": "z" * 5000})
    assert {len(record.user), len(record.session_path), len(record.request_source)} == {512}
    house = House(snapshot_of())
    call = house.exchange.open(house.inbound(chat(), {b"x-user-id": b"\xff\xfe"}))
    run(bind(call, OURS, house.sessions, house.rates))
    assert call.record.user == "��"


def properties(**said):
    return record_of({f"x-gatepost-property-{name}": value for name, value in said.items()})


def test_properties_are_kept():
    assert properties(team="red", cost_center="7").properties == {"team": "red", "cost_center": "7"}
    assert record_of().properties is None


def test_twenty_properties_and_no_more():
    record = properties(**{f"k{number}": "v" for number in range(25)})
    assert len(record.properties) == 20
    assert len(record.warnings) == 5
    assert all("more than 20" in warning for warning in record.warnings)


def test_a_name_too_long_reserved_or_empty_is_dropped_with_a_word():
    record = properties(**{"x" * 65: "v", "policy_rule": "v", "": "v", "y" * 64: "v"})
    assert record.properties == {"y" * 64: "v"}
    assert len(record.warnings) == 3


def test_a_value_too_long_is_cut_with_a_word():
    record = properties(long="v" * 513, right="v" * 512)
    assert record.properties == {"long": "v" * 512, "right": "v" * 512}
    assert record.warnings == ("property long cut to 512 characters",)


def test_warnings_go_out_in_one_plain_header_of_bounded_length():
    call = bound({f"x-gatepost-property-policy_{number}": "v" for number in range(500)})
    headers = dict(call.ids)
    assert len(call.record.warnings) == 20
    assert len(headers[b"x-gatepost-warnings"]) < 4096
    assert b"\n" not in headers[b"x-gatepost-warnings"]


def test_another_systems_prefix_speaks_for_ours_and_yields_to_it():
    name, other = ids.new(), ids.new()
    headers = {"x-olyx-session-id": name, "x-olyx-property-team": "red"}
    record = record_of(headers, header_prefixes=("x-olyx-",))
    assert (record.session_id, record.properties) == (name, {"team": "red"})
    assert record_of(headers).session_id != name
    for both in (headers | {"x-gatepost-session-id": other}, {"x-gatepost-session-id": other} | headers):
        assert record_of(both, header_prefixes=("x-olyx-",)).session_id == other


def test_only_headers_with_a_prefix_of_ours_are_read():
    assert own_headers({b"gatepost-session-id": b"1", b"accept": b"x-gatepost-"}, ("x-olyx-",)) == {}


def test_a_request_rate_is_counted_before_the_body_is_read():
    house = House(snapshot_of(rate_limits=RateLimits(rpm=2)))
    for _ in range(2):
        bound(house=house)
    with pytest.raises(LimitExceeded, match="2 requests a minute") as caught:
        run(house.call(b"this is no JSON"))
    error = caught.value
    assert (error.status, error.code) == (429, Code.RATE_LIMITED)
    assert 0 < error.retry_after <= 61
    assert (error.arithmetic.limit, error.arithmetic.settled, error.arithmetic.asked) == (2, 2, 1)
    assert house.record.error == "rate_limited"


def test_a_step_within_a_call_is_counted_nowhere_and_has_its_session():
    house = House(snapshot_of(rate_limits=RateLimits(rpm=1)))
    wire = {b"x-user-id": b"ann", b"x-gatepost-property-team": b"red", b"x-gatepost-session-id": b"no uuid"}
    for _ in range(3):
        call = house.exchange.open(house.inbound(chat(), wire))
        bind_step(call, OURS, ("session", 4))
    record = call.record
    assert (record.project, record.user, record.properties) == ("p", "ann", {"team": "red"})
    assert (record.session_id, record.turn) == ("session", 4)
    assert call.project.id == "p"


PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def test_the_callers_span_is_noted():
    record = record_of({"traceparent": PARENT, "tracestate": "a=1, b=2"})
    assert (record.traceparent, record.tracestate) == (PARENT, "a=1,b=2")
    later = PARENT.replace("00-4", "cc-4") + "-more"
    assert record_of({"traceparent": later}).traceparent == PARENT, "as far as this version knows it"
    for nonsense in ("", "00-1-2-3", PARENT.upper()):
        record = record_of({"traceparent": nonsense, "tracestate": "a=1"})
        assert (record.traceparent, record.tracestate) == (None, None)
    assert record_of({"traceparent": PARENT, "tracestate": "no state"}).tracestate is None
