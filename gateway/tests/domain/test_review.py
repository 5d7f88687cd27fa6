"""Questions to judges outside."""

import asyncio

from gatepost_gateway.domain.ports import Origin
from gatepost_gateway.domain.review import Inquiry, Nobody, NoVerdict
from gatepost_gateway.domain.snapshot import Snapshot, SnapshotDocument


def test_where_nobody_is_asked_every_question_is_told_so() -> None:
    one = Inquiry("request:r", "r", Origin("http", "judge.test", 80), b"/", (), b"{}", 1.0, 1)
    snapshot = Snapshot(SnapshotDocument(version=1, identity_seq=1))
    answers = asyncio.run(Nobody().ask(snapshot, (one,)))
    assert isinstance(answers["request:r"], NoVerdict)
