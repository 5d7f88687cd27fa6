from hypothesis import given, settings
from hypothesis import strategies as st

from gatepost_gateway.dialects import anthropic_messages
from gatepost_gateway.domain.chat import DialectName

from .kit import asked_in, pieces_of

DELTA = (
    b'event: content_block_delta\ndata: {"type":"content_block_delta","delta":{"type":"text_delta","text":"hi"}}\n\n'
)
STOP = b'data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":2}}\n\n'
END = b'event: message_stop\ndata: {"type":"message_stop", "unknown" : 1}\n\n'
STREAM = b": a comment\n\n" + DELTA + STOP + END


def reader():
    return anthropic_messages.passing_reader(asked_in(DialectName.ANTHROPIC_MESSAGES))


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(0, 1 << 20), max_size=8))
def test_every_byte_passes_however_it_is_cut(cuts):
    one = reader()
    assert b"".join(one.feed(piece) for piece in pieces_of(STREAM, cuts)) == STREAM
    assert (one.ended, one.spoke, one.tokens) == (True, True, 1)
    assert (one.summary.finish, one.summary.usage.output) == (("stop",), 2)
    assert one.close() == b""


def test_what_follows_the_end_does_not_pass():
    assert reader().feed(STREAM + DELTA) == STREAM


def test_a_last_event_may_lack_its_empty_line():
    one = reader()
    assert one.feed(STREAM[:-2]) == STREAM[: -len(END)]
    assert not one.ended
    assert one.close() == END[:-2] + b"\n\n"
    assert one.ended


def test_a_cut_event_is_no_end():
    for end in (len(STREAM) - 5, len(STREAM) - len(END), 20):
        one = reader()
        one.feed(STREAM[:end])
        one.close()
        assert not one.ended
