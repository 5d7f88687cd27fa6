from pathlib import Path
from typing import Any

import msgspec

from gatepost_gateway.domain.governance import Claim
from gatepost_gateway.domain.records import Outcome, StepKind
from gatepost_gateway.link.channel import ChannelClosed
from gatepost_gateway.storage import batch
from gatepost_gateway.storage.segments import Position

from .house import ask
from .tracing import call, run

CLAIM = Claim("default/daily@2027-01-15", 10**9, 500)
OPEN = call(
    1, outcome=Outcome.INTERRUPTED, status=500, estimated=True, cost=500, settled=500, held=500, claims=(CLAIM,)
)
PLACE = "/api/v1/traces/trace-1/steps/step-1/correction"


def test_what_is_said_is_told_once_and_the_next_begins_where_it_left(tmp_path: Path) -> None:
    async def story(plane: Any) -> None:
        told: list[Any] = []

        async def correct(said: Any) -> None:
            told.append(said)
            payload = msgspec.msgpack.encode(said.entry)
            end = Position(1, 1 + len(told))
            plane.records._records.fold(lambda: [(batch.decode(payload), payload)], end)

        assert (await ask(plane, "POST", PLACE, {"cost_usd": "0.0000003"})).status == 503
        plane.on_correct(correct)
        for cost in ("0.0000003", "0.0000003", "0.0000001"):
            answer = await ask(plane, "POST", PLACE, {"cost_usd": cost, "note": "seen on the bill"})
            assert (answer.status, answer.json["total_cost"]) == (200, cost)
        assert [(one.before, one.after, one.entry.cost) for one in told] == [(500, 300, -200), (300, 100, -200)]
        entry = told[0].entry
        assert (entry.kind, entry.parent_step_id, entry.claims) == (StepKind.CORRECTION, "step-1", (CLAIM,))
        assert entry.message.endswith(": seen on the bill")
        assert "adm1n" in entry.message

    run(tmp_path, [OPEN], story)


def test_what_cannot_be_written_is_not_corrected(tmp_path: Path) -> None:
    async def story(plane: Any) -> None:
        for error in (RuntimeError("the disk is full"), ChannelClosed("correct")):

            async def fail(said: Any, error: Exception = error) -> None:
                raise error

            plane.on_correct(fail)
            answer = await ask(plane, "POST", PLACE, {"cost_usd": 0})
            assert (answer.status, answer.json["code"]) == (503, "records_unavailable")

    run(tmp_path, [OPEN], story)


def test_only_what_a_crash_left_open_can_be_corrected(tmp_path: Path) -> None:
    async def story(plane: Any) -> None:
        wrong = (
            (PLACE.replace("-1/", "-9/"), 404, "trace_not_found"),
            (PLACE.replace("step-1", "step-2"), 404, "step_not_found"),
            (PLACE.replace("-1", "-2"), 409, "conflict"),
        )
        for place, status, code in wrong:
            answer = await ask(plane, "POST", place, {"cost_usd": 0})
            assert (answer.status, answer.json["code"]) == (status, code), place
        more = await ask(plane, "POST", PLACE, {"cost_usd": "0.000000501"})
        assert (more.status, more.json["code"]) == (422, "validation_failed")
        assert b"what the call held" in more.body

    run(tmp_path, [OPEN, call(2)], story)
