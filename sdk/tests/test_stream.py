"""Streams on a real socket: left early, cut, and never begun again after a byte."""

import asyncio
import socket
import threading

import pytest

import gatepost


def head(handler):
    handler.send_response(200)
    handler.send_header("content-type", "text/plain; charset=utf-8")
    handler.send_header("x-request-id", "req-9")
    handler.send_header("transfer-encoding", "chunked")
    handler.end_headers()


def chunk(handler, data):
    handler.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))
    handler.wfile.flush()


def gone(handler):
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


def first(shell, stream):
    return shell.run(stream.__anext__() if shell.asynchronous else next(stream))


def test_a_stream_that_is_cut_is_not_asked_for_again(shell, serve):
    def answer(handler):
        head(handler)
        chunk(handler, b"Once")
        gone(handler)

    with serve(answer) as server:
        stream = shell.client("gp_a_b", base_url=server.url).chat_stream("m", "hi")
        assert first(shell, stream) == "Once"
        with pytest.raises(gatepost.ConnectionError) as cut:
            first(shell, stream)
        assert (cut.value.code, cut.value.request_id) == ("interrupted", "req-9")
        assert len(server.seen) == 1


def until_it_leaves(left):
    """Says a word, and sets `left` when the caller has closed its connection."""

    def answer(handler):
        head(handler)
        chunk(handler, b"Once")
        assert handler.connection.recv(1) == b""
        left.set()
        handler.close_connection = True

    return answer


def test_a_stream_that_is_left_closes_its_connection(shell, serve):
    left = threading.Event()
    with serve(until_it_leaves(left)) as server:
        client = shell.client("gp_a_b", base_url=server.url)
        stream = client.chat_stream("m", "hi")
        assert first(shell, stream) == "Once"
        shell.run(stream.aclose() if shell.asynchronous else stream.close())
        assert left.wait(10)


def test_a_stream_as_a_context(gateway):
    with gateway.client().chat_stream("m", "hi") as stream:
        assert next(stream) == "hi"
    with pytest.raises(StopIteration):
        next(stream)


def heard(shell, stream):
    """The pieces of a governed stream, and its result."""

    async def collect():
        return [piece async for piece in stream]

    pieces = shell.run(collect()) if shell.asynchronous else list(stream)
    return pieces, stream.result


def test_a_governed_stream(shell, gateway):
    client = shell.of(gateway)
    trace = shell.run(client.traces.create())
    gateway.answers("Once upon a time")
    stream = client.execute_stream(trace.id, "a tale", model="m", max_tokens=9)
    with pytest.raises(RuntimeError, match="not been read"):
        stream.result  # noqa: B018
    pieces, result = heard(shell, stream)
    assert pieces == ["Once ", "upon ", "a ", "time"]
    assert (result.output, result.model, result.bypass) == ("Once upon a time", "m", False)
    assert result.request_id == "req-2"
    assert gateway.seen[-1].body["stream"] is True
    assert gateway.seen[-1].headers["accept"] == "text/event-stream"
    assert shell.run(client.traces.get(trace.id)).step_count == 1


def test_a_governed_stream_may_be_blocked_or_want_tools(shell, gateway):
    client = shell.of(gateway)
    trace = shell.run(client.traces.create())
    gateway.blocks("no tales")
    pieces, result = heard(shell, client.execute_stream(trace.id, "a tale"))
    assert (pieces, result.blocked, result.reason) == ([], True, "no tales")
    gateway.calls_tools(("w", {"a": 1}))
    _, result = heard(shell, client.execute_stream(trace.id, "a tale"))
    assert result.tool_calls_pending
    results = [{"tool_call_id": call.id, "name": call.name, "content": "18"} for call in result.tool_calls]
    _, result = heard(shell, client.execute_stream(trace.id, parent_step_id=result.step_id, tool_results=results))
    assert result.output == "18"


def test_a_governed_stream_that_breaks(shell, gateway):
    client = shell.of(gateway)
    trace = shell.run(client.traces.create())
    gateway.breaks("Once upon", "it is gone")
    stream = client.execute_stream(trace.id, "a tale")
    assert [first(shell, stream), first(shell, stream)] == ["Once ", "upon"]
    with pytest.raises(gatepost.ProviderError, match="it is gone") as broken:
        first(shell, stream)
    assert (broken.value.status, broken.value.code) == (502, "upstream_failed")


def test_a_governed_stream_without_its_end(shell, serve):
    def answer(handler):
        head(handler)
        chunk(handler, b'event: text\ndata: {"text": "Once"}\n\n')
        handler.wfile.write(b"0\r\n\r\n")

    with serve(answer) as server:
        stream = shell.client("gp_a_b", base_url=server.url).execute_stream("t", "hi")
        assert first(shell, stream) == "Once"
        with pytest.raises(gatepost.ConnectionError, match="before its result"):
            first(shell, stream)
        assert len(server.seen) == 1


def test_a_governed_stream_fails_open_in_one_piece(shell, serve):
    body = b'{"model": "f", "choices": [{"message": {"content": "from the fallback"}, "finish_reason": "stop"}]}'
    with serve(lambda handler: handler.say(200, body)) as server:
        fallback = {"fallback_provider_url": server.url, "fallback_api_key": "k", "fallback_model": "f"}
        client = shell.client("gp_a_b", base_url="http://127.0.0.1:9", retries=0, **fallback)
        with pytest.raises(gatepost.CircuitBreakerError):
            heard(shell, client.execute_stream("t", "hi"))
        pieces, result = heard(shell, client.execute_stream("t", "hi", fail_open=True))
        assert (pieces, result.bypass) == (["from the fallback"], True)
        assert len(client._memory.reports) == 1


@pytest.mark.parametrize(
    "nonsense",
    [
        b"event: text\ndata: {\n\n",
        b"event: text\ndata: {}\n\n",
        b"event: text\ndata: []\n\n",
        b"event: result\ndata: 7\n\n",
        b"event: error\ndata: {}\n\n",
    ],
)
def test_a_governed_stream_of_nonsense(shell, serve, nonsense):
    def answer(handler):
        head(handler)
        chunk(handler, nonsense)
        handler.wfile.write(b"0\r\n\r\n")

    with serve(answer) as server:
        stream = shell.client("gp_a_b", base_url=server.url).execute_stream("t", "hi")
        with pytest.raises(gatepost.APIError) as unread:
            first(shell, stream)
        assert (unread.value.code, unread.value.request_id, unread.value.trace_id) == (
            "unreadable_answer",
            "req-9",
            "t",
        )


def test_a_task_that_is_cancelled_leaves_its_stream(gateway, serve):
    left = threading.Event()

    async def read(client, begun):
        async for _ in client.chat_stream("m", "hi"):
            begun.set()

    async def work(url):
        async with gatepost.AsyncClient("gp_a_b", base_url=url) as client:
            begun = asyncio.Event()
            task = asyncio.ensure_future(read(client, begun))
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    with serve(until_it_leaves(left)) as server:
        asyncio.run(work(server.url))
        assert left.wait(10)
