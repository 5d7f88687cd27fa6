import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatepost_gateway.transport import Fault, Origin, TransportError
from gatepost_gateway.transport.wire import authority, compose


def test_a_request_on_the_wire() -> None:
    sent = compose(b"POST", b"/v1/chat?x=1", [(b"Content-Type", b"application/json")], b"{}", b"api.example:81")
    assert sent == (
        b"POST /v1/chat?x=1 HTTP/1.1\r\nhost: api.example:81\r\ncontent-type: application/json\r\n"
        b"accept-encoding: identity\r\ncontent-length: 2\r\n\r\n{}"
    )


def test_the_callers_accept_encoding_stands() -> None:
    sent = compose(b"POST", b"/", [(b"Accept-Encoding", b"gzip")], b"", b"a")
    assert sent.count(b"accept-encoding") == 1
    assert b"accept-encoding: gzip\r\n" in sent


def test_content_length_where_a_body_is_expected() -> None:
    assert b"content-length: 0\r\n" in compose(b"POST", b"/", [], b"", b"a")
    assert b"content-length" not in compose(b"GET", b"/", [], b"", b"a")
    assert b"content-length: 1\r\n" in compose(b"DELETE", b"/", [], b"x", b"a")


def test_through_a_proxy() -> None:
    sent = compose(b"GET", b"/x", [], b"", b"a", proxied=(b"http://a", b"proxy-authorization: Basic eA==\r\n"))
    assert sent == (
        b"GET http://a/x HTTP/1.1\r\nhost: a\r\nproxy-authorization: Basic eA==\r\naccept-encoding: identity\r\n\r\n"
    )


@pytest.mark.parametrize("value", [b"a\r\nx: y", b"a\rb", b"a\nb", b"a\0b", b"\r\n\r\nGET / HTTP/1.1", b"a\r\n"])
def test_values_that_split_a_request_are_refused(value: bytes) -> None:
    for headers in ([(b"x", value)], [(b"x", value), (b"y", b"")], [(b"y", b"z"), (b"x", value)]):
        with pytest.raises(TransportError) as caught:
            compose(b"POST", b"/", headers, b"{}", b"a")
        assert (caught.value.fault, caught.value.sent) == (Fault.REFUSED, False)
        assert "x: y" not in str(caught.value)


@pytest.mark.parametrize(
    "name",
    [b"", b"a b", b"a:", b"a\r\n", b"\xe4", b"a(b)", b"Host", b"Content-Length", b"transfer-encoding", b"Connection",
     b"upgrade", b"expect", b"TE", b"trailer", b"keep-alive", b"proxy-connection", b"Proxy-Authorization"],
)  # fmt: skip
def test_names_that_are_not_the_callers_are_refused(name: bytes) -> None:
    with pytest.raises(TransportError) as caught:
        compose(b"POST", b"/", [(name, b"1")], b"", b"a")
    assert (caught.value.fault, caught.value.sent) == (Fault.REFUSED, False)


@pytest.mark.parametrize("target", [b"", b"x", b"*", b"/a b", b"/a#b", b"/\r\n", b"/\xe4", b"http://x/", b"/" * 20000])
def test_targets(target: bytes) -> None:
    with pytest.raises(TransportError) as caught:
        compose(b"POST", target, [], b"", b"a")
    assert caught.value.fault is Fault.REFUSED


@pytest.mark.parametrize("method", [b"", b"GET ", b"G\r\nX", b"CONNECT"])
def test_methods(method: bytes) -> None:
    with pytest.raises(TransportError):
        compose(method, b"/", [], b"", b"a")


@pytest.mark.parametrize(
    ("scheme", "host", "port", "value"),
    [
        ("http", "a.example", 80, b"a.example"),
        ("https", "a.example", 443, b"a.example"),
        ("https", "a.example", 80, b"a.example:80"),
        ("http", "my_service", 8080, b"my_service:8080"),
        ("http", "127.0.0.1", 80, b"127.0.0.1"),
        ("http", "::1", 80, b"[::1]"),
        ("http", "2001:db8:0::1", 81, b"[2001:db8::1]:81"),
    ],
)
def test_authority(scheme: str, host: str, port: int, value: bytes) -> None:
    assert authority(Origin(scheme, host, port)) == value


@pytest.mark.parametrize(
    ("scheme", "host", "port"),
    [
        ("ftp", "a", 21), ("http", "", 80), ("http", "a b", 80), ("http", "a\r\nx: y", 80), ("http", "u@a", 80),
        ("http", "a/b", 80), ("http", "a:b", 80), ("http", "[::1]", 80), ("http", "ä", 80), ("http", "a", 0),
        ("http", "a", 65536), ("http", "fe80::1%eth0\r\n", 80), ("http", "a" * 300, 80),
    ],
)  # fmt: skip
def test_hosts_that_are_none(scheme: str, host: str, port: int) -> None:
    with pytest.raises(TransportError) as caught:
        authority(Origin(scheme, host, port))
    assert (caught.value.fault, caught.value.sent) == (Fault.REFUSED, False)


@given(
    st.lists(st.tuples(st.binary(max_size=8), st.binary(max_size=12)), max_size=4),
    st.binary(max_size=12),
    st.binary(max_size=10),
)
def test_nothing_a_caller_says_adds_a_line(headers: list[tuple[bytes, bytes]], target: bytes, body: bytes) -> None:
    try:
        sent = compose(b"POST", b"/" + target, headers, body, b"a")
    except TransportError as error:
        refused = error.fault is Fault.REFUSED
        assert refused
        return
    head, _, rest = sent.partition(b"\r\n\r\n")
    assert rest == body
    assert len(head.split(b"\r\n")) == 1 + 1 + len(headers) + 2 - any(
        n.lower() == b"accept-encoding" for n, _ in headers
    )
