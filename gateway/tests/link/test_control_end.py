import asyncio

import pytest

from gatepost_gateway.domain.snapshot import SnapshotDocument
from gatepost_gateway.link.channel import ChannelClosed
from gatepost_gateway.link.control_end import ControlEnd, answer
from gatepost_gateway.link.messages import HttpAsk

from .pair import linked

ASK = HttpAsk("GET", "/x", b"q=1", [(b"a", b"b")], b"body")


def test_a_request_is_one_asgi_call():
    seen = {}

    async def app(scope, receive, send):
        seen.update(scope)
        seen["first"], seen["second"] = await receive(), await receive()
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})

    reply = asyncio.run(answer(app, ASK))
    assert (reply.status, reply.headers, reply.body) == (204, [], b"")
    assert (seen["type"], seen["method"], seen["path"], seen["query_string"]) == ("http", "GET", "/x", b"q=1")
    assert seen["first"] == {"type": "http.request", "body": b"body", "more_body": False}
    assert seen["second"] == {"type": "http.disconnect"}


def test_an_application_that_says_nothing_is_a_500():
    async def app(scope, receive, send):
        return

    assert asyncio.run(answer(app, ASK)).status == 500


def test_nobody_to_publish_to_is_no_error_and_one_that_went_is():
    end = ControlEnd(None, lambda: None)
    asyncio.run(end.publish(SnapshotDocument(1, 1)))

    async def main():
        async with linked({}, end.handlers) as (ours, theirs):
            end.attach(theirs)
            ours.close()
            with pytest.raises(ChannelClosed):
                await end.publish(SnapshotDocument(1, 1))

    asyncio.run(main())
