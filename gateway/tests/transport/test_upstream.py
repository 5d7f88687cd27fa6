import asyncio

import pytest

from gatepost_gateway.domain.errors import Code, NextStep, UpstreamError
from gatepost_gateway.domain.ports import Origin, UpstreamRequest
from gatepost_gateway.domain.snapshot import Timeouts
from gatepost_gateway.transport import Client, Egress, Fault, TransportError
from gatepost_gateway.transport.upstream import UpstreamTransport, explain

SOME = Timeouts(connect=2, first_byte=2, idle=2, total=4)


@pytest.mark.parametrize("fault", list(Fault))
def test_every_fault_has_a_meaning(fault):
    error = explain(TransportError(fault, "why", sent=False), "openai")
    assert error.status in (502, 504)
    assert "why" in error.public
    assert error.provider == "openai"
    assert not error.served


def test_only_what_was_sent_may_be_billed():
    assert explain(TransportError(Fault.RESET, "broke", sent=True), "p").served
    assert not explain(TransportError(Fault.CONNECT, "refused", sent=False), "p").served


def request(scheme: str, port: int) -> UpstreamRequest:
    return UpstreamRequest(Origin(scheme, "127.0.0.1", port, private_ok=True), b"/v1", [], b"{}")


async def answering(answer: bytes, work):
    async def serve(reader, writer):
        await reader.read(1000)
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        client = Client(egress=Egress())
        try:
            return await work(UpstreamTransport(client, {}), server.sockets[0].getsockname()[1])
        finally:
            await client.close()


def test_an_answer_is_read_whole():
    async def work(transport, port):
        reply = await transport.open(request("http", port), SOME, "p")
        return reply.status, await reply.read_all(100)

    assert asyncio.run(answering(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi", work)) == (200, b"hi")


def test_an_answer_is_pumped_until_its_sink_has_enough():
    async def work(transport, port):
        reply = await transport.open(request("http", port), SOME, "p")
        taken: list[bytes] = []
        ended = await reply.pump(lambda data: taken.append(data) is None)
        return ended, b"".join(taken)

    assert asyncio.run(answering(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi", work)) == (True, b"hi")


def test_a_cut_answer_is_a_typed_failure_however_it_is_read():
    cut = b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhi"

    async def whole(transport, port):
        reply = await transport.open(request("http", port), SOME, "p")
        await reply.read_all(100)

    async def pumped(transport, port):
        reply = await transport.open(request("http", port), SOME, "p")
        await reply.pump(lambda data: True)

    async def pieces(transport, port):
        reply = await transport.open(request("http", port), SOME, "p")
        while await reply.read():
            pass

    for way in (whole, pumped, pieces):
        with pytest.raises(UpstreamError) as caught:
            asyncio.run(answering(cut, way))
        assert (caught.value.code, caught.value.next_step) == (Code.UPSTREAM_TRUNCATED, NextStep.RETRY_SAME)


def test_a_local_scheme_is_answered_in_this_process():
    class Local:
        async def open(self, asked, timeouts, provider):
            return asked.target

    transport = UpstreamTransport(Client(egress=Egress()), {"sandbox": Local()})
    assert asyncio.run(transport.open(request("sandbox", 0), SOME, "sandbox")) == b"/v1"
