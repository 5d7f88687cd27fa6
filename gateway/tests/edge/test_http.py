import asyncio

import pytest

from gatepost_gateway.domain import ids
from gatepost_gateway.domain.errors import CallerError, Code
from gatepost_gateway.edge.http import BodyLimits, HttpOutlet, Request, respond, respond_json
from gatepost_gateway.edge.surfaces.gemini import ArrayOutlet

LIMITS = BodyLimits(bytes=10, seconds=0.05)


def request(*messages, headers=()):
    queue = list(messages)

    async def receive():
        if queue:
            return queue.pop(0)
        return await asyncio.get_running_loop().create_future()

    scope = {"method": "POST", "path": "/x", "query_string": b"", "headers": list(headers)}
    return Request(scope, receive)


def piece(body, more=True):
    return {"type": "http.request", "body": body, "more_body": more}


GONE = {"type": "http.disconnect"}


def body(*messages, **more):
    async def main():
        return await request(*messages, **more).body(LIMITS)

    return asyncio.run(main())


def test_a_body_in_one_or_many_pieces():
    assert body(piece(b"0123456789", more=False)) == b"0123456789"
    assert body(piece(b"01"), piece(b""), piece(b"23", more=False)) == b"0123"
    assert body(piece(b"", more=False)) == b""


@pytest.mark.parametrize(
    ("messages", "headers"),
    [
        ([piece(b"x" * 11, more=False)], []),
        ([piece(b"x" * 6), piece(b"x" * 6, more=False)], []),
        ([piece(b"x" * 6)] * 100, []),
        ([], [(b"content-length", b"11")]),
    ],
)
def test_a_body_over_the_limit_is_413(messages, headers):
    with pytest.raises(CallerError, match="larger than 10 bytes") as caught:
        body(*messages, headers=headers)
    assert (caught.value.status, caught.value.code) == (413, Code.BODY_TOO_LARGE)


@pytest.mark.parametrize("length", [b"", b"x", b"-1", b"9" * 5000, b"\xb2"])
def test_a_strange_length_is_not_believed(length):
    assert body(piece(b"x", more=False), headers=[(b"content-length", length)]) == b"x"


def test_a_body_that_does_not_come_is_408():
    with pytest.raises(CallerError, match=r"within 0\.05 s") as caught:
        body(piece(b"x"))
    assert (caught.value.status, caught.value.code) == (408, Code.REQUEST_TIMEOUT)


@pytest.mark.parametrize("messages", [[GONE], [piece(b"x"), GONE]])
def test_a_caller_that_leaves_while_it_speaks_is_a_cancel(messages):
    with pytest.raises(asyncio.CancelledError):
        body(*messages)


@pytest.mark.parametrize("given", [b"abc", b"A-1_2.3:4", b"x" * 128])
def test_a_callers_request_id_is_kept(given):
    assert request(headers=[(b"x-request-id", given)]).request_id == given.decode()


@pytest.mark.parametrize("given", [b"", b"x" * 129, b"a b", b"a\nb", b"a\x00", b"<script>", "ä".encode(), b'"'])
def test_a_request_id_that_is_not_plain_is_replaced(given):
    assert ids.is_uuid(request(headers=[(b"x-request-id", given)]).request_id)


@pytest.mark.parametrize(
    ("headers", "bearer", "beside"),
    [
        ([], None, None),
        ([(b"authorization", b"Bearer gp_a_b")], "gp_a_b", None),
        ([(b"authorization", b"bearer  gp_a_b ")], "gp_a_b", None),
        ([(b"authorization", b"Bearer ")], None, None),
        ([(b"authorization", b"Bearer")], None, None),
        ([(b"authorization", b"Basic eDp5")], None, None),
        ([(b"x-api-key", b"gp_a_b")], None, "gp_a_b"),
        ([(b"x-api-key", b"")], None, None),
        ([(b"authorization", b"Bearer \xff"), (b"x-api-key", b"k")], "ÿ", "k"),
    ],
)
def test_keys_are_read_from_where_clients_put_them(headers, bearer, beside):
    shown = request(headers=headers).presented()
    assert (shown.bearer.reveal() if shown.bearer else None) == bearer
    assert (shown.beside.reveal() if shown.beside else None) == beside
    assert "gp_a_b" not in repr(shown)


class Wire:
    def __init__(self):
        self.messages = []

    async def send(self, message):
        self.messages.append(message)


class Cork:
    def __init__(self):
        self.said = []

    def hold(self):
        self.said.append("hold")

    def release(self):
        self.said.append("release")

    def chunk(self, data):
        self.said.append(data)
        return len(self.said) < 2

    async def drain(self):
        self.said.append("drain")


def test_a_whole_answer_has_its_length_and_leaves_in_one_write():
    wire, cork = Wire(), Cork()
    asyncio.run(respond(wire.send, 200, [(b"a", b"b")], b"body", cork))
    start, rest = wire.messages
    assert start["headers"] == [(b"a", b"b"), (b"content-length", b"4")]
    assert rest == {"type": "http.response.body", "body": b"body"}
    assert cork.said == ["hold", "release"]


def test_json_says_what_it_is():
    wire = Wire()
    asyncio.run(respond_json(wire.send, 201, {"a": 1}, [(b"x", b"y")]))
    assert wire.messages[0]["status"] == 201
    assert (b"content-type", b"application/json") in wire.messages[0]["headers"]
    assert wire.messages[1]["body"] == b'{"a":1}'


@pytest.mark.parametrize("corked", [False, True])
def test_a_stream_goes_out_in_order_whatever_carries_it(corked):
    wire, cork = Wire(), Cork()

    async def main():
        outlet = HttpOutlet(wire.send, cork if corked else None)
        await outlet.begin([(b"x", b"y")])
        assert outlet.begun
        outlet.push(b"1")
        assert not outlet.push(b"2")
        await outlet.drain()
        outlet.push(b"3")
        await outlet.end(b"4")

    asyncio.run(main())
    start = wire.messages[0]
    assert dict(start["headers"])[b"content-type"].startswith(b"text/event-stream")
    bodies = [message["body"] for message in wire.messages[1:]]
    assert [one for one in [*cork.said, *bodies] if one != "drain"] == [b"1", b"2", b"3", b"4"]
    assert "more_body" not in wire.messages[-1]


def test_a_sign_of_life_says_nothing_in_either_form_of_a_stream():
    wire = Wire()

    async def both():
        await HttpOutlet(wire.send).alive()
        await ArrayOutlet(wire.send).alive()

    asyncio.run(both())
    assert [message["body"] for message in wire.messages] == [b": keep-alive\n\n", b"\n"]
    assert all(message["more_body"] for message in wire.messages)


def test_who_asks_is_the_peer_until_the_edge_knows_better():
    one = request()
    assert one.client() is None
    one.scope["client"] = ("10.0.0.1", 5)
    assert one.client() == "10.0.0.1"
    shown = one.presented()
    one.locate = lambda request: "203.0.113.7"
    assert (one.client(), one.presented().client()) == ("203.0.113.7", "203.0.113.7")
    assert shown.client() == "203.0.113.7"
    keyed = request(headers=[(b"x-api-key", b"gp_x")])
    assert keyed.presented_by_key().bearer.reveal() == "gp_x"
    assert keyed.presented_key_first().client is not None
