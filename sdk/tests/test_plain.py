"""The simple operations as values, and the reader of plain text."""

import pytest

import gatepost
from gatepost import _plain, wire
from gatepost._calls import Reply

TEXT = "Once upon a tïme\n[error] is only a word\nand [error] too\n\n[error"
BROKEN = TEXT + "\n[error] the provider closed the connection"


def read(data, cuts):
    reader = _plain.PlainText(Reply(200, {"x-request-id": "req-1"}, None))
    edges = [0, *cuts, len(data)]
    chunks = [chunk for a, b in zip(edges, edges[1:]) for chunk in reader.feed(data[a:b])]
    chunks += reader.end()
    assert all(chunk.request_id == "req-1" for chunk in chunks)
    return "".join(chunk.text for chunk in chunks)


def test_however_a_text_is_cut_it_is_the_same():
    data = TEXT.encode()
    assert read(data, []) == TEXT
    assert read(data, range(1, len(data))) == TEXT
    for at in range(1, len(data)):
        assert read(data, [at]) == TEXT


def test_however_a_failure_is_cut_it_is_a_failure():
    data = BROKEN.encode()
    for cuts in ([], range(1, len(data)), *([at] for at in range(1, len(data)))):
        reader = _plain.PlainText(Reply(200, {}, None))
        edges = [0, *cuts, len(data)]
        text = "".join(chunk.text for a, b in zip(edges, edges[1:]) for chunk in reader.feed(data[a:b]))
        with pytest.raises(gatepost.ProviderError, match="the provider closed the connection") as broken:
            reader.end()
        assert (broken.value.status, broken.value.code) == (502, "stream_failed")
        assert text == TEXT


def test_a_conversation_may_be_said_in_four_ways():
    message = {"role": "user", "content": "hi"}
    assert _plain.conversation("hi") == [message]
    assert _plain.conversation(message) == [message]
    assert _plain.conversation([message, message]) == [message, message]
    assert _plain.chat("m", wire.Message(role="user", content="hi"), {}).content == (
        b'{"model":"m","messages":[{"role":"user","content":"hi"}]}'
    )


def test_an_unknown_option_is_a_type_error():
    with pytest.raises(TypeError, match="policy"):
        _plain.chat("m", "hi", {"policy": {}})
    with pytest.raises(TypeError, match="stream"):
        _plain.completions("m", "hi", {"stream": True})


def test_the_window_of_metrics():
    assert _plain.metrics(_plain.metrics_query(None, None, None)).path == "/v1/metrics?range=24h"
    window = _plain.metrics_query(None, "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")
    assert _plain.metrics(window).path == "/v1/metrics?from=2026-01-01T00%3A00%3A00Z&to=2026-01-02T00%3A00%3A00Z"


def test_the_options_are_those_of_the_contract():
    assert set(wire.ChatRequest.model_fields) - {"model", "messages", "stream"} == _plain._CHAT
