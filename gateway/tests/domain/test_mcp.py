import pytest

from gatepost_gateway.domain.mcp import ToolServer, place_of
from gatepost_gateway.domain.secret import Secret


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://tools.test/mcp?a=1", ("https", "tools.test", 443)),
        ("http://TOOLS.test:8080", ("http", "tools.test", 8080)),
        ("http://[::1]/", ("http", "::1", 80)),
    ],
)
def test_an_address_names_a_place(url, place):
    assert place_of(url) == place


@pytest.mark.parametrize(
    "url", ["", "tools.test", "ftp://tools.test", "https://", "http://x:0", "http://x:99999", "http://[::1"]
)
def test_what_names_none_is_refused(url):
    with pytest.raises(ValueError):
        place_of(url)


def test_a_server_does_not_print_what_it_is_shown():
    server = ToolServer("s", Secret("https://tools.test/canary"), (("authorization", Secret("canary")),))
    assert "canary" not in repr(server)
