"""The gate of a stream: frames wait here until a verdict covers all that stands in them.

A text leaves when every enforced rule that hears it has settled it, a tool call when it was judged whole; what has no
text keeps its place among what has. Nothing here waits, tells the time or touches a socket.
"""

from collections.abc import Callable, Iterable, Mapping

from gatepost_gateway.dialects.frames import EVERYTHING, Frame, FrameReader, Grain, Key, Slot
from gatepost_gateway.dialects.framing import EventSplitter
from gatepost_gateway.domain.findings import Called, Detector, Leaf, Place, Texts, find_all
from gatepost_gateway.domain.governance import Effect, Mode, Phase, Ruling
from gatepost_gateway.domain.review import Inquiry
from gatepost_gateway.policy.engine import BLOCKED, Engine, Question, questions
from gatepost_gateway.policy.facts import Facts
from gatepost_gateway.policy.held import Call, Whole
from gatepost_gateway.policy.queue import Queue
from gatepost_gateway.policy.rules import CallRule, Reach, reach_of
from gatepost_gateway.policy.tallies import Tallies
from gatepost_gateway.policy.window import Ear, Window, ears_of

MAX_OPEN = 4096
"""Texts and calls that one answer may have under way."""
_BLOCKS = frozenset({Effect.BLOCK})
_WITHHOLDS = frozenset({Effect.BLOCK, Effect.ESCALATE})
Answered = Callable[[Texts], Facts]
"""The facts of the call, with these texts for its answer."""


class OutOfOrder(ValueError):
    """The stream went on with a text that it had ended, or began too many."""


class Gates:
    """What a compiled chain asks of streams, worked out once. `holds`: whether any rule looks at answers."""

    def __init__(self, engine: Engine) -> None:
        self.stage = stage = engine.stage(Phase.RESPONSE)
        self.key = engine.key
        self.holds = bool(stage.rules)
        self.ears: Mapping[Place, tuple[Ear, ...]] = {place: ears_of(stage, place) for place in Place}
        of_calls = [(number, rule) for number, rule in stage.calls if rule.reach is Reach.TOOL_CALLS]
        self.of_calls: tuple[tuple[int, CallRule], ...] = tuple(of_calls)
        self.asking = stage.asking
        """The rules that ask judges outside, when all has come."""
        self.of_wholes = tuple(one for one in stage.calls if one[1].reach not in (Reach.TOOL_CALLS, Reach.NOTHING))
        self.buffered = any(
            rule.label.buffered or reach_of(rule) is Reach.WHOLE
            for _, rule in stage.rules
            if rule.label.mode is Mode.ENFORCE
        )
        """An enforced rule must see the whole answer, or is to: nothing goes out before the end."""

    def open(self, reader: FrameReader, answered: Answered, *, approved: bool = False) -> "Gate":
        """`approved`: a person let the call through, so that what rules escalate goes out."""
        return Gate(self, reader, answered, _BLOCKS if approved else _WITHHOLDS)


