"""The order in which frames leave: what waits for what."""

from collections import deque

from gatepost_gateway.dialects.frames import Frame, Grain
from gatepost_gateway.policy.held import SPLIT, Held

_LAST = 1 << 62
Lane = tuple[int | str, ...]


class Queue:
    """A frame of one lane waits for those of its lane. Any other, a fence, waits for all that came before it in its
    choice, and for the fences before it; what comes after it in its choice waits for it.
    """

    __slots__ = ("_fences", "_lanes", "_latest", "_limits", "_prelude", "_ready", "_seq", "size")

    def __init__(self) -> None:
        self._lanes: dict[Lane, deque[Held]] = {}
        self._fences: deque[Held] = deque()
        self._limits: dict[int | None, deque[int]] = {None: deque()}
        """The places of the fences, by their choice; None: those of all choices."""
        self._latest: Held | None = None
        self._ready: list[tuple[int, bytes]] = []
        self._prelude: list[bytes] | None = []
        """What goes out with the first text, so that a block before it can be an answer of its own."""
        self._seq = 0
        self.size = 0
        """Bytes that wait."""

    def hold(self, frame: Frame) -> Held:
        """Takes a frame in. Its texts and calls are still to be named."""
        self._seq += 1
        held = self._latest = Held(frame, self._seq)
        self.size += len(frame.raw)
        lane = _lane_of(frame)
        if lane is None:
            self._fences.append(held)
            self._limits.setdefault(frame.choice, deque()).append(held.seq)
        elif (queue := self._lanes.get(lane)) is not None:
            queue.append(held)
        else:
            self._lanes[lane] = deque((held,))
        return held

    def pass_on(self, raw: bytes) -> None:
        """An event without a text goes out behind what came before it."""
        if self._latest is not None:
            self._latest.after += (raw,)
            self.size += len(raw)
        else:
            self._seq += 1
            self._ready.append((self._seq, raw))

    def release(self) -> bytes:
        """All that is covered and waits for nothing else. The first text brings along what came before it."""
        if not self._fences and len(self._lanes) == 1 and self._prelude is None and not self._ready:
            return self._release_one(next(iter(self._lanes.values())))
        out: list[Held] = []
        while True:
            for lane, queue in self._lanes.items():
                limit = self._limit(lane[0])
                while queue and queue[0].seq < limit and queue[0].covered:
                    out.append(queue.popleft())
            fence = self._passable()
            if fence is None:
                break
            out.append(fence)
        if len(out) > 1:
            out.sort(key=_seq_of)
        speaks = self._write(out)
        if len(self._ready) > 1:
            self._ready.sort(key=_first)
        data = b"".join(raw for _, raw in self._ready)
        self._ready.clear()
        return self._pass(data, speaks=speaks)

    @property
    def waits(self) -> bool:
        """Whether anything but pieces of texts is here."""
        return bool(self._fences or self._ready)

    def _release_one(self, queue: deque[Held]) -> bytes:
        """The same, where all that waits is of one lane: what most events meet."""
        out: list[bytes] = []
        while queue and queue[0].covered:
            held = queue.popleft()
            self.size -= len(held.frame.raw)
            if held.after:
                self.size -= sum(map(len, held.after))
            out.append(held.frame.raw if held.plain else held.write())
        if not queue:
            self._lanes.clear()
            self._latest = None
        elif len(queue[0].frame.raw) > SPLIT and (ahead := queue[0].ahead()):
            out.append(ahead)
        return out[0] if len(out) == 1 else b"".join(out)

    def _write(self, out: list[Held]) -> bool:
        """Whether any of it has a text."""
        speaks = False
        for held in out:
            speaks = speaks or bool(held.frame.slots)
            self.size -= len(held.frame.raw) + sum(map(len, held.after))
            self._ready.append((held.seq, held.write()))
            if held is self._latest:
                self._latest = None
        for lane, queue in list(self._lanes.items()):
            if not queue:
                del self._lanes[lane]
            elif queue[0].seq < self._limit(lane[0]) and (ahead := queue[0].ahead()):
                speaks = True
                self._ready.append((queue[0].seq, ahead))
        return speaks

    def _pass(self, data: bytes, *, speaks: bool) -> bytes:
        if self._prelude is None:
            return data
        if not speaks:
            self._prelude.append(data)
            return b""
        return self.begin() + data

    def begin(self) -> bytes:
        """What waits for a first text, when there is none."""
        prelude, self._prelude = self._prelude, None
        return b"".join(prelude or ())

    def _limit(self, choice: int | str) -> int:
        """The place of the first fence that frames of a choice wait for."""
        assert isinstance(choice, int)
        everybody, own = self._limits[None], self._limits.get(choice)
        limit = everybody[0] if everybody else _LAST
        return min(limit, own[0]) if own else limit

    def _passable(self) -> Held | None:
        """Takes out the first fence, when nothing that it waits for is left."""
        if not self._fences:
            return None
        fence = self._fences[0]
        choice = fence.frame.choice
        for lane, queue in self._lanes.items():
            if queue and (choice is None or lane[0] == choice) and queue[0].seq < fence.seq:
                return None
        if not fence.covered:
            return None
        self._fences.popleft()
        self._limits[choice].popleft()
        return fence


def _lane_of(frame: Frame) -> Lane | None:
    """The lane of a frame that has pieces of growing texts of one lane, and nothing else."""
    slots = frame.slots
    if frame.ends or frame.stale or not slots:
        return None
    lane = slots[0].key[:2]
    if len(lane) < 2:
        return None
    if len(slots) == 1:
        return lane if slots[0].grain is Grain.GROWS else None
    for slot in slots:
        if slot.grain is not Grain.GROWS or slot.key[:2] != lane:
            return None
    return lane


def _seq_of(held: Held) -> int:
    return held.seq


def _first(ready: tuple[int, bytes]) -> int:
    return ready[0]
