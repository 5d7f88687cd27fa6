"""The simple API of the fake gateway."""

import pytest

from gatepost import wire
from gatepost._fake_book import Refused, Script
from gatepost._fake_simple import Desk, spoken


def test_a_block_is_an_error_here():
    with pytest.raises(Refused) as no:
        spoken(Script(reason="no"))
    assert no.value.status == 403
    assert spoken(Script(output="yes")).output == "yes"


def test_sums_follow_the_chats():
    desk = Desk()
    assert desk.metrics("model").breakdown == []
    asked = wire.ChatRequest(model="m", messages=[wire.Message(role="user", content="hi")])
    assert desk.chat(asked, Script()).content == "hi"
    assert desk.stream(asked, Script(output="a", broken="b")) == "a\n[error] b"
    assert desk.metrics("model").totals.requests == 2


def test_a_provider_is_remembered_once():
    desk = Desk()
    for _ in range(2):
        desk.bring(wire.ProviderKeySet(provider="openai", api_key="sk-12345678"))
    assert desk.me("gp_a_b").configured_providers == ["openai"]
    assert desk.me("gp_a_b").key_prefix == "gp_a"
