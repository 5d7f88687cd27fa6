import asyncio

import pytest

from gatepost_gateway.transport import system_resolver


def test_a_numeric_address_is_itself_once():
    assert list(asyncio.run(system_resolver("127.0.0.1", 80))) == ["127.0.0.1"]


def test_a_name_without_an_address_is_an_error():
    with pytest.raises(OSError):
        asyncio.run(system_resolver("no-such-name.invalid", 80))
