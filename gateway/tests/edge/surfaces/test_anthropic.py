import msgspec

from gatepost_gateway.domain.errors import Code, Refused
from gatepost_gateway.domain.governance import Effect, Ruling
from gatepost_gateway.domain.snapshot import ProviderKind

from ...pipeline.fakes import KEY, Answer, House, ScriptedTransport, completion, entry, events, snapshot_of
from ..fakes import Front

HELLO = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
BY_KEY = {"key": None, "headers": [(b"x-api-key", KEY.encode())]}


def front(*answers, engine=None, **more):
    house = House(snapshot_of(entry(), **more), ScriptedTransport(*answers))
    if engine is not None:
        house = House(snapshot_of(entry(), **more), ScriptedTransport(*answers), engine)
    return Front(house)


def test_an_openai_model_answers_as_a_message():
    held = front(Answer(200, [completion("hello")]))
    got = held.post("/v1/messages", HELLO, **BY_KEY)
    assert (got.status, got.json["type"], got.json["content"]) == (200, "message", [{"type": "text", "text": "hello"}])
    assert (got.json["stop_reason"], got.json["usage"]["input_tokens"], got.json["usage"]["output_tokens"]) == (
        "end_turn",
        3,
        2,
    )
    assert got.headers[b"request-id"] == got.headers[b"x-request-id"]
    record = held.house.record
    assert (record.surface, record.usage.input, record.usage.output, record.finish) == ("anthropic", 3, 2, ("stop",))
    assert msgspec.json.decode(held.house.transport.asked[0].body) == {
        "model": "m",
        "messages": [{"role": "user", "content": "hi"}],
        "max_completion_tokens": 9,
    }


def test_a_stream_has_the_formats_events_in_their_order():
    held = front(Answer(200, events("a", "b")))
    got = held.post("/v1/messages", {**HELLO, "stream": True}, **BY_KEY)
    kinds = [line[7:] for line in got.body.decode().splitlines() if line.startswith("event: ")]
    assert kinds == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert got.headers[b"content-type"].startswith(b"text/event-stream")
    assert held.house.record.usage.output == 2


def test_a_stream_that_is_cut_ends_in_an_error_event():
    held = front(Answer(200, events("a", "b", done=False)[:2]))
    got = held.post("/v1/messages", {**HELLO, "stream": True}, **BY_KEY)
    last = got.body.rstrip().rpartition(b"event: ")[2]
    assert last.startswith(b"error\ndata: ")
    assert b"message_stop" not in got.body
    page = msgspec.json.decode(last.partition(b"data: ")[2])
    assert (page["type"], page["error"]["type"], page["error"]["code"]) == ("error", "api_error", "upstream_truncated")


def test_what_is_lost_is_listed_or_refused():
    marked = [{"type": "text", "text": "hi", "cache_control": {"type": "ephemeral"}}]
    body = {**HELLO, "top_k": 3, "messages": [{"role": "user", "content": marked}]}
    held = front(Answer(200, [completion()]))
    got = held.post("/v1/messages", body, **BY_KEY)
    assert got.headers[b"x-gatepost-lossy"] == b"cache_control, top_k"
    assert held.house.record.lossy == ("cache_control", "top_k")
    strict = front(strict_translation=True)
    refused = strict.post("/v1/messages", body, **BY_KEY)
    assert (refused.status, refused.json["error"]["code"]) == (422, "not_translatable")
    assert strict.house.transport.asked == []
    assert strict.house.record.cost in (0, None)
    plain = front(Answer(200, [completion()]), strict_translation=True).post("/v1/messages", HELLO, **BY_KEY)
    assert (plain.status, b"x-gatepost-lossy" in plain.headers) == (200, False)


def test_a_block_is_a_403_in_the_formats_envelope():
    def engine(call):
        return Ruling(Effect.BLOCK, rule="no", reason="because")

    got = front(engine=engine).post("/v1/messages", HELLO, **BY_KEY)
    assert (got.status, got.json["type"], got.json["error"]["type"]) == (403, "error", "permission_error")
    assert (got.json["error"]["policy"], got.headers[b"x-should-retry"]) == ("no", b"false")
    assert isinstance(Refused("x", rule="r", code=Code.INPUT_BLOCKED), Refused)


def test_errors_are_in_the_formats_envelope_wherever_they_are_seen():
    held = front()
    for got, status, kind in (
        (held.post("/v1/messages", HELLO, key=None), 401, "authentication_error"),
        (held.post("/v1/messages", b"{", **BY_KEY), 400, "invalid_request_error"),
        (held.post("/v1/messages", {**HELLO, "model": "none"}, **BY_KEY), 404, "not_found_error"),
        (held.get("/v1/messages", **BY_KEY), 405, "invalid_request_error"),
        (held.post("/v1/messages/count_tokens", HELLO, **BY_KEY), 422, "invalid_request_error"),
    ):
        assert (got.status, got.json["type"], got.json["error"]["type"]) == (status, "error", kind)
        assert got.json["request_id"] == got.headers[b"x-request-id"].decode()


def test_a_count_is_free_and_needs_no_price():
    counter = entry(provider=ProviderKind.ANTHROPIC, base_url="http://provider.test", prices=None)
    house = House(snapshot_of(counter), ScriptedTransport(Answer(200, [b'{"input_tokens":14}'])))
    got = Front(house).post("/v1/messages/count_tokens", {"model": "m", "messages": []}, **BY_KEY)
    assert (got.status, got.json) == (200, {"input_tokens": 14})
    assert (house.record.operation, house.record.usage.total, house.record.held) == ("count_tokens", 0, 0)
