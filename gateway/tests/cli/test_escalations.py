from pathlib import Path

import msgspec

from gatepost_gateway.domain.records import Escalated
from gatepost_gateway.storage import batch
from gatepost_gateway.storage.records import Records
from gatepost_gateway.storage.segments import Position

from .commands import Here

ONE = Escalated(
    id="e1",
    at=1_795_185_000_000_000,
    expires_at=9_000_000_000_000_000,
    fingerprint="f",
    step_id="s",
    trace_id="t",
    org="default",
    project="default",
    key_id="k",
    rule="ask-a-person",
    kind="human-oversight",
    phase="request",
    config_version=1,
)


def test_an_escalation_from_the_queue_to_its_end(here: Here, tmp_path: Path) -> None:
    here("apply", "-f", "file.yaml")
    with Records(tmp_path / ".gatepost" / "records.db") as records:
        payload = msgspec.msgpack.encode(ONE)
        records.fold(lambda: [(batch.decode(payload), payload)], Position(0, 0))
    assert "ask-a-person" in here("escalations", "list")[1]
    assert here("escalations", "claim", "e1", "--note", "mine")[1] == "escalation e1 is claimed\n"
    assert here.json("escalations", "approve", "e1")["status"] == "approved"
    code, _, err = here("escalations", "deny", "e1")
    assert code == 1
    assert "is approved and cannot become denied" in err
    shown = here("escalations", "show", "e1")[1]
    assert "claimed by" in shown
    assert ": mine" in shown
    assert here.json("escalations", "list", "--status", "queued")["items"] == []
    assert here("escalations", "show", "nobody")[0] == 1
