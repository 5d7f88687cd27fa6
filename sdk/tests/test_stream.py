"""Streams on a real socket: left early, cut, and never begun again after a byte."""

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


def test_a_stream_that_is_left_closes_its_connection(shell, serve):
    left = threading.Event()

    def answer(handler):
        head(handler)
        chunk(handler, b"Once")
        assert handler.connection.recv(1) == b""
        left.set()
        handler.close_connection = True

    with serve(answer) as server:
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
