import asyncio

import msgspec
import pytest

from gatepost_gateway.domain.errors import Code, GatewayFault
from gatepost_gateway.domain.governance import Became
from gatepost_gateway.domain.ports import Found, TraceState
from gatepost_gateway.domain.records import Closed
from gatepost_gateway.domain.snapshot import SnapshotDocument
from gatepost_gateway.link.channel import ChannelClosed
from gatepost_gateway.link.control_end import ControlEnd
from gatepost_gateway.link.data_end import DataEnd
from gatepost_gateway.link.messages import Correcting, Start

from .pair import linked

DOCUMENT = SnapshotDocument(version=3, identity_seq=9)


class Memory:
    async def start(self):
        return Start(DOCUMENT, {"a": 5}, [], [("s", "p/", 2, 7)], 4, b"secret", notices=["one line"])

    async def trace(self, trace_id):
        return TraceState("p", steps=2) if trace_id == "here" else None

    async def kept(self, kind, id):
        return Found("p", b"box", 9) if (kind, id) == ("tool_loop", "s1") else None

    async def admit(self, escalation_id, step_id):
        if escalation_id == "broken":
            raise GatewayFault("postgresql://user:word@host says no")
        return step_id == "first"

    async def became(self, step_ids):
        return {name: Became(7, presumed=True) for name in step_ids if name != "never"}


async def app(scope, receive, send):
    asked = await receive()
    body = b"|".join([scope["method"].encode(), scope["path"].encode(), scope["query_string"], asked["body"]])
    headers = [(b"content-type", b"text/plain"), (b"Content-Length", b"999"), (b"connection", b"close"), (b"x-a", b"b")]
    await send({"type": "http.response.start", "status": 418, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": True})
    await send({"type": "http.response.body", "body": b"!"})


def over_the_link(work):
    async def main():
        data, control = DataEnd(), ControlEnd(Memory(), lambda: app)
        async with linked({"publish": data.published}, control.handlers) as (ours, theirs):
            data.attach(ours)
            control.attach(theirs)
            await work(data, control)

    asyncio.run(main())


def test_a_data_plane_learns_what_it_needs_to_begin():
    async def work(data, control):
        assert await data.start() == await Memory().start()

    over_the_link(work)


def test_what_it_does_not_know_it_asks_for():
    async def work(data, control):
        assert await data.trace("here") == TraceState("p", steps=2)
        assert await data.trace("gone") is None
        assert await data.kept("tool_loop", "s1") == Found("p", b"box", 9)
        assert await data.became(["one", "never"]) == {"one": Became(7, presumed=True)}
        assert await data.kept("tool_loop", "s2") is None

    over_the_link(work)


def test_a_snapshot_is_published_when_it_is_served():
    async def work(data, control):
        await control.publish(DOCUMENT)
        served = []

        async def publish(document):
            served.append(document)

        data.publish = publish
        await control.publish(DOCUMENT)
        assert served == [DOCUMENT]

    over_the_link(work)


def test_a_request_goes_through_without_its_hop_headers():
    async def work(data, control):
        reply = await data.forward("POST", "/api/v1/x", b"a=1", [(b"h", b"v")], b"body")
        assert reply == (418, [(b"content-type", b"text/plain"), (b"x-a", b"b")], b"POST|/api/v1/x|a=1|body!")

    over_the_link(work)


def test_a_control_plane_that_is_away_is_a_typed_503():
    async def main():
        data = DataEnd()
        assert not data.up
        for work in (data.start(), data.trace("x"), data.kept("k", "i"), data.forward("GET", "/", b"", [], b"")):
            with pytest.raises(GatewayFault) as caught:
                await work
            assert (caught.value.status, caught.value.code) == (503, Code.CONTROL_UNAVAILABLE)

    asyncio.run(main())

    async def gone(data, control):
        assert data.up
        control._channel.close()
        with pytest.raises(GatewayFault):
            await data.trace("x")
        assert not data.up

    over_the_link(gone)


def test_snapshots_survive_their_travel():
    from ..pipeline.fakes import daily, entry, snapshot_of

    document = snapshot_of(entry(additional_config={"a": [1]}), budgets=(daily(5),)).document
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(document), type=SnapshotDocument) == document


def test_a_correction_reaches_the_ledger_and_a_failure_the_caller():
    entry = Closed(step_id="s", trace_id="t", at=1, surface="openai", parent_step_id="p", settled=-3)
    said = Correcting(entry, 5, 2)

    async def main():
        data, control = DataEnd(), ControlEnd(Memory(), lambda: app)
        with pytest.raises(ChannelClosed):
            await control.correct(said)
        async with linked({"correct": data.corrected}, control.handlers) as (ours, theirs):
            data.attach(ours)
            control.attach(theirs)
            with pytest.raises(RuntimeError, match="starting"):
                await control.correct(said)
            seen = []

            async def correct(one):
                seen.append(one)

            data.correct = correct
            await control.correct(said)
            assert seen == [said]

    asyncio.run(main())


def test_an_approval_is_asked_for_and_records_that_fail_are_a_503_that_tells_nothing():
    async def work(data, control):
        assert await data.admit("e1", "first")
        assert not await data.admit("e1", "second")
        with pytest.raises(GatewayFault) as caught:
            await data.admit("broken", "first")
        assert (caught.value.code, caught.value.status) == (Code.RECORDS_UNAVAILABLE, 503)
        assert "word@host" not in str(caught.value)

    over_the_link(work)


def test_why_the_records_stand_still_is_heard_until_they_do_not():
    async def main():
        data, control = DataEnd(), ControlEnd(Memory(), lambda: app)
        await control.tell("nobody is there yet")
        async with linked({"records": data.told}, control.handlers) as (ours, theirs):
            data.attach(ours)
            control.attach(theirs)
            await control.tell("the disk is full")
            assert data.records == "the disk is full"
            await control.tell("")
            assert data.records is None
            await control.tell("the disk is full")
            # A control plane that is started again has its own word.
            data.attach(ours)
            assert data.records is None

    asyncio.run(main())
