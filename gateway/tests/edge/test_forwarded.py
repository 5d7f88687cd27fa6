import pytest

from gatepost_gateway.edge.forwarded import client_address, networks

TRUSTED = networks(["10.0.0.0/8", "::1/128"])


@pytest.mark.parametrize(
    ("peer", "forwarded", "client"),
    [
        (None, b"1.2.3.4", None),
        ("9.9.9.9", b"1.2.3.4", "9.9.9.9"),
        ("10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.1", b"1.2.3.4", "1.2.3.4"),
        ("10.0.0.1", b"6.6.6.6, 1.2.3.4", "1.2.3.4"),
        ("10.0.0.1", b"6.6.6.6, 1.2.3.4, 10.0.0.2", "1.2.3.4"),
        ("10.0.0.1", b"10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", b"1.2.3.4, nonsense", "10.0.0.1"),
        ("10.0.0.1", b"1.2.3.4, nonsense, 10.0.0.2", "10.0.0.2"),
        ("10.0.0.1", b"", "10.0.0.1"),
        ("10.0.0.1", b"\xff", "10.0.0.1"),
        ("::1", b"[2001:db8::1]", "2001:db8::1"),
        ("nonsense", b"1.2.3.4", "nonsense"),
    ],
)
def test_only_the_word_of_a_trusted_proxy_is_believed(peer, forwarded, client):
    assert client_address(peer, forwarded, TRUSTED) == client


def test_without_trusted_proxies_nothing_is_believed():
    assert client_address("10.0.0.1", b"1.2.3.4", ()) == "10.0.0.1"


def test_what_is_no_network_is_an_error():
    with pytest.raises(ValueError, match="x"):
        networks(["x"])
