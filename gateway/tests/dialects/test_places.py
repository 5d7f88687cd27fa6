"""Which payloads are words."""

import pytest

from gatepost_gateway.dialects.places import CLOSED, FREE, MEMBERS, SKIPPED, is_text


@pytest.mark.parametrize("media", ["text/plain", "Text/HTML; charset=utf-8", "application/json", "image/svg+xml"])
def test_texts(media: str) -> None:
    assert is_text(media)


@pytest.mark.parametrize("media", ["image/png", "application/pdf", "audio/wav", ""])
def test_other_payloads(media: str) -> None:
    assert not is_text(media)


def test_no_member_is_both_closed_and_open() -> None:
    assert not CLOSED & (FREE | MEMBERS.keys())
    assert not SKIPPED & FREE
