"""The way out of a stream: each batch is read, watched, judged and sent, in the callback that brings it."""

import asyncio

from gatepost_gateway.domain.errors import Code
from gatepost_gateway.domain.ports import Headers
from gatepost_gateway.domain.rego import Evaluator
from gatepost_gateway.domain.review import Reviewers
from gatepost_gateway.pipeline.beat import Beat
from gatepost_gateway.pipeline.call import Call, Outlet
from gatepost_gateway.pipeline.dispatch import MAX_ANSWER, garbage, read_events
from gatepost_gateway.pipeline.govern import prepare
from gatepost_gateway.pipeline.judge import note, refuse
from gatepost_gateway.pipeline.restore import restoring_of
from gatepost_gateway.pipeline.watch import gate_of, policies_of, watch
from gatepost_gateway.policy.gate import Gate

ASIDE_BYTES = 64 * 1024
"""An answer that was held back to its end and is longer is judged in a thread."""


class Flow:
    """`last` is what must wait for the record. Where answers are judged, the head too waits for the first text: a block
    before it is an answer of its own.
    """

    __slots__ = (
        "_beat",
        "_call",
        "_gate",
        "_headers",
        "_lock",
        "_outlet",
        "_pending",
        "_restoring",
        "_rules",
        "_tail",
        "_trouble",
        "last",
    )

    def __init__(self, call: Call, outlet: Outlet, headers: Headers) -> None:
        self._call = call
        self._outlet = outlet
        self._headers = headers
        self._trouble: Exception | None = None
        self._pending = b""
        self._gate = call.gate = gate_of(call)
        self._rules = policies_of(call) if self._gate is not None else ()
        self._restoring = restoring_of(call)
        self._tail: bytes | None = None
        """What the last batch let out, while the last word waits for `settle`."""
        self._beat: Beat | None = None
        self._lock: asyncio.Lock | None = None
        self.last = b""

    async def open(self) -> None:
        """Sends the head at once where nothing is held back."""
        if self._gate is None:
            await self._outlet.begin(self._headers)
            self._call.begun = True
        if self._gate is None and self._restoring is None:
            return
        self._lock = asyncio.Lock()
        self._beat = Beat(self._alive)
        self._beat.start()

    def take(self, data: bytes) -> bool:
        """A sink: whether more may come at once. Trouble is kept for `check`."""
        try:
            return self.release(watch(self._call, read_events(self._call, data)))
        except Exception as error:  # noqa: BLE001 - raised where the task can tell a failure from a bug
            self._trouble = error
            return False

    def release(self, batch: bytes) -> bool:
        """Sends what may go out of a batch. Raises GatewayError when the answer is blocked, or cannot be judged."""
        call = self._call
        reader, words = call.reader, call.words
        assert reader is not None
        if call.taken is not None:
            call.taken.add(batch)
        if self._gate is not None:
            batch = self._judged(self._gate, batch, ended=reader.ended)
        if self._restoring is not None:
            batch = self._restored(self._restoring, batch, ended=reader.ended and self._tail is None)
        if words is not None:
            words.feed(batch)
        if reader.ended:
            self.last = batch
            return False
        if not batch:
            return True
        if not call.begun:
            self._pending += batch
            return False
        if self._beat is not None:
            self._beat.sent()
        return self._outlet.push(batch)

    def check(self) -> None:
        """Raises what went wrong in `take`."""
        if self._trouble is not None:
            raise self._trouble

    async def settle(self, evaluator: Evaluator, reviewers: Reviewers) -> None:
        """Judges the end of a stream where that takes too long for the loop. Raises as `release` does."""
        gate, call = self._gate, self._call
        if gate is None or self._tail is None:
            return
        try:
            if self._rules:
                facts = await asyncio.to_thread(gate.whole)
                await prepare(self._rules, facts, evaluator)
            if gate.asks and (inquiries := await asyncio.to_thread(gate.questions)):
                assert call.facts is not None
                call.facts.elsewhere.update(await reviewers.ask(call.snapshot, inquiries))
            self.last = self._tail + await asyncio.to_thread(gate.close)
        except ValueError as error:
            raise garbage(call, error) from error
        self._ruled(gate)
        if self._restoring is not None:
            self.last = await asyncio.to_thread(self._restored, self._restoring, self.last, ended=True)
        if call.words is not None:
            call.words.feed(self.last)

    async def drain(self) -> None:
        """Sends what waited for the head, and waits for a slow caller."""
        if self._pending:
            await self._begin()
            pending, self._pending = self._pending, b""
            self._outlet.push(pending)
        if self._call.begun:
            await self._outlet.drain()

    async def end(self) -> None:
        """The record is written: the last of it."""
        if self._beat is not None:
            await self._beat.stop()
        await self.drain()
        await self._begin()
        await self._outlet.end(self.last)

    async def fail(self) -> None:
        """The provider is left at once. The edge will say what went wrong: nothing else is sent any more."""
        if self._call.answer is not None:
            self._call.answer.close()
        if self._beat is not None:
            await self._beat.stop()

    def leave(self) -> None:
        """The caller has gone, or all is sent."""
        if self._beat is not None:
            self._beat.cancel()

    async def _begin(self) -> None:
        if self._call.begun:
            return
        assert self._lock is not None
        async with self._lock:
            if not self._call.begun:
                await self._outlet.begin(self._headers)
                self._call.begun = True

    async def _alive(self) -> None:
        await self._begin()
        await self._outlet.alive()

    def _judged(self, gate: Gate, batch: bytes, *, ended: bool) -> bytes:
        call = self._call
        try:
            out = gate.feed(batch)
            if ended and not gate.stopped:
                if gate.held > ASIDE_BYTES or gate.asks or any(rule.away for rule in self._rules):
                    self._tail = out
                    return b""
                out += gate.close()
        except ValueError as error:
            raise garbage(call, error) from error
        if ended or gate.stopped:
            self._ruled(gate)
        elif gate.held > MAX_ANSWER:
            raise garbage(call, ValueError(f"the answer passed {MAX_ANSWER} bytes before it could be judged"))
        if out or ended:
            call.counting.commit()
        return out

    def _restored(self, gate: Gate, batch: bytes, *, ended: bool) -> bytes:
        call = self._call
        if call.masked_words is not None:
            call.masked_words.feed(batch)
        try:
            out = gate.feed(batch) if batch else b""
            out += gate.close() if ended else b""
        except ValueError as error:
            raise garbage(call, error) from error
        if gate.held > MAX_ANSWER:
            raise garbage(call, ValueError(f"a part of the answer passed {MAX_ANSWER} bytes before it was whole"))
        return out

    def _ruled(self, gate: Gate) -> None:
        ruling = gate.ruling()
        self._call.judged = True
        note(self._call, ruling)
        refuse(self._call, ruling, Code.OUTPUT_BLOCKED)
