"""Failures on a real socket: refused, broken, slow, unreadable; what is sent again, and what never is."""

import json
import socket
import ssl
import time

import httpx
import pytest

import gatepost

TRACE = json.dumps({"id": "t-1", "status": "open", "metadata": {}}).encode()
DONE = json.dumps({"trace_id": "t-1", "step_id": "s-1", "output": "ok"}).encode()
FAST = gatepost.RetryConfig(backoff_base=0.001)


@pytest.fixture
def nowhere():
    """The address of a port on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    return f"http://127.0.0.1:{port}"


def in_turn(*answers):
    left = list(answers)

    def answer(handler):
        (left.pop(0) if len(left) > 1 else left[0])(handler)

    return answer


def say(status, body=b"{}", **headers):
    return lambda handler: handler.say(status, body, **headers)


def hang_up(handler):
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


def half(handler):
    handler.send_response(200)
    handler.send_header("content-length", "1000")
    handler.end_headers()
    handler.wfile.write(b"{")
    handler.wfile.flush()
    hang_up(handler)


def test_unreachable(shell, nowhere):
    client = shell.client("gp_a_b", base_url=nowhere, retry_config=FAST)
    with pytest.raises(gatepost.ConnectionError) as caught:
        shell.run(client.traces.create())
    assert isinstance(caught.value, gatepost.GatewayError)
    assert (caught.value.status, caught.value.code) == (None, "unreachable")
    with pytest.raises(gatepost.CircuitBreakerError) as caught:
        shell.run(client.execute("t-1", "hi"))
    assert (caught.value.code, caught.value.trace_id) == ("unreachable", "t-1")


def test_the_breaker_opens_after_five_and_ping_closes_it(shell, serve, nowhere):
    client = shell.client("gp_a_b", base_url=nowhere, retries=0)
    for _ in range(5):
        with pytest.raises(gatepost.GatewayError) as caught:
            shell.run(client.execute("t-1", "hi"))
        assert caught.value.code == "unreachable"
    for operation in (lambda: client.execute("t-1", "hi"), client.traces.create, client.models):
        with pytest.raises(gatepost.CircuitBreakerError) as caught:
            shell.run(operation())
        assert caught.value.code == "breaker_open"
    with serve(say(200, b'{"status": "ok"}')) as server:
        client._link.settings = client.with_options(base_url=server.url)._settings
        assert shell.run(client.ping()) == {"status": "ok"}
        with pytest.raises(gatepost.APIError):
            shell.run(client.execute("t-1", "hi"))
        assert len(server.seen) == 2


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_refusal_that_may_pass_is_tried_again(shell, serve, status):
    with serve(in_turn(say(status), say(status), say(200, DONE))) as server:
        client = shell.client("gp_a_b", base_url=server.url, retry_config=FAST)
        assert shell.run(client.execute("t-1", "hi")).output == "ok"
        keys = {headers["idempotency-key"] for _, _, headers, _ in server.seen}
        assert len(server.seen) == 3
        assert len(keys) == 1


@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 422, 501])
def test_a_refusal_that_stands_is_not(shell, serve, status):
    with serve(say(status, b'{"error": "no", "code": "c"}', x_request_id="r-9")) as server:
        client = shell.client("gp_a_b", base_url=server.url, retry_config=FAST)
        with pytest.raises(gatepost.APIError) as caught:
            shell.run(client.execute("t-1", "hi"))
        assert (caught.value.status, caught.value.code, caught.value.request_id) == (status, "c", "r-9")
        assert len(server.seen) == 1


def test_the_gateway_has_the_last_word_on_retries(shell, serve):
    with serve(say(429, b'{"error": "capped", "code": "CIRCUIT_OPEN"}', x_should_retry="false")) as server:
        client = shell.client("gp_a_b", base_url=server.url, retry_config=FAST)
        with pytest.raises(gatepost.RateLimitError) as caught:
            shell.run(client.execute("t-1", "hi"))
        assert caught.value.code == "CIRCUIT_OPEN"
        assert len(server.seen) == 1
    with serve(in_turn(say(409, x_should_retry="true"), say(200, DONE))) as server:
        client = shell.client("gp_a_b", base_url=server.url, retry_config=FAST)
        assert shell.run(client.execute("t-1", "hi")).output == "ok"


def test_retry_after_is_waited_for_and_a_long_one_is_handed_on(shell, serve):
    with serve(in_turn(say(429, retry_after="0.2"), say(201, TRACE))) as server:
        client = shell.client("gp_a_b", base_url=server.url, retry_config=FAST)
        began = time.monotonic()
        shell.run(client.traces.create())
        assert time.monotonic() - began >= 0.2
    with serve(say(429, retry_after="3600")) as server:
        client = shell.client("gp_a_b", base_url=server.url, retry_config=FAST)
        with pytest.raises(gatepost.RateLimitError) as caught:
            shell.run(client.traces.create())
        assert caught.value.retry_after == 3600.0
        assert len(server.seen) == 1


@pytest.mark.parametrize("broken", [hang_up, half])
def test_a_broken_connection_repeats_what_is_repeatable_only(shell, serve, broken):
    with serve(in_turn(broken, say(201, TRACE))) as server:
        client = shell.client("gp_a_b", base_url=server.url, retry_config=FAST)
        assert shell.run(client.traces.create()).id == "t-1"
        assert len(server.seen) == 2
    with serve(in_turn(broken, say(200, DONE))) as server:
        client = shell.client("gp_a_b", base_url=server.url, retry_config=FAST)
        with pytest.raises(gatepost.CircuitBreakerError) as caught:
            shell.run(client.execute("t-1", "hi"))
        assert caught.value.code == "interrupted"
        assert len(server.seen) == 1


def test_a_slow_gateway_times_out(shell, serve):
    def slow(handler):
        time.sleep(0.6)
        handler.say(200, DONE)

    with serve(slow) as server:
        client = shell.client("gp_a_b", base_url=server.url, timeout=0.1)
        with pytest.raises(gatepost.CircuitBreakerError, match=r"within 0\.1 s") as caught:
            shell.run(client.execute("t-1", "hi"))
        assert caught.value.code == "timeout"
        assert len(server.seen) == 1


def test_a_timeout_of_a_transport_of_ones_own_is_told_as_such(shell):
    class Slow(httpx.BaseTransport, httpx.AsyncBaseTransport):
        def handle_request(self, request):
            raise httpx.ReadTimeout("slow", request=request)

        async def handle_async_request(self, request):
            raise httpx.ReadTimeout("slow", request=request)

    made = (httpx.AsyncClient if shell.asynchronous else httpx.Client)(transport=Slow())
    client = shell.client("gp_a_b", http_client=made, timeout=float("inf"), retries=0)
    with pytest.raises(gatepost.ConnectionError) as caught:
        shell.run(client.ping())
    assert caught.value.code == "timeout"


@pytest.mark.parametrize("body", [b"<html>hello</html>", b"[]", b"", b'{"id": 7}'])
def test_an_answer_of_something_else_is_an_error(shell, serve, body):
    with serve(say(200, body)) as server:
        client = shell.client("gp_a_b", base_url=server.url)
        with pytest.raises(gatepost.APIError) as caught:
            shell.run(client.traces.create())
        assert (caught.value.status, caught.value.code) == (200, "unreadable_answer")
        assert "base_url" in caught.value.hint


def test_an_error_names_the_trace_that_the_gateway_opened(shell, serve):
    with serve(say(500, b"", x_gatepost_trace_id="t-9", x_should_retry="false")) as server:
        with pytest.raises(gatepost.ServerError) as caught:
            shell.run(shell.client("gp_a_b", base_url=server.url).models())
        assert caught.value.trace_id == "t-9"


def test_a_redirect_is_not_followed(shell, serve):
    with serve(say(307, b"", location="http://127.0.0.1:9/elsewhere")) as server:
        client = shell.client("gp_a_b", base_url=server.url)
        with pytest.raises(gatepost.APIError) as caught:
            shell.run(client.traces.create())
        assert caught.value.status == 307


def test_a_body_that_is_not_utf8_is_shown_as_far_as_it_goes(shell, serve):
    with serve(say(418, b"\xff teapot")) as server, pytest.raises(gatepost.APIError, match="teapot"):
        shell.run(shell.client("gp_a_b", base_url=server.url).traces.create())


def test_what_json_cannot_say_never_leaves(shell, serve):
    with serve(say(201, TRACE)) as server:
        client = shell.client("gp_a_b", base_url=server.url)
        for odd in (object(), float("nan")):
            with pytest.raises(gatepost.ValidationError):
                shell.run(client.traces.create(metadata={"odd": odd}))
        assert server.seen == []


def test_connections_are_used_again(shell, serve):
    ports = []
    with serve(lambda handler: (ports.append(handler.client_address[1]), handler.say(201, TRACE))) as server:
        client = shell.client("gp_a_b", base_url=server.url)
        for _ in range(3):
            shell.run(client.traces.create())
    assert len(set(ports)) == 1


def test_many_at_once_on_real_connections(shell, serve):
    with serve(say(200, DONE)) as server:
        client = shell.client("gp_a_b", base_url=server.url)
        results = shell.gather(lambda: client.execute("t-1", "hi"), 16)
        assert [result.step_id for result in results] == ["s-1"] * 16
        assert len(server.seen) == 16


def test_a_ca_bundle(shell, tmp_path):
    with pytest.raises(gatepost.ConfigurationError, match="CA bundle"):
        shell.client(verify=str(tmp_path / "absent.pem"))
    for good in (True, False, tmp_path, ssl.create_default_context()):
        assert shell.client(verify=good).base_url == "http://localhost:41002"


def test_an_impossible_address(shell):
    client = shell.client("gp_a_b", base_url="http://☃.example")
    with pytest.raises(gatepost.ConfigurationError, match="not an address"):
        shell.run(client.ping())


def test_an_answer_that_is_nested_without_end_is_an_error_of_the_tree(shell):
    transport = httpx.MockTransport(lambda request: httpx.Response(200, content=b"[" * 100_000))
    client = shell.client("gp_a_b", transport=transport)
    with pytest.raises(gatepost.APIError) as caught:
        shell.run(client.ping())
    assert caught.value.code == "unreadable_answer"
