import pytest

from gatepost_gateway.dialects.seals import read_seal, write_seal
from gatepost_gateway.domain.chat import DialectName


@pytest.mark.parametrize("owner", list(DialectName))
@pytest.mark.parametrize("home", list(DialectName))
def test_a_seal_finds_its_way_home(owner, home):
    assert read_seal(write_seal("a#b", owner, home), home) == ("a#b", owner)


def test_a_seal_of_the_format_itself_is_untouched():
    assert write_seal("s", None, DialectName.OPENAI_CHAT) == "s"
    assert write_seal("s", DialectName.OPENAI_CHAT, DialectName.OPENAI_CHAT) == "s"
    assert read_seal("nobody#s", DialectName.OPENAI_CHAT) == ("nobody#s", DialectName.OPENAI_CHAT)
