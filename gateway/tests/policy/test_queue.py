"""What waits for what."""

from gatepost_gateway.dialects.frames import Frame, Slot
from gatepost_gateway.domain.findings import Leaf, Place
from gatepost_gateway.domain.governance import Effect, Phase
from gatepost_gateway.policy.engine import Engine
from gatepost_gateway.policy.queue import Queue
from gatepost_gateway.policy.tallies import Tallies
from gatepost_gateway.policy.window import Window, ears_of
from tests.policy.kit import Words

STAGE = Engine([Words("a", Effect.REDACT, ["sesame"])], b"k").stage(Phase.RESPONSE)


def window() -> Window:
    return Window(
        ears_of(STAGE, Place.ASSISTANT), Tallies(STAGE.phase, STAGE.rules, b"k"), Leaf((), Place.ASSISTANT, "")
    )


class Line:
    """A queue, and a window for each lane."""

    def __init__(self) -> None:
        self.queue = Queue()
        self.windows: dict[tuple[int | str, ...], Window] = {}

    def text(self, raw: bytes, choice: int, lane: str, ends: bool = False) -> None:
        slot = Slot(("t",), raw.decode(), (choice, lane, "t"))
        held = self.queue.hold(Frame(raw, (slot,), choice, ((choice,),) if ends else ()))
        grown = self.windows.setdefault(slot.key, window())
        held.spots += ((slot, grown, grown.end),)
        grown.add(slot.text)
        grown.scan()

    def fence(self, raw: bytes, choice: int | None) -> None:
        self.queue.hold(Frame(raw, (), choice, ((0,),)))

    def end(self, choice: int, lane: str) -> bytes:
        self.windows[choice, lane, "t"].scan(ended=True)
        return self.queue.release()


def test_a_lane_keeps_its_order_and_waits_for_nobody_elses():
    line = Line()
    line.text(b"hm", 0, "thought")
    line.text(b"one ", 0, "content")
    line.text(b"two ", 0, "content")
    assert line.queue.release() == b""
    assert line.end(0, "content") == b"one two "
    assert line.end(0, "thought") == b"hm"
    assert line.queue.size == 0


def test_a_fence_waits_for_its_choice_and_its_choice_for_it():
    line = Line()
    line.text(b"a0", 0, "content")
    line.text(b"b0", 1, "content")
    line.fence(b"|", 0)
    line.text(b"a1", 0, "other")
    assert line.end(0, "other") == b""
    assert line.end(1, "content") == b"b0"
    assert line.end(0, "content") == b"a0|a1"


def test_a_fence_of_all_waits_for_all():
    line = Line()
    line.text(b"a", 0, "content")
    line.text(b"b", 1, "content")
    line.fence(b"|", None)
    assert line.end(1, "content") == b"b"
    assert line.end(0, "content") == b"a|"


def test_fences_keep_their_order():
    line = Line()
    line.text(b"a", 0, "content")
    line.fence(b"1", 0)
    line.fence(b"2", 1)
    assert line.queue.release() == b""
    assert line.end(0, "content") == b"a12"


def test_an_event_without_a_text_stays_behind_what_it_followed():
    line = Line()
    line.queue.pass_on(b"role ")
    line.text(b"a ", 0, "content")
    line.queue.pass_on(b"ping ")
    assert line.queue.release() == b""
    assert line.end(0, "content") == b"role a ping "
    line.queue.pass_on(b"last")
    assert line.queue.release() == b"last"


def test_what_precedes_the_first_text_goes_out_with_it():
    """So that a block before any of it can be an answer of its own."""
    queue = Queue()
    queue.pass_on(b"role")
    assert queue.release() == b""
    assert queue.begin() == b"role"
    queue.pass_on(b"more")
    assert queue.release() == b"more"