class Gate:
    """One answer. `feed` gives what may go out; once it has `stopped`, nothing does."""

    def __init__(
        self, gates: Gates, reader: FrameReader, answered: Answered, withholds: frozenset[Effect] = _WITHHOLDS
    ) -> None:
        self._gates = gates
        self._withholds = withholds
        self._reader = reader
        self._answered = answered
        self._tallies = Tallies(Phase.RESPONSE, gates.stage.rules, gates.key)
        self._splitter = EventSplitter()
        self._windows: dict[Key, Window] = {}
        self._calls: dict[Key, Call] = {}
        self._over: set[Key] = set()
        self._touched: dict[Window, bool] = {}
        """What the batch in hand added to; True: it is whole now."""
        self._ended: list[Call] = []
        self._called: list[Called] = []
        self._texts: list[Window | Whole] | None = [] if gates.of_wholes or gates.asking or gates.buffered else None
        """Everything, in order, where a rule must see it together."""
        self._queue = Queue()
        self._asked: list[Question] = []
        self._tallies.skip((number for number, _ in gates.asking), "the answer did not come to its end")

    @property
    def asks(self) -> bool:
        """Whether `questions` is to be asked before `close`."""
        return bool(self._gates.asking)

    @property
    def stopped(self) -> bool:
        """A rule blocks: nothing more goes out."""
        return self._tallies.effect is Effect.BLOCK

    @property
    def held(self) -> int:
        """Bytes that wait here."""
        return self._queue.size + len(self._splitter.rest)

    def feed(self, batch: bytes) -> bytes:
        """What may go out, now that these whole events have come. Raises ValueError on what is not the format."""
        for event in self._splitter.feed(batch):
            self._take(self._reader.read(event))
        if not self._judge() and not self._queue.waits:
            return b""
        if self._gates.buffered or self._tallies.effect in self._withholds:
            return b""
        return self._queue.release()

    def whole(self) -> Facts:
        """The stream has ended: the facts for rules that must see everything, before `close` asks them."""
        self._finish()
        return self._answered(Texts(self._leaves(), (), tuple(self._called)))

    def questions(self) -> tuple[Inquiry, ...]:
        """The stream has ended: what is to be answered in the facts before `close`."""
        self._finish()
        asking = self._gates.asking
        if self.stopped:
            self._tallies.skip((number for number, _ in asking), BLOCKED)
            return ()
        leaves = tuple(one.redacted_leaf for one in self._texts or ())
        # Where nothing is to be read there is nothing to say against it.
        self._tallies.clear(number for number, _ in asking)
        facts = self._answered(Texts(leaves, (), tuple(self._called)))
        self._asked = questions(asking, facts, leaves, self._tallies)
        return tuple(one for _, _, one in self._asked if one is not None)

    def close(self) -> bytes:
        """The stream has ended: what is left, and may go out."""
        self._finish()
        if self._texts is not None and not self.stopped:
            self._judge_all(self._texts)
        if self._tallies.effect in self._withholds:
            return b""
        return self._queue.release() + self._queue.begin()

    def _finish(self) -> None:
        """All has come."""
        if self._splitter.rest.strip():
            self._take(self._reader.read(self._splitter.rest + b"\n\n"))
            self._splitter = EventSplitter()
        self._end(EVERYTHING)
        self._judge()

    def _leaves(self) -> tuple[Leaf, ...]:
        return tuple(one.whole_leaf for one in self._texts or ())

    def ruling(self) -> Ruling:
        """The ruling so far. Its changes have been made."""
        return self._tallies.ruling(dict)

    def _take(self, frame: Frame) -> None:
        if not (frame.slots or frame.ends or frame.stale):
            self._queue.pass_on(frame.raw)
            return
        held = self._queue.hold(frame)
        for slot in frame.slots:
            if slot.grain is Grain.GROWS:
                window = self._windows.get(slot.key) or self._window(slot)
                held.spots += ((slot, window, window.end),)
                window.add(slot.text)
                self._touched.setdefault(window, False)
            elif slot.grain is Grain.ALONE or slot.grain is Grain.REPEATS:
                whole = Whole(Leaf(slot.path, slot.place, slot.text))
                whole.hear(self._gates.ears[slot.place], self._tallies, again=slot.grain is Grain.REPEATS)
                held.whole += (whole,)
                if self._texts is not None and slot.grain is Grain.ALONE:
                    self._texts.append(whole)
            else:
                held.calls += ((slot, self._call(slot)),)
        for key in frame.ends:
            self._end(key)

    def _window(self, slot: Slot) -> Window:
        self._admit(slot.key)
        leaf = Leaf(("answer", *slot.key), slot.place, "")
        whole = self._gates.buffered
        window = Window(self._gates.ears[slot.place], self._tallies, leaf, whole=whole, keep=self._texts is not None)
        self._windows[slot.key] = window
        if self._texts is not None:
            self._texts.append(window)
        return window

    def _call(self, slot: Slot) -> Call:
        call = self._calls.get(slot.key)
        if call is None:
            self._admit(slot.key)
            call = self._calls[slot.key] = Call(("answer", *slot.key))
        if slot.grain is Grain.CALLS:
            call.name_it(slot)
        else:
            call.grow(slot.text)
        return call

    def _admit(self, key: Key) -> None:
        if key in self._over:
            raise OutOfOrder("the stream goes on with a part of the answer that it had ended")
        if len(self._windows) + len(self._calls) >= MAX_OPEN:
            raise OutOfOrder(f"the stream begins more than {MAX_OPEN} parts of an answer and ends none")

    def _end(self, prefix: Key) -> None:
        size = len(prefix)
        for key in [key for key in self._windows if key[:size] == prefix]:
            self._touched[self._windows.pop(key)] = True
            self._over.add(key)
        for key in [key for key in self._calls if key[:size] == prefix]:
            self._ended.append(self._calls.pop(key))
            self._over.add(key)

    def _judge(self) -> bool:
        """One look at all that the batch brought, where it is enough for one; whether there was any."""
        looked = bool(self._ended)
        later: dict[Window, bool] = {}
        for window, ended in self._touched.items():
            if ended or window.end - window.scanned >= window.step:
                window.scan(ended=ended)
                looked = True
            else:
                later[window] = False
        self._touched = later
        for call in self._ended:
            self._judge_call(call)
        self._ended.clear()
        return looked

    def _judge_call(self, call: Call) -> None:
        self._called.append(call.called)
        texts = call.end()
        for one in texts:
            one.hear(self._gates.ears[one.leaf.place], self._tallies)
        if self._texts is not None:
            self._texts += texts
        for number, rule in self._gates.of_calls:
            facts = self._answered(Texts(tuple(one.leaf for one in texts), (), tuple(self._called)))
            facts.judged_calls = len(self._called) - 1
            for detector in self._tallies.ask(number, rule, facts):
                self._replace(number, detector, texts)

    def _judge_all(self, texts: list[Window | Whole]) -> None:
        """The rules that must see everything; then what was found everywhere is replaced."""
        leaves = self._leaves()
        for number, rule in self._gates.of_wholes:
            facts = self._answered(Texts(leaves, (), tuple(self._called)))
            for detector in self._tallies.ask(number, rule, facts):
                self._replace(number, detector, texts)
        for number, rule, _ in self._asked:
            self._tallies.ask(number, rule, self._answered(Texts(leaves, (), tuple(self._called))))
        for one in texts:
            one.finish()

    def _replace(self, number: int, detector: Detector, texts: Iterable[Window | Whole]) -> None:
        """What a call rule wants replaced."""
        try:
            for one in texts:
                leaf = one.whole_leaf
                for finding in find_all(detector, leaf.text):
                    wanted = self._tallies.redact(number, leaf, finding)
                    if wanted is not None:
                        one.want(wanted)
        except Exception as error:  # noqa: BLE001 - whatever fails in a detector denies, in the name of its rule
            self._tallies.fail((number,), error)
